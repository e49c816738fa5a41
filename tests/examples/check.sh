#!/bin/sh
# check.sh PROGRAM FILE: PROGRAM succeeds and prints what is in FILE. 77: it says that it cannot be done here.
set -u
out=$("$1"; echo "status $?")
want=$(cat "$2"; echo "status 0")
[ "$out" = "$want" ] && exit 0
case $out in *"status 77") printf '%s' "${out%status 77}"; exit 77 ;; esac
printf '%s\n' "--- expected" "$want" "--- printed" "$out"
exit 1
