#!/bin/sh
# What "cmake --install" leaves is what a user needs. usage: check.sh STEP BUILD LIBDIR, with CC and CMAKE set.
#   files       installs BUILD into a folder of its own and moves that elsewhere: nothing is missing, nothing is too much
#   symbols     both libraries show the functions of afetch.h and nothing else
#   pkg-config  the example builds by what pkg-config says, and does its work
#   cmake       the same by find_package, shared and static, and beside functions named like those within
#   cxx         afetch.h works in C++
set -u
export LC_ALL=C no_proxy='*'
step=$1
build=$2
libdir=$3
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$build/tests/install
prefix=$work/prefix
[ "$step" = files ] || [ -d "$prefix" ] || { echo "not installed yet: the step files comes first"; exit 1; }
tmp=$(mktemp -d) || exit 2
pid=
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    trap - EXIT
    if [ -n "$pid" ]; then
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    fi
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() { printf '%s\n' "$*"; exit 1; }

# same NAME: compares $tmp/expected with $tmp/found.
same() {
    diff -u "$tmp/expected" "$tmp/found" >"$tmp/diff" && return 0
    echo "$1: expected (-) and found (+)"
    tail -n +3 "$tmp/diff"
    exit 1
}

# It does, unless the system's shared mbedTLS was asked for (AFETCH_MBEDTLS=system).
keeps_mbedtls_inside() { ! grep -q mbedtls "$prefix/$libdir/pkgconfig/libafetch.pc"; }

start_server() {
    "$build/afetch-demo-server" --http 0 --https 0 --ca-out "$tmp/ca.pem" --port-file "$tmp/ports" &
    pid=$!
    tries=0
    until [ -s "$tmp/ports" ]; do
        tries=$((tries + 1))
        if [ $tries -gt 200 ] || ! kill -0 "$pid" 2>/dev/null; then fail "the server does not start"; fi
        sleep 0.05
    done
    http=http://127.0.0.1:$(sed -n 's/.*"http": \([0-9]*\).*/\1/p' "$tmp/ports")
    https=https://localhost:$(sed -n 's/.*"https": \([0-9]*\).*/\1/p' "$tmp/ports")
    unset CURL_CA_BUNDLE SSL_CERT_DIR
    export SSL_CERT_FILE="$tmp/ca.pem"
}

# fetches PROGRAM: it fetches three URLs, two of them over TLS, and prints their lines as they complete.
fetches() {
    set -- "$1" "$https/delay/300/25431" "$https/delay/150/900" "$http/bytes/50"
    printf '%s bytes received from %s\n' 50 "$4" 900 "$3" 25431 "$2" >"$tmp/expected"
    "$@" >"$tmp/found" 2>"$tmp/errors" || fail "$1 ended with $?: $(cat "$tmp/errors")"
    same "$1"
    [ ! -s "$tmp/errors" ] || fail "$1 complains: $(cat "$tmp/errors")"
}

# fails PROGRAM: one URL of two fails, and is said to.
fails() {
    "$1" "$http/bytes/50" "$http/status/404" >"$tmp/found" 2>"$tmp/errors" && fail "$1 takes a 404 for a success"
    echo "50 bytes received from $http/bytes/50" >"$tmp/expected"
    same "$1"
    echo "$http/status/404: the server answered with an error: 404 Not Found" >"$tmp/expected"
    mv "$tmp/errors" "$tmp/found"
    same "$1"
}

check_files() {
    rm -rf "$work"
    mkdir -p "$work"
    "$CMAKE" --install "$build" --prefix "$tmp/first" >"$tmp/log" 2>&1 || fail "$(cat "$tmp/log")"
    mv "$tmp/first" "$prefix"
    version=$("$prefix/bin/afetch" --version | sed -n '1s/^afetch \([0-9.]*\).*/\1/p')
    [ -n "$version" ] || fail "the program does not tell its version"
    sed "s|LIB|$libdir|; s|VERSION|$version|" <<LIST | sort >"$tmp/expected"
./LIB/cmake/afetch/afetchConfig.cmake
./LIB/cmake/afetch/afetchConfigVersion.cmake
./LIB/cmake/afetch/afetchTargets-BUILD_TYPE.cmake
./LIB/cmake/afetch/afetchTargets.cmake
./LIB/libafetch.a
./LIB/libafetch.so
./LIB/libafetch.so.0
./LIB/libafetch.so.VERSION
./LIB/pkgconfig/libafetch.pc
./bin/afetch
./include/afetch.h
./share/doc/afetch/LICENSE
./share/man/man1/afetch.1
./share/man/man3/libafetch.3
LIST
    (cd "$prefix" && find . ! -type d) | sed 's|afetchTargets-.*\.cmake|afetchTargets-BUILD_TYPE.cmake|' | sort >"$tmp/found"
    same "the installed files"
    [ "$(readlink "$prefix/$libdir/libafetch.so.0")" = "libafetch.so.$version" ] || fail "libafetch.so.0 leads elsewhere"
    cmp "$top/LICENSE" "$prefix/share/doc/afetch/LICENSE" || exit 1
    # No file tells where it was built or first installed.
    # (A path that begins there: the source may lie in /afetch, as a part of lib/cmake/afetch does not.)
    grep -rlE "(^|[^[:alnum:]_./}-])($top|$tmp/first)([^[:alnum:]_-]|\$)" "$prefix/$libdir/cmake" "$prefix/$libdir/pkgconfig" &&
        fail "these hold paths of this machine"
    start_server
    "$prefix/bin/afetch" -sS "$https/bytes/50" >"$tmp/found" 2>&1 || fail "the installed program fails: $(cat "$tmp/found")"
    echo "50 bytes received from $https/bytes/50" >"$tmp/expected"
    same "the installed program"
}

