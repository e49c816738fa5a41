#!/bin/sh
# Fetches the same pages twice, all at once and one after another, and compares.
# usage: demo.sh AFETCH SERVER [URL...]     without URLs: twenty slow pages of SERVER, over TLS
# Ends with 0 if every fetch went well.
set -u
export LC_ALL=C

if [ $# -lt 2 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
fi
afetch=$1
server=$2
shift 2

dir=$(mktemp -d "${TMPDIR:-/tmp}/afetch-demo.XXXXXX") || exit 1
pid=
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    trap - EXIT
    if [ -n "$pid" ]; then
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    fi
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Milliseconds before each page's first byte.
delays="480 100 800 250 640 330 120 710 560 190 410 290 770 150 530 370 220 680 460 600"

# Starts the server; sets port.
start_server() {
    "$server" --https 0 --ca-out "$dir/ca.pem" --port-file "$dir/ports" &
    pid=$!
    tries=0
    until [ -s "$dir/ports" ]; do
        tries=$((tries + 1))
        if [ $tries -gt 200 ] || ! kill -0 "$pid" 2>/dev/null; then
            echo "demo: the server does not start" >&2
            exit 1
        fi
        sleep 0.05
    done
    port=$(sed 's/.*"https": \([0-9]*\).*/\1/' "$dir/ports")
}

# fetch NAME OPTION... URL...: shows what it fetches; the seconds it took go to $dir/NAME.
failed=0
fetch() {
    name=$1
    shift
    "$afetch" "$@" 2>"$dir/err"
    status=$?
    cat "$dir/err" >&2
    sed -n 's/^total: .* in \([0-9.]*\) s.*/\1/p' "$dir/err" >"$dir/$name"
    if [ $status -ne 0 ]; then
        echo "demo: the $name run ended with $status" >&2
        failed=$status
        [ $status -lt 128 ] || exit $status
    fi
}

slowest=0
sum=0
if [ $# -eq 0 ]; then
    start_server
    for ms in $delays; do
        [ "$ms" -le "$slowest" ] || slowest=$ms
        sum=$((sum + ms))
        set -- "$@" "https://127.0.0.1:$port/delay/$ms/$((ms * 10))"
    done
    set -- --cacert "$dir/ca.pem" "$@"
    awk -v n="$(($# - 2))" -v slowest="$slowest" -v sum="$sum" 'BEGIN {
        printf "%d pages over TLS; the slowest takes %.2f s, all of them together %.2f s.\n", n, slowest / 1e3, sum / 1e3 }'
fi

printf '\n== All at once: afetch URL...\n\n'
fetch async "$@"
printf '\n== One after another: afetch --sync URL...\n\n'
fetch sync --sync "$@"

async=$(cat "$dir/async")
sync=$(cat "$dir/sync")
if [ -z "$async" ] || [ -z "$sync" ]; then
    echo "demo: no total was printed" >&2
    exit 1
fi
printf '\n'
awk -v async="$async" -v sync="$sync" -v slowest="$slowest" -v sum="$sum" '
function bar(s,  text, i) {
    for (i = 0; i < s / (async > sync ? async : sync) * 56; i++)
        text = text "#"
    return text
}
BEGIN {
    printf "async %7.3f s  %s\n", async, bar(async)
    printf "sync  %7.3f s  %s\n\n", sync, bar(sync)
    if (sum > 0) {
        printf "All at once took %.0f ms more than the slowest page (%.0f ms);\n", async * 1e3 - slowest, slowest
        printf "one after another took %.0f ms more than their sum (%.0f ms).\n", sync * 1e3 - sum, sum
    }
    if (async > 0)
        printf "That is %.1f times as fast.\n", sync / async
}'
[ $failed -eq 0 ] || echo "demo: not everything could be fetched" >&2
exit $failed
