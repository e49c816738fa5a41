#!/bin/sh
# All tests and checks in every build that CI wants. Prints a line for each, what failed in full, and in the end the
# one line "N passed, N failed"; ends with 1 if anything failed. Logs are in build/logs.
set -u
cd "$(dirname "$0")/.." || exit 2
# The way to servers here leads through no proxy.
export no_proxy="127.0.0.1,::1,localhost${no_proxy:+,$no_proxy}"

sh tests/setup.sh || exit 1
[ -n "${CMAKE_GENERATOR:-}" ] || ! command -v ninja >/dev/null 2>&1 || export CMAKE_GENERATOR=Ninja
jobs=$(nproc 2>/dev/null || echo 2)
logs=$PWD/build/logs
rm -rf "$logs"
mkdir -p "$logs"
passed=0
failed=0

# step NAME COMMAND…: one thing that works or does not. 77 says that it cannot be done here.
step() {
    name=$1
    shift
    log=$logs/$(printf '%s' "$name" | tr ' /' '__').log
    "$@" </dev/null >"$log" 2>&1
    rc=$?
    case $rc in
    0)
        passed=$((passed + 1))
        echo "ok $name" ;;
    77)
        echo "skipped $name: $(tail -n 1 "$log")"
        return 0 ;;
    *)
        failed=$((failed + 1))
        # All of it, unless it is a flood.
        head -n 400 "$log"
        echo "FAILED $name (status $rc, $log)" ;;
    esac
    return $rc
}

# add PASSED FAILED
add() {
    passed=$((passed + $1))
    failed=$((failed + $2))
}

configure_and_build() {
    cmake --preset "$1" -DAFETCH_MBEDTLS="${AFETCH_MBEDTLS:-auto}" && cmake --build --preset "$1" --parallel "$jobs"
}
build() { step "build $1" configure_and_build "$1"; } # PRESET

# tests PRESET [ARGUMENT OF CTEST…]: each of its tests counts.
tests() {
    preset=$1
    shift
    results=$logs/$preset.xml
    # The tests talk to servers and count milliseconds: as many at once as there are processors, no more.
    $launcher ctest --test-dir "build/$preset" --parallel "$jobs" --output-junit "$results" \
        --test-output-size-failed 200000 --test-output-size-passed 1000 "$@" </dev/null >"$logs/ctest_$preset.log" 2>&1
    rc=$?
    if [ ! -s "$results" ] || ! python3 tests/check/junit.py "$preset" "$results" >"$logs/tests_$preset.log"; then
        head -n 400 "$logs/ctest_$preset.log"
        echo "FAILED $preset: ctest itself (status $rc)"
        add 0 1
        return 1
    fi
    sed '$d' "$logs/tests_$preset.log"
    counts=$(tail -n 1 "$logs/tests_$preset.log")
    # shellcheck disable=SC2086
    add $counts
    if [ "$counts" = "0 0" ]; then
        echo "FAILED $preset: there are no tests"
        add 0 1
    elif [ $rc -ne 0 ] && [ "${counts#* }" = 0 ]; then
        echo "FAILED $preset: ctest ended with $rc"
        add 0 1
    fi
}

# counting NAME SCRIPT [ARGUMENT…]: a Python script that counts for itself and says so in its last line.
counting() {
    name=$1
    shift
    log=$logs/$(printf '%s' "$name" | tr ' /' '__').log
    $launcher python3 "$@" </dev/null >"$log" 2>&1
    rc=$?
    last=$(tail -n 1 "$log")
    counts=$(printf '%s\n' "$last" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, [0-9]+ skipped)?$/\1 \2/p')
    if [ -z "$counts" ]; then
        cat "$log"
        echo "FAILED $name: $1 itself (status $rc)"
        add 0 1
        return
    fi
    sed -e '$d' -e "s|^ok |ok $name: |" -e "s|^FAILED:\{0,1\} |FAILED $name: |" "$log"
    echo "$name: $last"
    # shellcheck disable=SC2086
    add $counts
    if [ "${counts#* }" = 0 ] && { [ $rc -ne 0 ] || [ "$counts" = "0 0" ]; }; then
        echo "FAILED $name: $1 ended with $rc"
        add 0 1
    fi
}

# end_to_end PRESET CONNECTIONS: the demo server against other clients, then afetch against other servers.
end_to_end() {
    server=build/$1/afetch-demo-server
    [ ! -f tests/server/test_server.py ] || counting "$1 server" tests/server/test_server.py "$server" "$2"
    [ ! -f tests/cli/run.py ] || counting "$1 cli" tests/cli/run.py --afetch "build/$1/afetch" --server "$server"
}

export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
# At its exit a program with threads sleeps for a second under this sanitizer, unless told not to.
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:atexit_sleep_ms=0:${TSAN_OPTIONS:-}"
launcher=

step "check scripts" sh tests/check/scripts.sh
step "check that the checks find mistakes" sh tests/check/selftest.sh
step "check includes" sh tests/check/includes.sh
step "check coroutines" python3 tests/check/coroutines.py
step "check forbidden functions" python3 tests/check/forbidden.py
step "check headers" sh tests/check/headers.sh
step "check format" sh tests/check/format.sh
step "check manual" sh tests/check/manual.sh

if build ci-gcc; then
    # The simulator's seeds come under AddressSanitizer, below; with a thread for each transfer all comes under
    # ThreadSanitizer.
    tests ci-gcc --label-exclude sim
    end_to_end ci-gcc 2000
fi
if build ci-clang; then
    tests ci-clang
    end_to_end ci-clang 200
fi
if build tsan; then
    # Where addresses are more random than this sanitizer of an older clang can bear, it says so and dies.
    echo 'int main(void) { return 0; }' | clang -fsanitize=thread -x c -o build/tsan/starts - 2>"$logs/tsan_starts.log"
    if ! build/tsan/starts 2>/dev/null; then launcher="setarch $(uname -m) -R"; fi
    # The simulator has one thread, and its seeds take long under this sanitizer.
    tests tsan --label-exclude sim
    counting "tsan cli threads" tests/cli/run.py --mode threads --afetch build/tsan/afetch \
        --server build/tsan/afetch-demo-server
    launcher=
fi
[ ! -f build/ci-clang/compile_commands.json ] || step "check clang-tidy" sh tests/check/tidy.sh build/ci-clang

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
