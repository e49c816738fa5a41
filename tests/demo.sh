#!/bin/sh
# The main job, from a fresh clone: set-up, build, and then fetch. URLs as arguments are fetched instead.
set -eu
cd "$(dirname "$0")/.."

sh tests/setup.sh
[ -n "${CMAKE_GENERATOR:-}" ] || ! command -v ninja >/dev/null 2>&1 || export CMAKE_GENERATOR=Ninja
log=build/demo.log
mkdir -p build
if ! { cmake --preset release -DAFETCH_MBEDTLS="${AFETCH_MBEDTLS:-auto}" &&
    cmake --build --preset release --parallel; } >"$log" 2>&1; then
    cat "$log"
    echo "demo: afetch does not build" >&2
    exit 1
fi

exec sh tests/server/demo.sh build/release/afetch build/release/afetch-demo-server "$@"
