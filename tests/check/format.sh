#!/bin/sh
# The sources are as clang-format 14 formats them. Another version formats otherwise: then 77, "skipped".
set -u
cd "$(dirname "$0")/../.." || exit 2
for tool in clang-format-14 clang-format; do
    command -v $tool >/dev/null 2>&1 || continue
    $tool --version | grep -q 'version 14\.' || continue
    find lib cmd tests -name '*.[ch]' -exec $tool --dry-run -Werror {} + && exit 0
    echo "to mend it: find lib cmd tests -name '*.[ch]' -exec $tool -i {} +"
    exit 1
done
echo "no clang-format 14 here"
exit 77
