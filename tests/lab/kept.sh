#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A lab that is kept (scripts/lab --keep, --in, --stop), seen from outside: boots one machine, one more after it
# has been misused, and two where KVM hangs.
cd "$(dirname "$0")" || exit 1
. ../lib.sh
lab=$top/scripts/lab
machine=test-$$
export REPROBE_LAB_CACHE=${REPROBE_LAB_CACHE:-$HOME/.cache/reprobe/lab}
trap '"$lab" --stop "$machine" 2>/dev/null; cd /; rm -rf "$base"' EXIT
kernel=${REPROBE_TEST_KERNEL:-6.12}

in_it() { run "$lab" --kernel "$kernel" --in "$machine" -- "$@"; }
process() { "$lab" --list | sed -n "s/^kept  $machine\t.*process //p"; }

# The first use boots it, the second does not: it is the same machine, with the same files.
streams() {
	echo "to the command" >in
	in_it sh -c 'cat /proc/sys/kernel/osrelease; cat; echo a word >&2; exit 5' <in
	status 5
	matches "its output" "$out" "^${kernel/./\\.}\."
	contains "its output" "$out" "to the command"
	contains "its errors" "$err" "a word"
	before=$(process)
	[ -n "$before" ] || fail "it is not listed" "$("$lab" --list)"
	in_it sh -c 'echo kept >/tmp/file'
	status 0
	in_it sh -c 'cat /tmp/file; exec cat' <in
	equal "what it keeps, and an input" $'kept\nto the command' "$out"
	equal "its process" "$before" "$(process)"
}

# Every byte comes, and belongs to the command that it is of.
many_bytes() {
	seq 200000 >in
	in_it sh -c 'cat; seq 1000 >&2' <in
	status 0
	cmp in out || fail "the output is not the input"
	equal "lines on stderr" 1000 "$(wc -l <err)"
	in_it echo next
	equal "the next one's output" next "$out"
}

# What a command leaves running is ended, and a command that is not there has its status.
between() {
	in_it sh -c 'setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo left'
	equal "its output" left "$out"
	in_it sh -c 'cat /proc/*/comm 2>/dev/null | grep -c sleep'
	equal "sleepers" 0 "$out"
	in_it no-such-command
	status 127
}

# Ctrl-C is the command's, and the machine goes on.
interrupted() {
	before=$(process)
	start "$lab" --kernel "$kernel" --in "$machine" -- sh -c 'trap "echo told; exit 3" INT; echo waits; while :; do sleep 0.1; done'
	wait_in "it runs" grep -q waits out
	kill -INT "$pid"
	stopped
	equal "its status" 3 "$rc"
	contains "its output" "$out" told
	in_it echo on
	equal "the next one" on "$out"
	equal "its process" "$before" "$(process)"
}

# A user who was killed, or read only the beginning, leaves nothing to the next one: there is a new machine then.
misused() {
	before=$(process)
	"$lab" --kernel "$kernel" --in "$machine" -- seq 1000000 </dev/null 2>/dev/null | head -n 1 >first
	equal "the first line" 1 "$(cat first)"
	in_it echo clean
	equal "the next one's output" clean "$out"
	[ "$(process)" != "$before" ] || fail "it is still the same machine"
}

ends() {
	run "$lab" --stop "$machine"
	status 0
	equal "its process" "" "$(process)"
	run "$lab" --stop "$machine"
	status 125
	contains "message" "$err" "no machine of the name"
}

# KVM that hangs, as nested ones do: it is tried once, told, and the machine emulated.
hanging_kvm() {
	local real tree cache=$PWD/cache
	real=$(command -v qemu-system-x86_64)
	mkdir -p bin "$cache"
	tree=$(ls -d "$REPROBE_LAB_CACHE"/linux-image-"$kernel".*)
	ln -s "${tree##*$'\n'}" "$cache/"
	printf '#!/bin/sh\ncase "$*" in *lab.trial*) sleep 60 & echo $! >>%q; wait ;; *) exec %s "$@" ;; esac\n' "$PWD/tried" "$real" >bin/qemu-system-x86_64
	chmod +x bin/qemu-system-x86_64
	in_another() { run env PATH="$PWD/bin:$PATH" REPROBE_LAB_CACHE="$cache" REPROBE_LAB_KVM_TIMEOUT=1 "$lab" --kernel "$kernel" -- echo booted; }
	in_another
	status 0
	equal "output" booted "$out"
	contains "message" "$err" "KVM does not boot Linux $kernel."
	in_another
	equal "output" booted "$out"
	equal "message of the second" "" "$err"
	equal "times it was tried" 1 "$(wc -l <tried)"
}

t "a command's streams and status, in a machine that stays" streams
t "every byte comes" many_bytes
t "nothing is left between two commands" between
t "Ctrl-C ends the command, not the machine" interrupted
t "what was misused is not used again" misused
t "a machine is ended by its name" ends
if [ -w /dev/kvm ]; then
	t "KVM that hangs" hanging_kvm
else
	t "KVM that hangs" skip "there is no /dev/kvm"
fi
finish
