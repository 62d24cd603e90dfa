#!/bin/sh
# Installs what building, testing and the demo fleet need on Debian 12 or newer, and says what it
# does. Instant when nothing is missing. Rust and Node come from elsewhere and are only checked.
set -eu

NODE_MAJOR_MIN=20

missing=""
need() { # need <debian package> <command that shows that it is there...>
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
have() { command -v "$1" || test -x "/usr/sbin/$1" || test -x "/sbin/$1"; }

ready=yes
if ! command -v cargo >/dev/null 2>&1; then
    echo "Rust is missing. Get it with:  curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y && . \"\$HOME/.cargo/env\"" >&2
    ready=no
fi
node_major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/' || true)
if [ "${node_major:-0}" -lt "$NODE_MAJOR_MIN" ]; then
    echo "Node $NODE_MAJOR_MIN or newer is missing (found: ${node_major:-none}). Get it with:  curl -fsSL https://deb.nodesource.com/setup_$NODE_MAJOR_MIN.x | sudo -E bash - && sudo apt-get install -y nodejs" >&2
    ready=no
fi
[ "$ready" = yes ] || exit 1

need build-essential have cc
need build-essential have make
need pkg-config have pkg-config
need libsystemd-dev pkg-config --exists libsystemd
need git have git
need curl have curl
need jq have jq
need dbus have dbus-daemon
need mosquitto have mosquitto
need cups have cupsd
need cups-client have lpadmin
need cups-ipp-utils have ippeveprinter
need poppler-utils have pdftotext
need util-linux have setpriv
need util-linux have unshare
need mount have mount
# Only the tests need these; `demo` leaves them out, so that the first picture comes sooner.
if [ "${1:-all}" != demo ]; then
    need chromium have chromium
    need prometheus have promtool
    need openssl have openssl
    need strace have strace
    need systemd have systemd-analyze
fi

# The peers that `make bench` measures beside ours, what counts bytes on the wire, and what makes a
# line slow.
if [ "${1:-all}" = bench ]; then
    need prometheus-node-exporter have prometheus-node-exporter
    need iproute2 have ss
    need iproute2 have tc
    need ostree have ostree
    need tar have tar
    need zstd have zstd
fi

missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
[ -n "$(echo "$missing" | tr -d ' ')" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "These Debian packages (or their likes) are missing, and there is no apt-get here: $missing" >&2
    exit 1
fi
root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "Run this as root, once:  apt-get install -y --no-install-recommends $missing" >&2
        exit 1
    fi
    root="sudo"
fi

echo "Installing Debian packages: $missing"
# Their daemons must not start on this machine because of us: tests and demo start their own, on
# ports of their own. Where a policy exists already it stays.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
    made_policy=yes
fi
status=0
# Another apt may hold the lock on a machine that has just booted.
$root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq update &&
    $root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends $missing || status=$?
[ "$made_policy" = no ] || $root rm -f "$policy"
exit "$status"
