#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/lab --kernel with what is not a series of Debian's: a kernel of one's own, with its modules and
# without; what a kernel lacks is said by name before it boots. Runs on the host, not in the lab.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
# expect WHAT STATUS PIECE COMMAND…: it ends so, and says that
expect() {
	local what=$1 status=$2 piece=$3 said rc
	shift 3
	said=$("$@" 2>&1 </dev/null)
	rc=$?
	if [ "$rc" = "$status" ] && [[ $said == *"$piece"* ]]; then
		echo "ok   $what"
	else
		printf 'FAIL %s: expected status %s and "%s", got status %s and\n%s\n' "$what" "$status" "$piece" "$rc" "$said"
		failed=1
	fi
}

"$top/scripts/lab" --fetch || exit 1
tree=$("$top/scripts/lab" --list | awk '$1 == "6.1" { print $3 }')
version=$(cat "$tree/complete")
mkdir -p "$tmp/boot" "$tmp/own/lib/modules"
cp "$tree/boot/vmlinuz-$version" "$tmp/boot/bzImage"
export REPROBE_LAB_CACHE=$tmp/cache

expect "what is not a kernel" 125 "is not a Linux kernel for x86_64" "$top/scripts/lab" --kernel /etc/passwd -- true
expect "what is not there" 125 "cannot read $tmp/nothing" "$top/scripts/lab" --kernel "$tmp/nothing" -- true
expect "what is nothing" 125 "unknown kernel: nonsense" "$top/scripts/lab" --kernel nonsense -- true
expect "a package that is not there" 125 "apt knows no package linux-image-nonsense-amd64" \
	"$top/scripts/lab" --kernel linux-image-nonsense-amd64 -- true
expect "modules that are not there" 125 "there are no modules of Linux $version in $tmp/own" \
	"$top/scripts/lab" --kernel "$tmp/boot/bzImage" --modules "$tmp/own" -- true
if [ ! -e "/lib/modules/$version/modules.order" ]; then
	expect "a kernel without its modules" 125 "it lacks CONFIG_VIRTIO_PCI CONFIG_VIRTIO_CONSOLE CONFIG_NET_9P_VIRTIO CONFIG_9P_FS CONFIG_OVERLAY_FS" \
		"$top/scripts/lab" --kernel "$tmp/boot/bzImage" -- true
fi
sed 's/^CONFIG_TMPFS=y/# CONFIG_TMPFS is not set/; s/^CONFIG_KPROBES=y/# CONFIG_KPROBES is not set/' "$tree/boot/config-$version" >"$tmp/boot/.config"
expect "what its configuration lacks" 125 "it lacks CONFIG_TMPFS" \
	"$top/scripts/lab" --kernel "$tmp/boot/bzImage" --modules "$tree" -- true
sed -i 's/# CONFIG_TMPFS is not set/CONFIG_TMPFS=y/' "$tmp/boot/.config"
touch "$tmp/boot/bzImage"
expect "a kernel of one's own" 0 "note: for tracing, Linux $version lacks CONFIG_KPROBES
$version" \
	"$top/scripts/lab" --kernel "$tmp/boot/bzImage" --modules "$tree" -- uname -r
exit $failed
