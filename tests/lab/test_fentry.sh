#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fentry, fexit and tp_btf, which need a kernel that has them.
. "$(dirname "$0")/../lib.sh"
need_root
if ! reprobe list fentry >"$base/list" 2>&1; then
	t "fentry" skip "this kernel has none"
	finish
fi
# Not on an overlay, which unlinks in the file system below once more.
files=/dev/shm/reprobe-test.$$

# The arguments of vfs_unlink() at its entry, and with its result at its return, against the files
# that the test unlinks.
arguments_and_results() {
	cat >unlink.c <<'END'
#include <linux/fs.h>
struct event { u32 pid; int ret; char name[64]; };
BPF_RINGBUF_OUTPUT(entered, 16);
BPF_RINGBUF_OUTPUT(left, 16);
static __always_inline void fill(struct event *event, struct dentry *dentry)
{
    event->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_probe_read_kernel_str(event->name, sizeof(event->name), dentry->d_name.name);
}
KFUNC_PROBE(vfs_unlink, void *idmap, struct inode *dir, struct dentry *dentry)
{
    struct event event = {};
    if (!is_target())
        return 0;
    fill(&event, dentry);
    entered.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
KRETFUNC_PROBE(vfs_unlink, void *idmap, struct inode *dir, struct dentry *dentry,
               struct inode **delegated, int ret)
{
    struct event event = {.ret = ret};
    if (!is_target())
        return 0;
    fill(&event, dentry);
    left.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
	mkdir "$files"
	mkdir "$files/folder"
	touch "$files/one" "$files/two"
	run reprobe run --json unlink.c -c "spawn --unlink $files/one $files/two $files/folder $files/missing >expected"
	rm -r "$files"
	status 0
	silent
	# What is missing (ENOENT is 2) never gets as far as vfs_unlink(); a folder is refused there.
	local expected
	expected=$(awk '$2 != 2 { sub(".*/", "", $3); print $1, 0 - $2, $3 }' expected)
	equal "unlinked" 3 "$(wc -l <<<"$expected")"
	equal "entered" "$(awk '{ print $1, 0, $3 }' <<<"$expected")" \
		"$(grep '"entered"' out | jsonlines data.pid data.ret data.name | tr '\t' ' ')"
	equal "left" "$expected" \
		"$(grep '"left"' out | jsonlines data.pid data.ret data.name | tr '\t' ' ')"
}

# One source function at two kernel functions, one of them a syscall's: loaded for each.
retargeted() {
	cat >hits.c <<'END'
BPF_HASH(hits, u64, u64);
BPF_PROG(f)
{
    u64 here = bpf_get_func_ip(ctx) & 0xfffffff;
    if (is_target())
        hits.increment(here);
    return 0;
}
END
	run reprobe run --json hits.c -a f=fentry:sys_getpgid -a f=f:vfs_statfs \
		-c 'spawn --calls 9 >called; exec stat -f . >statfs'
	status 0
	silent
	local getpgid
	getpgid=$((0x$(awk '$3 == "__x64_sys_getpgid" { print $1 }' /proc/kallsyms) & 0xfffffff))
	equal "functions" 2 "$(grep -c '"hits"' out)"
	# The call to the program stands at the function's start, or behind endbr64.
	equal "calls of getpgid" 9 \
		"$(jsonlines key value <out | awk -v at="$getpgid" '$1 == at || $1 == at + 4 { print $2 }')"
}

typed_tracepoint() {
	cat >calls.c <<'END'
BPF_HASH(calls, u64, u64);
BPF_PROG(tp_btf__sys_enter, struct pt_regs *regs, long id)
{
    u64 call = id;
    if (is_target())
        calls.increment(call);
    return 0;
}
END
	run reprobe run --json calls.c -c 'exec spawn --calls 50 >called'
	status 0
	silent
	equal "calls of getpgid (121)" 50 "$(jsonlines key value <out | awk '$1 == 121 { print $2 }')"
}

no_such_place() {
	echo 'int f(void *ctx) { return 0; }' >f.c
	bad() {
		local spec=$1
		shift
		run reprobe run f.c -a f="$spec" --for 1ms
		refused "$@"
	}
	bad fentry:vfs_unlnk "no function vfs_unlnk" "did you mean vfs_unlink"
	bad fexit:_printk "does not accept fexit there" "_printk"
	bad tp_btf:sched_swich "no tracepoint sched_swich" "did you mean sched_switch"
	bad fentry:asm_exc_nmi "BTF does not describe" "kprobe:asm_exc_nmi"
	# A program's own fault is told as such.
	echo 'int f(u64 *ctx) { return ctx[17]; }' >f.c
	bad fentry:vfs_unlink "verifier"
	lacks "message" "$err" "does not accept"
}

listed() {
	sed 's/^fentry://' "$base/list" | sort >listed
	[ "$(wc -l <listed)" -gt 10000 ] || fail "expected over 10000 functions, got $(wc -l <listed)"
	grep -q '^vfs_unlink$' listed || fail "vfs_unlink is not listed"
	equal "what ftrace cannot trace" "" \
		"$(sed 's/ .*//' /sys/kernel/tracing/available_filter_functions | sort -u | comm -13 - listed | head -n 3)"
}

# As with kprobes: nothing stays after kill -9.
nothing_stays() {
	local before objects
	before=$(inventory)
	echo 'KFUNC_PROBE(vfs_read) { return 0; }
KRETFUNC_PROBE(vfs_read) { return 0; }
BPF_PROG(tp_btf__sched_switch) { return 0; }' >f.c
	start reprobe run f.c -c 'touch started; sleep 1000'
	wait_in "it traces" test -e started
	objects=$(held "$pid")
	equal "links" 3 "$(grep -c link <<<"$objects")"
	kill -KILL "$pid"
	stopped
	released "$objects"
	unchanged "$before"
}

# The kernel lets 38 programs in at a function: what comes later is told so, and those that are there count on.
full() {
	for i in $(seq 40); do echo "count fentry:do_sys_openat2 if dfd == $((1000 + i)) || comm == \"sh\""; done >script
	run reprobe --json -f script -c 'sh -c "true </dev/null"'
	equal "refusals" 2 "$(grep -c 'do_sys_openat2 has as many programs of fentry, fexit and their like attached' err)"
	equal "questions that have counted" 38 "$(jsonlines value <out | grep -cv '^0$')"
}

t "arguments and results" arguments_and_results
t "one function at two places" retargeted
t "a tracepoint with typed arguments" typed_tracepoint
t "places that cannot be" no_such_place
t "the list" listed
t "a function that is full" full
t "nothing stays" nothing_stays
finish
