#!/bin/sh
# Each header of lib/ compiles by itself, and the public one in C++ too where there is a compiler for it.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
for header in $(find lib -name '*.h' ! -name '*_impl.h' ! -path 'lib/mbedtls/*' | sort); do
    printf '#include "%s"\nint nothing;\n' "${header#lib/}" |
        ${CC:-cc} -std=c11 -D_GNU_SOURCE -Ilib -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c - || bad=1
done
for cxx in c++ clang++; do
    command -v $cxx >/dev/null 2>&1 && echo '#include <stddef.h>' | $cxx -fsyntax-only -x c++ - 2>/dev/null || continue
    printf '#include "afetch.h"\n' | $cxx -Ilib -Wall -Wextra -Werror -fsyntax-only -x c++ - || bad=1
    break
done
exit $bad
