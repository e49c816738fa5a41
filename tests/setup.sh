#!/bin/sh
# Makes a fresh Debian 12 or 13 (or Ubuntu) able to build and test afetch: installs what is missing, and brings what the
# release lacks (llhttp, the sources of mbedTLS and yyjson) into build/deps. It says what it installs, asks nothing, and does nothing
# where all is there. What comes from another suite passes through lists of our own; the system's stay as they are.
# With AFETCH_MBEDTLS=system it installs the system's mbedTLS in place of the source.
set -eu
cd "$(dirname "$0")/.."
deps=$PWD/build/deps
apt_dir=$deps/apt
policy=/usr/sbin/policy-rc.d
made_policy=
mbedtls=${AFETCH_MBEDTLS:-auto}

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }

clean_up() {
    [ -z "$made_policy" ] || as_root rm -f $policy
    made_policy=
    rm -rf "$apt_dir"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

if ! command -v apt-get >/dev/null 2>&1; then
    say "no apt-get here. By hand: cmake 3.25, a C compiler, pkg-config, libuv, c-ares, libidn2, llhttp 9, yyjson, zlib,"
    say "brotli, zstd, libpsl, cmocka, and for the tests clang, nginx, Apache httpd, tinyproxy, microsocks, openssl,"
    say "python3, curl, mandoc. cmake fetches mbedTLS's source, and llhttp and yyjson if it must."
    exit 0
fi

# ---- the system's packages -------------------------------------------------------------------------------------------

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
candidate() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '(none)'; }

have() {
    case $1 in
    gcc | make | cmake | pkg-config | bzip2 | clang | clang-format | clang-tidy | openssl | python3 | curl | mandoc |\
        git | microsocks) command -v "$1" >/dev/null 2>&1 ;;
    llvm) command -v llvm-symbolizer >/dev/null 2>&1 ;; # names the leaks that are mbedTLS's own
    ninja-build) command -v ninja >/dev/null 2>&1 ;;
    nginx-light) [ -x /usr/sbin/nginx ] ;;
    apache2-bin) [ -x /usr/sbin/apache2 ] ;;
    libclang-rt-dev) ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a >/dev/null 2>&1 ;;
    tinyproxy-bin) command -v tinyproxy >/dev/null 2>&1 ;;
    *) installed "$1" ;;
    esac
}

packages="gcc libc6-dev make cmake ninja-build pkg-config bzip2 ca-certificates git
    libuv1-dev libc-ares-dev libidn2-dev zlib1g-dev libbrotli-dev libzstd-dev libpsl-dev libcmocka-dev
    clang libclang-rt-dev llvm clang-format clang-tidy nginx-light apache2-bin tinyproxy-bin microsocks
    openssl python3 curl mandoc
    python3-jsonschema node-har-schema"
[ "$mbedtls" != system ] || packages="$packages libmbedtls-dev"

lists_read=
read_lists() {
    [ -z "$lists_read" ] || return 0
    say "reading the package lists"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -q -o DPkg::Lock::Timeout=300 update </dev/null ||
        say "apt-get update complained; going on with the lists that are there"
    lists_read=1
}

install_packages() {
    say "installing: $*"
    # A package must not start a service on this machine because a test wants its program.
    if [ ! -e $policy ]; then
        made_policy=1
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
    fi
    rc=0
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q -q -y -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Options::=--force-confold --no-install-recommends install "$@" </dev/null || rc=$?
    [ -z "$made_policy" ] || as_root rm -f $policy
    made_policy=
    [ $rc -eq 0 ] || fail "apt-get could not install: $*"
    # Nor when the machine starts again.
    case " $* " in
    *" nginx-light "*)
        as_root update-rc.d nginx disable >/dev/null 2>&1 || true
        as_root rm -f /etc/systemd/system/multi-user.target.wants/nginx.service ;;
    esac
}

missing=
for p in $packages; do have "$p" || missing="$missing $p"; done
if [ -n "$missing" ]; then
    read_lists
    wanted=
    for p in $missing; do
        # Old releases have the sanitizers' runtime in clang's own packages.
        case $p in
        libclang-rt-dev | node-har-schema) [ -n "$(candidate "$p")" ] || continue ;; # the test that wants it is skipped
        esac
        if [ "$p" = libmbedtls-dev ] && dpkg --compare-versions "$(candidate "$p")" lt 3.6; then
            fail "AFETCH_MBEDTLS=system: mbedTLS 3.6 is wanted, and this release has $(candidate "$p")"
        fi
        wanted="$wanted $p"
    done
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || install_packages $wanted
fi

# ---- llhttp 9, mbedTLS 3.6 and yyjson -----------------------------------------------------------------------------------------

