#!/bin/sh
# The shell scripts parse as plain sh, the Python ones as Python.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
for script in $(find tests -name '*.sh' | sort); do sh -n "$script" || bad=1; done
bash -n .ci/run || bad=1
find tests -name '*.py' -print0 | xargs -0 -r python3 -c '
import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name, encoding="utf-8").read(), name)' || bad=1
exit $bad
