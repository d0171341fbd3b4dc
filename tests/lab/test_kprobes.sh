#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kprobes and kretprobes, which need a kernel that has them.
. "$(dirname "$0")/../lib.sh"
need_root
if [ -z "$kprobes" ]; then
	t "kprobes" skip "this kernel has none"
	finish
fi

hello_through_kprobe() {
	run hello --events 5
	status 0
	silent
	equal "rows" 5 "$(grep -c ' Hello, World!$' out)"
	start hello -c 'sleep 1000'
	attached
	matches "attached" "$(bpftool perf show 2>&1)" "pid $pid .*kprobe +func do_sys_openat2"
	kill -INT "$pid"
	stopped
	status 0
}

# The arguments and results of vfs_unlink() against the files that the test unlinks.
arguments_and_results() {
	touch one two three
	cat >unlink.c <<'END'
#include <linux/fs.h>
#include <linux/dcache.h>
struct event { u32 pid; int ret; char name[64]; };
BPF_RINGBUF_OUTPUT(unlinked, 16);
BPF_HASH(names, u64, struct event);
int kprobe__vfs_unlink(struct pt_regs *ctx, void *idmap, struct inode *dir, struct dentry *dentry)
{
    struct event event = {};
    u64 id = bpf_get_current_pid_tgid();
    if (!is_target())
        return 0;
    event.pid = id >> 32;
    bpf_probe_read_kernel_str(event.name, sizeof(event.name), dentry->d_name.name);
    names.update(&id, &event);
    return 0;
}
int kretprobe__vfs_unlink(struct pt_regs *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    struct event *event = names.lookup(&id);
    if (!event)
        return 0;
    event->ret = PT_REGS_RC(ctx);
    unlinked.ringbuf_output(event, sizeof(*event), 0);
    names.delete(&id);
    return 0;
}
END
	mkdir held
	touch held/four
	run reprobe run --json unlink.c -c 'spawn --unlink one two three missing >expected'
	status 0
	silent
	# What is missing never gets as far as vfs_unlink().
	equal "unlinked" "$(awk '$2 == 0' expected)" \
		"$(grep '"output"' out | jsonlines data.pid data.ret data.name | tr '\t' ' ')"
}

syscall_prefix() {
	cat >calls.c <<'END'
BPF_HASH(entered, u32, u64);
BPF_HASH(returned, u64, u64);
int kprobe__sys_getpgid(struct pt_regs *ctx, int pid)
{
    u32 target = bpf_get_current_pid_tgid() >> 32;
    if (is_target())
        entered.increment(target);
    return 0;
}
int kretprobe__sys_getpgid(struct pt_regs *ctx)
{
    u64 ret = PT_REGS_RC(ctx);
    if (is_target())
        returned.increment(ret);
    return 0;
}
END
	run reprobe run --json calls.c -c 'ps -o pgid= $$ | tr -d " " >group; exec spawn --calls 9 >called'
	status 0
	silent
	equal "entered" "$(tr ' ' '\t' <called)" "$(grep entered out | jsonlines key value)"
	equal "returned" "$(cat group)	9" "$(grep returned out | jsonlines key value)"
	run reprobe run calls.c -a kprobe__sys_getpgid=kprobe:__x64_sys_getpgid --for 1ms
	status 0
}

syscall_arguments() {
	cat >calls.c <<'END'
BPF_HASH(signals, u32, u64);
int syscall__kill(struct pt_regs *ctx, int pid, int sig)
{
    u32 key = sig;
    if (is_target())
        signals.increment(key);
    return 0;
}
END
	run reprobe run --json calls.c -a syscall__kill=kprobe:sys_kill -c 'kill -0 $$; kill -0 $$; kill -CONT $$; :'
	status 0
	equal "signals" "0 2 18 1" "$(jsonlines key value <out | sort -n | tr '\t\n' '  ' | sed 's/ $//')"
}

offset() {
	echo 'BPF_ARRAY(hits, u64, 1); int f(void *ctx) { if (is_target()) hits.increment(0); return 0; }' >f.c
	# Not on an overlay, which unlinks in the file system below once more.
	local file=/dev/shm/reprobe-test.$$
	# Every function of these kernels begins with an instruction of 5 bytes (for ftrace) or with
	# endbr64, of 4; on arm64 instructions have 4 bytes, and ftrace has the second one.
	local at after
	for at in 5 4 8; do
		touch "$file"
		run reprobe run f.c -a f=kprobe:vfs_unlink+$at -c "spawn --unlink $file >unlinked"
		[ "$rc" = 0 ] && break
		case $(uname -m),$at in
		aarch64,4) refused "the kernel cannot probe byte 4 of vfs_unlink: its function tracer has a call there" ;;
		*) refused "not the start of an instruction" ;;
		esac
	done
	after=$at
	[ "$(uname -m)" != aarch64 ] || after=4
	status 0
	equal "hits" "hits: 1" "$out"
	run reprobe run f.c -a f=kprobe:vfs_unlink+1 --for 1ms
	# As it says, the one before is where the function begins, and the one behind it where one can probe.
	refused "vfs_unlink+1" "not the start of an instruction" "the nearest are vfs_unlink+0 and vfs_unlink+$after"
	run reprobe run f.c -a f=kprobe:vmlinux:vfs_unlink+2 --for 1ms
	refused "vmlinux:vfs_unlink+2" "the nearest are vfs_unlink+0 and vfs_unlink+$after"
	run reprobe run f.c -a f=kprobe:vfs_unlnk+$at --for 1ms
	refused "the kernel has no function of that name" "did you mean vfs_unlink"
	run reprobe run f.c -a f=kprobe:vfs_unlink+0x100000 --for 1ms
	refused "outside the function"
}

no_such_place() {
	echo 'int f(void *ctx) { return 0; }' >f.c
	run reprobe run f.c -a f=kprobe:vfs_unlnk --for 1ms
	refused "the kernel has no function of that name" "did you mean vfs_unlink"
	run reprobe run f.c -a f=kretprobe:vfs_raed --for 1ms
	refused "did you mean vfs_read"
	local blacklisted
	blacklisted=$(awk '$2 ~ /^[a-z_0-9]+$/ { print $2; exit }' /sys/kernel/debug/kprobes/blacklist)
	run reprobe run f.c -a "f=kprobe:$blacklisted" --for 1ms
	refused "$blacklisted" "forbids"
	echo 'int kprobe__no_such_function_at_all(void *ctx) { return 0; }' >f.c
	run reprobe run f.c --for 1ms
	refused "no_such_function_at_all"
}

# As with tracepoints: nothing stays after kill -9, also not in tracefs.
killed() {
	local before objects
	before=$(inventory)
	echo 'BPF_ARRAY(hits, u64, 1); int kprobe__vfs_read(void *ctx) { hits.increment(0); return 0; }
int kretprobe__vfs_read(void *ctx) { return 0; }' >f.c
	start reprobe run f.c -c 'touch started; sleep 1000'
	wait_in "it traces" test -e started
	objects=$(held "$pid")
	kill -KILL "$pid"
	stopped
	released "$objects"
	unchanged "$before"
	equal "probes" "" "$(cat /sys/kernel/debug/kprobes/list | grep -v FTRACE_DUMMY | head -n 3)"
}

t "hello through a kprobe" hello_through_kprobe
t "arguments and results" arguments_and_results
t "the prefix of system calls" syscall_prefix
t "arguments of system calls" syscall_arguments
t "an offset" offset
t "places that are not there, or forbidden" no_such_place
t "kill -9 leaves nothing" killed
finish
