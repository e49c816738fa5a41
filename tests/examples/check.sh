#!/bin/sh
# check.sh PROGRAM FILE: PROGRAM succeeds and prints what is in FILE.
set -u
out=$("$1"; echo "status $?")
want=$(cat "$2"; echo "status 0")
[ "$out" = "$want" ] && exit 0
printf '%s\n' "--- expected" "$want" "--- printed" "$out"
exit 1
