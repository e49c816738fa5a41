#!/bin/sh
# The checks find what they are for: each is run on a small tree with one mistake, and on one without.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
bad=0

# case FINDS CHECK FILE: a file is read from standard input into an empty tree; FINDS is how many mistakes it holds.
case_of() {
    rm -rf "${tree:?}/lib" "${tree:?}/cmd" "${tree:?}/tests"
    mkdir -p "$tree/lib" "$tree/cmd" "$tree/tests" "$(dirname "$tree/$3")"
    cat >"$tree/$3"
    case $2 in
    *.py) found=$(python3 "$here/$2" "$tree" 2>&1) ;;
    *) found=$(sh "$here/$2" "$tree" 2>&1) ;;
    esac
    rc=$?
    lines=$(printf '%s' "$found" | grep -c .)
    if [ "$lines" -ne "$1" ] || [ $rc -ne $((lines > 0)) ]; then
        printf '%s on %s: %s found (status %s) where there are %s\n%s\n' "$2" "$3" "$lines" $rc "$1" "$found"
        bad=1
    fi
}

includes() { printf '#include %s\n' "$3" | case_of "$1" includes.sh "$2"; }
includes 0 lib/base/a.c '"base/a.h"'
includes 1 lib/base/a.c '"engine/engine.h"'
includes 0 lib/engine/a.c '"base/a.h"'
includes 1 lib/engine/a.c '"net/names.h"'
includes 0 lib/proto/a.c '"base/a.h"'
includes 1 lib/proto/a.c '"engine/engine.h"'
includes 1 lib/proto/a.c '<sys/socket.h>'
includes 1 lib/proto/a.c '<netinet/in.h>'
includes 0 lib/engine/a.c '<sys/socket.h>'
includes 0 lib/net/a.c '"proto/tls.h"'
includes 1 lib/net/a.c '"fetch/pool.h"'
includes 1 lib/net/a.c '"afetch.h"'
includes 0 lib/fetch/a.c '"afetch.h"'
includes 0 cmd/a.c '"afetch.h"'
includes 1 cmd/a.c '"base/buf.h"'
includes 1 cmd/a.c '"fetch/session.h"'
includes 0 lib/engine/loop_uv.c '<uv.h>'
includes 1 lib/engine/engine.h '<uv.h>'
includes 1 lib/fetch/a.c '<llhttp.h>'
includes 0 lib/proto/tls_verify.c '<mbedtls/ssl.h>'
includes 1 lib/net/stream_tls.c '<mbedtls/ssl.h>'
includes 1 cmd/a.c '<ares.h>'
includes 0 lib/proto/decode_zlib.c '<zlib.h>'
includes 1 lib/proto/decode.c '<zlib.h>'
includes 1 lib/proto/decode_zlib.c '<brotli/decode.h>'
includes 1 lib/fetch/a.c '<zstd.h>'
includes 1 lib/proto/cookies.c '<libpsl.h>'
includes 0 lib/proto/tls_verify.c '"proto/tls_impl.h"'
includes 1 lib/net/stream_tls.c '"proto/tls_impl.h"'

case_of 0 coroutines.py lib/a.c <<'END'
static void good_run(struct co *co)
{
    CO_BEGIN(struct good, g); /* switch (x) { CO_AWAIT } */
    switch (g->kind) {
    case 1:
        g->x = 1;
    }
    CO_TRY(one, op());
    CO_CLEANUP;
    CO_END;
}

static int plain(int x)
{
    int y = 2;
    switch (x) {
    case 1: return y;
    }
}
END
case_of 1 coroutines.py lib/a.c <<'END'
static void bad_run(struct co *co)
{
    CO_BEGIN(struct bad, b);
    switch (b->kind) {
    case 1:
        CO_AWAIT(one, op());
    }
    CO_CLEANUP;
    CO_END;
}
END
case_of 1 coroutines.py lib/a.c <<'END'
#define READ_MORE(name) \
    do { \
        CO_TRY(name, read_more()); \
    } while (0)
static void bad_run(struct co *co)
{
    CO_BEGIN(struct bad, b);
    switch (b->kind) {
    case 1: if (b->more) { READ_MORE(one); }
    }
    CO_CLEANUP;
    CO_END;
}
END
case_of 1 coroutines.py lib/a.c <<'END'
static void bad_run(struct co *co)
{
    int tries = 0;
    CO_BEGIN(struct bad, b);
    CO_AWAIT(one, op());
    CO_CLEANUP;
    CO_END;
}
END

case_of 0 forbidden.py lib/a.c <<'END'
/* strcpy(a, b) */ const char *s = "sprintf(x)"; int f(void) { return snprintf(b, n, "%d", x->gets(1)); }
END
case_of 1 forbidden.py lib/a.c <<'END'
void f(char *a) { strcpy (a, "x"); }
END
case_of 1 forbidden.py lib/a.c <<'END'
void f(void) { exit(1); }
END
case_of 0 forbidden.py cmd/a.c <<'END'
void f(void) { exit(1); }
END

# The library's manual: a copy of it is right, and with one mistake it is not.
manual_case() { # FINDS FILE SED-SCRIPT
    rm -rf "${tree:?}/lib" "${tree:?}/man" "${tree:?}/tests"
    mkdir -p "$tree/lib" "$tree/man" "$tree/tests/install"
    for file in lib/afetch.h man/libafetch.3 tests/install/three_urls.c; do
        sed "$([ "$file" != "$2" ] || printf '%s' "$3")" "$here/../../$file" >"$tree/$file"
    done
    found=$(python3 "$here/man_library.py" "$tree" 2>&1)
    rc=$?
    if [ $rc -ne "$1" ] || { [ $rc -eq 0 ] && [ -n "$found" ]; }; then
        printf 'man_library.py on %s with %s: status %s where %s is right\n%s\n' "$2" "$3" $rc "$1" "$found"
        bad=1
    fi
}
manual_case 0 lib/afetch.h ''
manual_case 1 lib/afetch.h 's/afetch_session_wake(/afetch_session_stir(/'
manual_case 1 lib/afetch.h 's/uint64_t interval_ms/int interval_ms/'
manual_case 1 lib/afetch.h 's/    AFETCH_URL = 3,/&AFETCH_NEW = 4,/'
manual_case 1 lib/afetch.h 's/    int status;/int status, extra;/'
manual_case 1 man/libafetch.3 's/Fo afetch_version/Fo afetch_revision/'
manual_case 1 man/libafetch.3 's/^\.Fn afetch_version$/It/'
manual_case 1 man/libafetch.3 's/Dv AFETCH_CERT/Dv AFETCH_CERTS/'
manual_case 1 tests/install/three_urls.c 's/missing = argc - 1/missing = argc/'
exit $bad
