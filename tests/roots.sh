# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Minimal roots of Debian releases, which tests/systems and tests/package run programs in. They are kept in
# $REPROBE_SYSTEMS_CACHE, or else ~/.cache/reprobe/systems.
roots=${REPROBE_SYSTEMS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reprobe/systems}
[ "$(id -u)" = 0 ] || { echo "${0##*/}: only root can make a root directory of another system" >&2 && exit 2; }

# make_root NAME RELEASE [PACKAGE,…] [ARCHITECTURE]: unless it is there; it is in $root
make_root() {
    "$top/scripts/deps" systems
    root=$roots/$1
    [ ! -e "$root/.complete" ] || return 0
    rm -rf --one-file-system "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase ${3:+--include="$3"} ${4:+--arch="$4"} "$2" "$root" >&2
    touch "$root/.complete"
}

# in_root DIR COMMAND…: the mounts are that process's only, and gone with it
in_root() {
    cp -L /etc/resolv.conf "$1/etc/resolv.conf" 2>/dev/null || true
    # shellcheck disable=SC2016 # the inner shell expands them
    unshare --mount --propagation private bash -c '
        root=$1
        shift
        mount --bind "$root" "$root" # so that / is a mount there, too, as everywhere
        cd "$root"
        mount -t proc proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            HOME=/root USER=root TERM="${TERM:-dumb}" LANG=C.UTF-8 "$@"
    ' bash "$@"
}
