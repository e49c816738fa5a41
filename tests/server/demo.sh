#!/bin/sh
# Fetches pages all at once, then the same by sync, threads and async in turn, and compares.
# usage: demo.sh AFETCH SERVER [URL...]     without URLs: twenty slow pages of SERVER, over TLS
# Ends with 0 if every fetch went well.
set -u
locale=${LC_ALL:-${LC_CTYPE:-${LANG:-C}}}
export LC_ALL=C

if [ $# -lt 2 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
fi
afetch=$1
server=$2
shift 2

# The way to the server here leads through no proxy.
export no_proxy="127.0.0.1,localhost${no_proxy:+,$no_proxy}"

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

# The first failure is how the demo ends; a signal ends it at once.
failed=0
note_failure() { # status, what was run
    [ "$1" -ne 0 ] || return 0
    echo "demo: $2 ended with $1" >&2
    [ "$failed" -ne 0 ] || failed=$1
    [ "$1" -lt 128 ] || exit "$1"
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
"$afetch" "$@"
note_failure $? afetch

printf '\n== One after another, by threads, and all at once: afetch --compare URL...\n\n'
LC_ALL=$locale "$afetch" --compare --waterfall "$@" >"$dir/table" 2>"$dir/errors"
status=$?
cat "$dir/table"
printf '\n'
cat "$dir/errors" >&2
note_failure $status "afetch --compare"

awk -v slowest="$slowest" -v sum="$sum" '
function bar(s,  text, i) {
    for (i = 0; longest > 0 && i < s / longest * 56; i++)
        text = text "#"
    return text
}
NR == 1 {
    for (i = 1; i <= NF; i++)
        column[$i] = i
    next
}
{
    wall[$1] = $column["wall"] + 0
    longest = wall[$1] > longest ? wall[$1] : longest
    names[++rows] = $1
}
END {
    if (rows != 3)
        exit 1
    printf "\n"
    for (i = 1; i <= rows; i++)
        printf "%-7s %7.3f s  %s\n", names[i], wall[names[i]], bar(wall[names[i]])
    if (sum > 0) {
        printf "\nAll at once took %.0f ms more than the slowest page (%.0f ms);\n", wall["async"] * 1e3 - slowest, slowest
        printf "one after another took %.0f ms more than their sum (%.0f ms).\n", wall["sync"] * 1e3 - sum, sum
    }
}' "$dir/table" || {
    echo "demo: there is no table" >&2
    exit 1
}
[ "$failed" -eq 0 ] || echo "demo: not everything could be fetched" >&2
exit "$failed"
