#!/bin/sh
# usage: debian.sh [-c DIR] [-u] [SUITE [MBEDTLS]]: the README's two commands on a fresh Debian of SUITE (trixie), in a
# root of its own made by debootstrap: clones what is committed here into it, runs tests/demo.sh and tests/run.sh there,
# prints their closing lines, and ends with 1 if one failed. Needs root, 4 GB and 10 minutes or more.
#   -c DIR   keeps DIR/SUITE, the root as debootstrap made it, for the next time, and DIR/SUITE-run, where all this ran
#   -u       runs them as a user with sudo, not as root
#   MBEDTLS  AFETCH_MBEDTLS for the two: auto, source or system
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)

usage() { sed -n '2,7s/^# //p' "$0" >&2; exit 2; }
say() { printf 'debian: %s\n' "$*"; }
fail() { printf 'debian: %s\n' "$*" >&2; exit 1; }

cache=
who=root
while getopts c:u option; do
    case $option in
    c) cache=$OPTARG ;;
    u) who=tester ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -le 2 ] || usage
suite=${1:-trixie}
mbedtls=${2:-auto}

[ "$(id -u)" -eq 0 ] || fail "only root can make and enter another root"
command -v apt-get >/dev/null 2>&1 || fail "no apt-get here: its settings say where Debian's archive is"

temporary=
# All that is mounted below is mounted in a namespace of its own, and gone with it: there is nothing but files here.
clean_up() { [ -z "$temporary" ] || rm -rf "$temporary"; }
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -z "$cache" ]; then
    temporary=$(mktemp -d "${TMPDIR:-/tmp}/afetch-debian.XXXXXX")
    cache=$temporary
fi
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

# ---- the root ----------------------------------------------------------------------------------------------------------

# Mounts, processes and signals of what runs in it stay in it.
apart() { unshare --mount --pid --fork --kill-child "$@"; }

# The machine's Debian sources, for SUITE in place of its own.
sources() {
    # shellcheck disable=SC2016 # apt expands these
    apt-get indextargets --format '$(SITE) $(RELEASE) $(ORIGIN) $(COMPONENT)' |
        awk -v own="$(. /etc/os-release && echo "$VERSION_CODENAME")" -v suite="$suite" '
            $3 == "Debian" && ($2 == own || index($2, own "-") == 1) {
                print "deb", $1, suite substr($2, length(own) + 1), $4 }' | sort -u
}

make_root() {
    say "making a root of $suite"
    if ! command -v debootstrap >/dev/null 2>&1; then
        DEBIAN_FRONTEND=noninteractive apt-get -q -q -y --no-install-recommends install debootstrap </dev/null
    fi
    list=$(sources)
    if [ -z "$list" ]; then
        apt-get -q -q update </dev/null
        list=$(sources)
    fi
    uri=$(printf '%s\n' "$list" | awk -v suite="$suite" '$3 == suite { print $2; exit }')
    [ -n "$uri" ] || fail "no Debian archive among apt's sources"
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "${proxy:-}" ] || export http_proxy="$proxy"

    rm -rf "$cache/$suite.part"
    apart debootstrap --variant=minbase "$suite" "$cache/$suite.part" "$uri" >"$cache/debootstrap.log" 2>&1 </dev/null ||
        { tail -n 20 "$cache/debootstrap.log"; fail "no root of $suite"; }
    printf '%s\n' "$list" >"$cache/$suite.part/etc/apt/sources.list"
    # How this machine reaches the archive: proxies and the like, without its hooks.
    apt-config dump | grep '^Acquire::' | grep -vE '^Acquire::(IndexTargets|Changelogs|cdrom)' \
        >"$cache/$suite.part/etc/apt/apt.conf.d/90machine"
    cp -L /etc/resolv.conf /etc/hosts "$cache/$suite.part/etc/"
    mv "$cache/$suite.part" "$cache/$suite"
}

[ -d "$cache/$suite" ] || make_root
root=$cache/$suite-run
rm -rf "$root"
cp -a "$cache/$suite" "$root"

commit=$(git -C "$top" log -1 --format='%h, "%s"')
[ -z "$(git -C "$top" status --porcelain)" ] || say "what is not committed is not in the clone"
say "cloning $commit"
git clone -q --no-local "$top" "$root/afetch"

# ---- the two commands --------------------------------------------------------------------------------------------------

# First: what runs in the namespaces. $1: the root; the rest: a command in it. The devices are the machine's, one by one.
enter='
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t tmpfs -o mode=755 dev "$root/dev"
    for device in null zero full random urandom tty fuse; do
        [ -e /dev/$device ] || continue
        : >"$root/dev/$device"
        mount --bind /dev/$device "$root/dev/$device"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for i in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/${i%:*} "$root/dev/${i#*:}"; done
    trap "exit 130" INT
    trap "exit 143" TERM
    "$@" </dev/null
    exit $?'

# in_root USER COMMAND…: as a log-in of USER would find it, in the clone.
in_root() {
    user=$1
    shift
    case $user in
    root) home=/root path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ;;
    *) home=/home/$user path=/usr/local/bin:/usr/bin:/bin ;;
    esac
    apart sh -e -c "$enter" sh "$root" chroot --userspec="$user" "$root" env -i --chdir=/afetch HOME="$home" \
        USER="$user" LOGNAME="$user" PATH="$path" LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        AFETCH_MBEDTLS="$mbedtls" DEBIAN_FRONTEND=noninteractive "$@"
}

if [ $who != root ]; then
    say "a user with sudo"
    in_root root sh -c 'apt-get -q -q update && apt-get -q -q -y --no-install-recommends install sudo' >"$cache/sudo.log" 2>&1 ||
        { tail -n 20 "$cache/sudo.log"; fail "no sudo in $suite"; }
    in_root root useradd --create-home $who
    echo "$who ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$who"
    in_root root chown -R $who: /afetch
fi

status=0
for script in demo run; do
    say "sh tests/$script.sh"
    { in_root $who sh tests/$script.sh 2>&1 && rc=0 || rc=$?; echo $rc >"$cache/$script.rc"; } | tee "$cache/$script.log"
done
say "$suite, $who, mbedTLS: $mbedtls, $commit"
for script in demo run; do
    rc=$(cat "$cache/$script.rc")
    say "sh tests/$script.sh ended with $rc: $(tail -n 1 "$cache/$script.log")"
    [ "$rc" -eq 0 ] || status=1
done
exit $status