check_symbols() {
    sh "$top/tests/check/api.sh" >"$tmp/expected"
    [ "$(wc -l <"$tmp/expected")" -gt 20 ] || fail "api.sh finds next to nothing"
    nm -D --defined-only --format=posix "$prefix/$libdir/libafetch.so" | awk '$2 != "A" { print $1 }' |
        sed 's/@.*//' | sort >"$tmp/found"
    same "afetch.h and the shared library"
    nm -g --defined-only --format=posix "$prefix/$libdir/libafetch.a" | awk 'NF > 1 { print $1 }' | sort >"$tmp/found"
    same "afetch.h and the static library"
    readelf -d "$prefix/$libdir/libafetch.so" >"$tmp/dynamic"
    grep -q 'SONAME.*\[libafetch\.so\.0\]' "$tmp/dynamic" || fail "$(cat "$tmp/dynamic")"
    if keeps_mbedtls_inside; then
        grep -E 'NEEDED.*(mbed|llhttp)' "$tmp/dynamic" && fail "the library leans on these"
    fi
    return 0
}

use_pkg_config() {
    export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
    export LD_LIBRARY_PATH="$prefix/$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

check_pkg_config() {
    use_pkg_config
    [ "$(wc -l <"$here/three_urls.c")" -lt 40 ] || fail "the example is no longer short"
    pkg-config --exists 'libafetch >= 0.1 libafetch < 9' || fail "pkg-config does not find it"
    # shellcheck disable=SC2046
    $CC -std=c11 -Wall -Wextra -Werror "$here/three_urls.c" -o "$tmp/three_urls" $(pkg-config --cflags --libs libafetch) ||
        fail "it does not build"
    # shellcheck disable=SC2046
    # The archive alone is linked statically: --static would ask for everybody's private libraries too.
    pkg-config --static --libs libafetch >/dev/null || fail "pkg-config does not find what the archive needs"
    # shellcheck disable=SC2046
    $CC -std=c11 "$here/three_urls.c" "$prefix/$libdir/libafetch.a" -o "$tmp/static" $(pkg-config --cflags libafetch) \
        $(sed -n 's/^Libs.private: //p' "$PKG_CONFIG_PATH/libafetch.pc") \
        $(pkg-config --libs "$(pkg-config --print-requires-private libafetch)") || fail "it does not build statically"
    readelf -d "$tmp/static" | grep libafetch && fail "that is not static"
    start_server
    fetches "$tmp/three_urls"
    fails "$tmp/three_urls"
    fetches "$tmp/static"
}

check_cmake() {
    "$CMAKE" -S "$here" -B "$tmp/project" -G "${GENERATOR:-Unix Makefiles}" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$CC" >"$tmp/log" 2>&1 || fail "$(cat "$tmp/log")"
    "$CMAKE" --build "$tmp/project" >"$tmp/log" 2>&1 || fail "$(cat "$tmp/log")"
    start_server
    fetches "$tmp/project/three_urls"
    fetches "$tmp/project/three_urls_static"
    if keeps_mbedtls_inside; then
        fetches "$tmp/project/neighbour_afetch"
        fetches "$tmp/project/neighbour_static"
    fi
    readelf -d "$tmp/project/three_urls_static" | grep libafetch && fail "that is not static"
    readelf -d "$tmp/project/three_urls" | grep -q 'NEEDED.*libafetch\.so\.0' || fail "that is not shared"
}

# A compiler's C++ part may lack its library: then the header is compiled, and no more.
check_cxx() {
    use_pkg_config
    for cxx in c++ clang++; do
        command -v $cxx >/dev/null 2>&1 || continue
        if echo '#include <cstdio>' | $cxx -fsyntax-only -x c++ - 2>/dev/null; then
            # shellcheck disable=SC2046
            $cxx -Wall -Wextra -Wpedantic -Werror "$here/header.cpp" -o "$tmp/program" \
                $(pkg-config --cflags --libs libafetch) || fail "it does not build"
            start_server
            fetches "$tmp/program"
            exit 0
        fi
    done
    for cxx in c++ clang++; do
        command -v $cxx >/dev/null 2>&1 || continue
        # shellcheck disable=SC2046
        echo '#include <afetch.h>' | $cxx -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags libafetch) \
            -fsyntax-only -x c++ - || fail "the header does not compile"
        exit 0
    done
    fail "no compiler for C++"
}

case $step in
files) check_files ;;
symbols) check_symbols ;;
pkg-config) check_pkg_config ;;
cmake) check_cmake ;;
cxx) check_cxx ;;
*) fail "no such step: $step" ;;
esac
