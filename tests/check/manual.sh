#!/bin/sh
# The manual pages have no errors.
set -u
cd "$(dirname "$0")/../.." || exit 2
set -- man/*.[1-8]
[ -f "$1" ] || { echo "no manual pages yet"; exit 77; }
command -v mandoc >/dev/null 2>&1 || { echo "no mandoc here"; exit 77; }
mandoc -T lint -W warning "$@"
