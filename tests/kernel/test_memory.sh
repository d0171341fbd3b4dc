#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# LLVM's memory is gone once a program is attached, and compiling again and again takes no more.
. "$(dirname "$0")/../lib.sh"
need_root

# kib WHEN: what `compiles` printed
kib() { sed -n "s/^$1 //p" "$tmp/out"; }

# at_most WHAT KIB LIMIT
at_most() { [ "$2" -le "$3" ] || fail "$1: expected at most $3 KiB, got $2"; }

compile() {
	source_file small.c <<'END'
BPF_HASH(calls, u32);
BPF_PERF_OUTPUT(events);
PROBE
{
    u64 ts = bpf_ktime_get_ns();
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    u32 parent = task->real_parent->tgid;
    calls.increment(parent);
    events.perf_submit(args, &ts, sizeof(ts));
    return 0;
}
END
	run compiles "$1" small.c
	status 0
}

attached_memory() {
	compile 1
	at_most "private memory of an attached process above an idle one" $(($(kib first) - $(kib idle))) 8192
}

a_thousand() {
	compile 1000
	at_most "growth from the 100th compile to the 1000th" $(($(kib last) - $(kib warm))) 256
}

# In libbpf's dialect: one text in this process, one with CO-RE relocations in a child each time.
other_dialect() {
	local file
	for file in exec_reserve functions; do
		run compiles 200 "$here/kernel/libbpf/$file.bpf.c"
		status 0
		at_most "growth of $file from the 20th compile to the 200th" $(($(kib last) - $(kib warm))) 1024
	done
}

# While it compiles, against clang with all of the kernel's types.
most_memory() {
	bpftool btf dump file /sys/kernel/btf/vmlinux format c >vmlinux.h
	cat >most.py <<'END'
import os, sys
child = os.fork()
if not child:
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss if status == 0 else "")
END
	local file ours theirs
	for file in exec_reserve loops hardirqs; do
		ours=$(python3 most.py "$bin/reprobe" check "$here/kernel/libbpf/$file.bpf.c")
		theirs=$(python3 most.py clang -g -O2 -target bpf -D__TARGET_ARCH_x86 -I . -I "$here/kernel/libbpf" \
			-c "$here/kernel/libbpf/$file.bpf.c" -o object.o)
		[ "$theirs" -gt 1000 ] || fail "clang's memory: $theirs KiB"
		at_most "memory to compile $file" "$ours" $((theirs / 2))
	done
}

t "once attached" attached_memory
t "a thousand compiles" a_thousand
t "two hundred compiles of libbpf's dialect" other_dialect
# The sanitizers' memory is their own.
[ -n "$(readelf -d "$bin/../lib/reprobe/reprobe-clang.so" | grep libLLVM)" ] ||
	t "the most memory while libbpf's dialect is compiled" most_memory
finish
