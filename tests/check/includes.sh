#!/bin/sh
# usage: includes.sh [TOP]: which file may include what (the arrows between lib/'s folders point down only, and a
# library's header is seen by the one module that wraps it). Prints each breach; ends with 1 if there is one.
set -u
cd "${1:-"$(dirname "$0")/../.."}" || exit 2

# What a file in a folder may include of our own, as patterns of the path below lib/.
may_include() { # folder, included path
    case $1 in
    lib/base) case $2 in base/*) return 0 ;; esac ;;
    lib/engine) case $2 in base/* | engine/*) return 0 ;; esac ;;
    lib/proto) case $2 in base/* | proto/*) return 0 ;; esac ;;
    lib/net) case $2 in base/* | engine/* | proto/* | net/*) return 0 ;; esac ;;
    lib | lib/fetch) case $2 in afetch.h | base/* | engine/* | proto/* | net/* | fetch/*) return 0 ;; esac ;;
    cmd) [ "$2" = afetch.h ] || [ -f "cmd/$2" ] && return 0 ;;
    tests*) return 0 ;;
    esac
    return 1
}

# Who wraps a library. A private header of a wrapper is named NAME_impl.h.
may_include_library() { # file, header
    case $2 in
    uv.h) case $1 in lib/engine/loop_uv.c) return 0 ;; esac ;;
    llhttp.h) case $1 in lib/proto/http1.c | lib/proto/http1_*.c | lib/proto/http1_impl.h) return 0 ;; esac ;;
    mbedtls/base64.h) case $1 in lib/proto/auth.c | lib/proto/multipart_*.c | lib/proto/tls_pin.c) return 0 ;; esac ;;
    mbedtls/md.h) case $1 in lib/proto/hash.c) return 0 ;; esac ;;
    mbedtls/* | psa/*) case $1 in
        lib/proto/tls_impl.h | lib/proto/tls.c | lib/proto/tls_*.c) return 0 ;;
        tests/server/test_ca.c | tests/server/tls_server.c | tests/unit/test_tls*.c) return 0 ;;
        tests/sim/sim_machine.c | tests/sim/sim_tls.c) return 0 ;;
        esac ;;
    ares.h | ares_*.h) case $1 in lib/net/names.c | lib/net/names_*.c | lib/net/names_impl.h) return 0 ;; esac ;;
    idn2.h) case $1 in lib/proto/url.c | lib/proto/url_*.c) return 0 ;; esac ;;
    zlib.h) case $1 in lib/proto/decode_zlib.c | tests/unit/decode_help.h | tests/unit/test_decode*.c) return 0 ;; esac ;;
    brotli/*) case $1 in lib/proto/decode_brotli.c | tests/unit/decode_help.h | tests/unit/test_decode*.c) return 0 ;; esac ;;
    zstd.h | zstd_*.h) case $1 in lib/proto/decode_zstd.c | tests/unit/decode_help.h | tests/unit/test_decode*.c) return 0 ;; esac ;;
    libpsl.h) case $1 in lib/proto/cookies_psl.c) return 0 ;; esac ;;
    yyjson.h) case $1 in cmd/json.c | cmd/json_in.c) return 0 ;; esac ;;
    cmocka.h) case $1 in tests/unit/*) return 0 ;; esac ;;
    esac
    return 1
}

# Bytes in, bytes and events out: no sockets and no waiting below lib/proto/. (inet_pton reads an IPv6 literal.)
may_include_system() { # file, header
    case $1 in
    lib/proto/* | lib/base/*) case $2 in
        arpa/inet.h) case $1 in lib/proto/url*.c | lib/proto/tls_*.c | lib/proto/socks.c | lib/proto/noproxy.c) return 0 ;; esac ;;
        sys/socket.h | sys/epoll.h | sys/select.h | sys/un.h | netinet/* | net/* | arpa/* | netdb.h | poll.h) ;;
        *) return 0 ;;
        esac ;;
    *) return 0 ;;
    esac
    return 1
}

breaches=0
breach() { printf '%s: may not include %s\n' "$1" "$2"; breaches=$((breaches + 1)); }

list=$(find lib cmd tests -name '*.[ch]' | sort | xargs grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null |
    sed -nE 's/^([^:]*):([0-9]+):[^<"]*([<"])([^>"]*).*/\1 \2 \3 \4/p')
while read -r file line quote header; do
    [ -n "$file" ] || continue
    folder=$(dirname "$file")
    case $folder in
    tests/*) ;;
    lib/*/*) folder=$(printf '%s' "$folder" | cut -d/ -f1,2) ;;
    esac
    case $header in
    uv.h | uv/* | llhttp.h | mbedtls/* | psa/* | ares.h | ares_*.h | idn2.h | cmocka.h | nghttp2/* | zlib.h | brotli/* |\
        zstd.h | zstd_*.h | libpsl.h | yyjson.h)
        may_include_library "$file" "$header" || breach "$file:$line" "$header"
        continue ;;
    esac
    if [ "$quote" = '<' ]; then
        may_include_system "$file" "$header" || breach "$file:$line" "$header"
        continue
    fi
    may_include "$folder" "$header" || breach "$file:$line" "$header"
    case $header in
    *_impl.h) case $file in
        "lib/${header%_impl.h}"*) ;;
        tests/server/test_ca.c | tests/server/tls_server.c | tests/sim/sim_tls.c) ;;
        tests/unit/test_tls*.c | tests/unit/tls_ends.h | tests/unit/test_cookies*.c) ;;
        *) breach "$file:$line" "$header" ;;
        esac ;;
    esac
done <<END
$list
END
[ $breaches -eq 0 ]