have_llhttp() {
    [ -f "$deps/llhttp/lib/libllhttp.a" ] && [ -f "$deps/llhttp/include/llhttp.h" ] && return 0
    header=/usr/include/llhttp.h
    [ -f $header ] && [ "$(sed -n 's/^#define LLHTTP_VERSION_MAJOR //p' $header)" -ge 9 ]
}
have_mbedtls() { [ "$mbedtls" = system ] || [ -f "$deps/mbedtls-src/CMakeLists.txt" ]; }

have_yyjson() { [ -f "$deps/yyjson-src/src/yyjson.c" ] || installed libyyjson-dev; }

if have_llhttp && have_mbedtls && have_yyjson; then
    exit 0
fi
if ! have_llhttp; then
    version=$(candidate libllhttp-dev || true)
    if [ -n "$version" ] && dpkg --compare-versions "$version" ge 9; then
        install_packages libllhttp-dev
    fi
fi
have_yyjson || [ -z "$(candidate libyyjson-dev || true)" ] || install_packages libyyjson-dev
if have_llhttp && have_mbedtls && have_yyjson; then
    exit 0
fi

# Debian's archive as this machine is told to reach it, whatever else is among its sources. Says nothing while apt's
# lists are empty.
debian_uri() {
    apt-get indextargets --format '$(SITE) $(RELEASE) $(ORIGIN)' 2>/dev/null | sort -u |
        awk '$3 == "Debian" && $2 !~ /-(updates|security|backports|proposed)/ && $1 !~ /security/ { print $1; exit }'
}

uri=$(debian_uri)
if [ -z "$uri" ]; then
    read_lists
    uri=$(debian_uri)
fi
if [ -z "$uri" ]; then
    say "no Debian archive among apt's sources: cmake will fetch the released sources of what is missing"
    exit 0
fi

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keyring ] || { read_lists; install_packages debian-archive-keyring; }

private_apt() { APT_CONFIG=$apt_dir/apt.conf apt-get -q -q "$@" </dev/null; }

# Debian 13 has them all, and Debian 12 can use them: one static library, and two sources.
make_private_apt() {
    rm -rf "$apt_dir"
    mkdir -p "$apt_dir/parts" "$apt_dir/lists/partial" "$apt_dir/archives/partial" "$apt_dir/got" "$apt_dir/root"
    : >"$apt_dir/status"
    cat >"$apt_dir/parts/trixie.sources" <<END
Types: deb deb-src
URIs: $uri
Suites: trixie
Components: main
Architectures: $(dpkg --print-architecture)
Signed-By: $keyring
END
    cat >"$apt_dir/apt.conf" <<END
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt_dir/parts";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$apt_dir";
Dir::State::lists "$apt_dir/lists";
Dir::State::status "$apt_dir/status";
Dir::Cache "$apt_dir";
Dir::Cache::archives "$apt_dir/archives";
Acquire::Languages "none";
END
    [ "$(id -u)" -ne 0 ] || echo 'APT::Sandbox::User "root";' >>"$apt_dir/apt.conf"
    private_apt update
}

say "reading Debian 13's lists, apart from the system's"
if ! make_private_apt; then
    # An old keyring does not know the newer suite's keys.
    read_lists
    install_packages debian-archive-keyring
    make_private_apt || fail "Debian 13's package lists cannot be read"
fi

if ! have_llhttp; then
    say "fetching llhttp's static library"
    (cd "$apt_dir/got" && private_apt download libllhttp-dev) || fail "libllhttp-dev cannot be fetched"
    dpkg-deb -x "$apt_dir"/got/libllhttp-dev_*.deb "$apt_dir/root"
    rm -rf "$deps/llhttp"
    mkdir -p "$deps/llhttp/include" "$deps/llhttp/lib"
    cp "$apt_dir/root/usr/include/llhttp.h" "$deps/llhttp/include/"
    find "$apt_dir/root/usr/lib" -name libllhttp.a -exec cp {} "$deps/llhttp/lib/" \;
    have_llhttp || fail "Debian 13's libllhttp-dev holds no libllhttp.a"
fi

# fetch_source PACKAGE [OPTION]: its released source becomes $deps/PACKAGE-src.
fetch_source() {
    say "fetching the source of $1"
    # shellcheck disable=SC2086
    (cd "$apt_dir/got" && private_apt source --download-only ${2:-} "$1") || fail "the source of $1 cannot be fetched"
    rm -rf "$apt_dir/source"
    mkdir "$apt_dir/source"
    for tarball in "$apt_dir/got/$1"_*.orig*.tar.*; do
        case $tarball in *.asc) continue ;; esac
        tar -xf "$tarball" -C "$apt_dir/source"
    done
    list=$(find "$apt_dir/source" -maxdepth 2 -name CMakeLists.txt | head -n 1)
    [ -n "$list" ] || fail "the source of $1 has no CMakeLists.txt"
    rm -rf "$deps/$1-src"
    mv "$(dirname "$list")" "$deps/$1-src"
}

have_mbedtls || fetch_source mbedtls
# Its one tarball: what Debian adds is for its own packages.
have_yyjson || fetch_source yyjson --tar-only
say "ready"
