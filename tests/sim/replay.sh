#!/bin/sh
# usage: replay.sh AFETCH-SIM [OPTION…]: a seed is the same run in another process, with every event and every byte of
# ciphertext (--verbose tells a sum of them).
set -u
sim=$1
shift
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
for seed in 1 2 3 4 5 6 7 8; do
    "$sim" --seed $seed --verbose "$@" >"$dir/a" || exit 1
    "$sim" --seed $seed --verbose "$@" >"$dir/b" || exit 1
    cmp "$dir/a" "$dir/b" || { echo "seed $seed: another process, another run"; exit 1; }
done
