#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Probes that move, pause and end while their program runs: from the return of each call on exactly
# what must be seen is seen (see moving.c), and nothing grows.
set -u
. "$(dirname "$0")/../lib.sh"
need_root

# A process calls two places in turn, and numbers its calls. An emulated machine does few a second.
under_load() {
	run moving load "$1" $((190 / slow + 10))
	status 0
	silent
	matches "stdout" "$out" '^[0-9]+ phases, [0-9]+ rounds between them$'
}

# The same of an object in libbpf's dialect.
object_under_load() {
	bpftool btf dump file /sys/kernel/btf/vmlinux format c >vmlinux.h
	run clang -g -O2 -target bpf -D__TARGET_ARCH_x86 "-DKIND_$1" -I . -I "$here/kernel/libbpf" \
		-c "$here/kernel/libbpf/moving.bpf.c" -o moving.bpf.o
	status 0
	run moving load "$1" $((190 / slow + 10)) moving.bpf.o
	status 0
	silent
	matches "stdout" "$out" '^[0-9]+ phases, [0-9]+ rounds between them$'
}

flood() {
	run moving flood "$1" $((90 / slow + 10))
	status 0
	silent
	matches "stdout" "$out" '^[0-9]+ phases, [0-9]+ records, longest [0-9.]+ ms$'
}

many() {
	run moving many $((10000 / slow))
	status 0
	silent
	matches "stdout" "$out" '^end: [0-9]+ descriptors, 0 programs, 0 maps, '
}

# simple WHAT: moving says itself what does not hold
simple() {
	run moving "$1"
	status 0
	silent
}

errors() {
	run moving errors
	status 0
	silent
	contains "stdout" "$out" \
		'has no tracepoint sys_enter_nothing in the category syscalls' \
		'cannot move tracepoint:syscalls:sys_enter_getpgid to kprobe:vfs_read: the two kinds of probe need' \
		'the program reads the field off, which is not there'
}

kinds=(tracepoint uprobe)
[ -z "$kprobes" ] || kinds=(kprobe)
! reprobe list fentry >/dev/null 2>&1 || kinds+=(fentry)
for kind in "${kinds[@]}"; do
	t "$kind: each event of its place, and no other" under_load "$kind"
	t "$kind, of an object: the same" object_under_load "$kind"
done
t "${kinds[0]}: a flood" flood "${kinds[0]}"
t "many moves leave nothing behind" many
t "a program that cannot have a gate" simple no-gate
if [ "$slow" = 1 ]; then # what does not depend on the kernel
	t "a flood through perf buffers" flood perf
	t "maps that are kept" simple keep
	t "modules that are removed" simple remove
	t "how often a program ran" simple stats
	t "moves that cannot be" errors
fi
finish
