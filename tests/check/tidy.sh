#!/bin/sh
# usage: tidy.sh BUILD: clang-tidy with .clang-tidy's list over lib/ and cmd/, as BUILD compiles them.
set -u
cd "$(dirname "$0")/../.." || exit 2
[ -f "$1/compile_commands.json" ] || { echo "$1 is not configured"; exit 1; }
command -v clang-tidy >/dev/null 2>&1 || { echo "no clang-tidy here"; exit 77; }
find lib cmd -name '*.c' -print0 | xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p "$1"
