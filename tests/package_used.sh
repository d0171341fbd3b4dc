#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run by tests/package in a clean root: installs the packages in /packages, uses them, and purges them.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -qq -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >/tmp/apt.log 2>&1 || { cat /tmp/apt.log && exit 1; }; }
# What apt, dpkg and the dynamic linker keep for themselves is theirs.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /packages -o -path /tmp -o -path /var/cache \
		-o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/log \) -prune -o -print | sort
}
# equal WHAT EXPECTED GOT
equal() {
	[ "$2" = "$3" ] && echo "ok   $1" && return
	printf 'FAIL %s: expected "%s", got "%s"\n' "$1" "$2" "$3"
	exit 1
}
# has WHAT PIECE COMMAND…
has() {
	what=$1 piece=$2
	shift 2
	got=$("$@" 2>&1) || true
	case $got in
	*"$piece"*) echo "ok   $what" ;;
	*) printf 'FAIL %s: expected "%s" in\n%s\n' "$what" "$piece" "$got" && exit 1 ;;
	esac
}

apt update
files >/tmp/before
apt install /packages/*.deb
version=$(dpkg-query -W -f '${Version}' reprobe)
equal "reprobe --version" "reprobe $version" "$(reprobe --version)"
equal "a tool has the version" "execsnoop $version" "$(reprobe execsnoop -V)"
equal "no other program is in /usr/bin" "/usr/bin/reprobe" "$(dpkg -L reprobe libreprobe0 libreprobe-dev | grep -E '^/usr/s?bin/.')"
has "check compiles BCC's dialect" "compiles" reprobe check /usr/share/reprobe/examples/opens.c
has "check compiles libbpf's dialect" "compiles" reprobe check /usr/share/reprobe/examples/mailbox.bpf.c
has "the lab is there" "usage: reprobe lab" reprobe lab --help
has "list lists" "tracepoint:sched:sched_process_exec" reprobe list 'sched:*process_exec'
reprobe tools --link /usr/local/bin hello
has "a tool is linked by choice" "Usage: hello" hello --help
reprobe tools --unlink /usr/local/bin
equal "completions are where shells look" "3" "$(dpkg -L reprobe | grep -cE '^/usr/share/(bash-completion/completions/reprobe|zsh/vendor-completions/_reprobe|fish/vendor_completions.d/reprobe.fish)$')"
if reprobe doctor >/dev/null 2>&1; then
	has "a question is answered" "/bin/true" reprobe -c /bin/true -e 'trace sched_process_exec filename'
	has "a tool traces" "/bin/true" reprobe execsnoop -c /bin/true
	has "the compiler of libbpf's dialect is found" "attached to" reprobe run /usr/share/reprobe/examples/mailbox.bpf.c --for 1ms -v
else
	echo "skip tracing: this kernel or container lets nobody trace"
fi
rm -rf /root/.cache /root/.local
apt purge reprobe libreprobe0 libreprobe-dev
apt autoremove --purge
files >/tmp/after
equal "nothing is left" "" "$(diff /tmp/before /tmp/after | grep '^>' || true)"
