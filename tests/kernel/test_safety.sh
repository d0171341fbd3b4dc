#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A program that changes the system runs only where that is allowed, and whoever traces keeps only the
# privileges that it still needs.
. "$(dirname "$0")/../lib.sh"
need_root

bcc_killer() {
	source_file kill.c <<'END'
BPF_HASH(sent, u32, u64);
PROBE
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (!is_target())
        return 0;
    sent.increment(pid);
    bpf_send_signal(15);
    return 0;
}
END
}

# Its target is the process that `--set` names.
libbpf_killer() {
	cat >kill.bpf.c <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
const volatile int target = 0;
SEC("tracepoint/syscalls/sys_enter_getpgid")
int kill_it(void *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 == target)
        bpf_send_signal(15);
    return 0;
}
char LICENSE[] SEC("license") = "GPL";
END
}

effect="changes the system: kill_it calls bpf_send_signal"
bcc_effect="changes the system: tracepoint__syscalls__sys_enter_getpgid calls bpf_send_signal"

says_that_it_does() {
	bcc_killer
	run reprobe run kill.c -c 'spawn --calls 3; echo "status $?"'
	status 0
	contains "notes" "$err" "note: it $bcc_effect"
	contains "what the command printed" "$out" "status 143"
}

# caller: a process that waits for a line, and then calls; $caller
start_caller() {
	gate
	bash -c 'read -r _ <go; exec spawn --calls 1' >called &
	caller=$!
}

# lives: it called, and nobody ended it
lives() {
	echo >go
	wait "$caller"
	equal "status of the caller" 0 $?
}

refuses() {
	bcc_killer
	run reprobe run --read-only kill.c -c 'touch began'
	refused "cannot load kill.c" "$bcc_effect" "leave out --read-only"
	[ ! -e began ] || fail "the command began"
}

refuses_object() {
	bcc_killer
	run reprobe build kill.c -o kill.rpo
	status 0
	run reprobe run --read-only kill.rpo
	refused "cannot load kill.rpo" "$bcc_effect" "leave out --read-only"
	libbpf_killer
	run reprobe build kill.bpf.c -o kill.bpf.o
	status 0
	run reprobe run --read-only kill.bpf.o
	refused "cannot load kill.bpf.o" "$effect" "leave out --read-only"
	run reprobe run --read-only kill.bpf.c
	refused "cannot load kill.bpf.c" "$effect" "leave out --read-only"
}

runs_libbpf() {
	libbpf_killer
	start_caller
	start reprobe run -v kill.bpf.c --set target="$caller"
	attached_to 1
	contains "notes" "$(cat err)" "note: it $effect"
	echo >go
	wait "$caller"
	equal "status of the caller" 143 $?
	kill -INT "$pid"
	stopped
	status 0
}

# Two helpers of one function, and one that only another function calls.
names_all() {
	source_file two.c <<'END'
PROBE
{
    char c = 'x';
    if (bpf_get_current_pid_tgid() >> 32 == 1) {
        bpf_probe_write_user((void *)8, &c, 1);
        bpf_send_signal_thread(15);
        bpf_send_signal_thread(16);
    }
    return 0;
}
int other(void *ctx) { bpf_send_signal(1); return 0; }
END
	run reprobe run --read-only two.c
	refused "bpf_probe_write_user, bpf_send_signal_thread" "other calls bpf_send_signal"
}

lets_look() {
	source_file look.c <<'END'
BPF_HASH(calls, u32, u64);
PROBE
{
    u32 zero = 0;
    if (is_target())
        calls.increment(zero);
    return 0;
}
END
	run reprobe run --read-only look.c -c 'spawn --calls 7 >/dev/null'
	status 0
	lacks "notes" "$err" "changes the system"
	matches "calls" "$out" '\b7$'
}

# What a program returns there decides.
refuses_verdicts() {
	cat >pass.bpf.c <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("xdp")
int pass_all(struct xdp_md *ctx)
{
    return 2;
}
SEC("cgroup_skb/egress")
int let_out(struct __sk_buff *skb)
{
    return 1;
}
char LICENSE[] SEC("license") = "GPL";
END
	run reprobe run --read-only --interface lo pass.bpf.c
	status 1
	contains "message" "$err" "pass_all" "its result decides what becomes of packets" "leave out --read-only"
	start unshare --net reprobe run --interface lo pass.bpf.c
	wait_in "it says what pass_all does" grep -q "changes the system: pass_all decides what becomes of packets" err
	kill -INT "$pid"
	stopped
}

# kfuncs that a program's own objects need are harmless, others are not.
tells_kfuncs_apart() {
	grep -aq 'bpf_task_from_pid' /sys/kernel/btf/vmlinux || skip "the kernel has no bpf_task_from_pid"
	kfunc=$(grep -aoE 'c(group|ss)_rstat_flush' /sys/kernel/btf/vmlinux | sort -u | tail -1)
	[ -n "$kfunc" ] || skip "the kernel has none of the kfuncs that this knows"
	argument=cgroup
	[ "$kfunc" != css_rstat_flush ] || argument=cgroup_subsys_state
	cat >look.bpf.c <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
void bpf_task_release(struct task_struct *task) __ksym;
SEC("tp_btf/sys_enter")
int look(void *ctx)
{
    struct task_struct *task = bpf_task_from_pid(1);
    if (task)
        bpf_task_release(task);
    return 0;
}
char LICENSE[] SEC("license") = "GPL";
END
	sed "s/^SEC.*/void $kfunc(struct $argument *x) __ksym;\nSEC(\"fentry.s\/x\")/
		s/struct task_struct \*task = .*/struct $argument *x = (void *)0;/
		s/if (task)/$kfunc(x);/; s/^ *bpf_task_release(task);//" look.bpf.c >flush.bpf.c
	run reprobe run --read-only flush.bpf.c
	refused "changes the system: look calls $kfunc"
	run reprobe run --read-only --for 1ms look.bpf.c
	lacks "message" "$err" "changes the system"
}

# The prompt asks first.
prompt_refuses() {
	bcc_killer
	run reprobe -e 'load kill.c'
	refused "cannot load kill.c" "$bcc_effect" 'say that, then load it again'
	run reprobe -c 'spawn --calls 3; echo "status $?"' -e 'unsafe' -e 'load kill.c'
	status 0
	contains "what the command printed" "$out" "status 143"
	run reprobe --unsafe -c 'spawn --calls 3; echo "status $?"' -e 'load kill.c'
	status 0
	contains "what the command printed" "$out" "status 143"
	run reprobe -e 'unsafe x'
	refused 'cannot understand `x`'
}

# A program that only looks may not become one that kills by an edit.
edit_refuses() {
	source_file look.c <<'END'
BPF_HASH(seen, u32, u64);
PROBE { u32 zero = 0; seen.increment(zero); return 0; }
END
	bcc_killer
	start_caller
	run reprobe --for 200ms -e 'load look.c' -e 'edit last kill.c'
	status 1
	contains "message" "$err" "$bcc_effect"
	lives
}

# Where root runs what another user can change, root is told so.
who_can_change() {
	source_file look.c <<<'PROBE { return 0; }'
	echo 'help unsafe' >lines
	run reprobe run --for 1ms look.c
	lacks "notes" "$err" "root uses"
	chmod o+w look.c lines
	run reprobe run --for 1ms look.c
	contains "notes" "$err" "note: root uses look.c, and others can write to it"
	run reprobe --for 1ms -f lines -e 'load look.c'
	contains "notes" "$err" "root uses lines, and others can write" "root uses look.c, and others can write"
	chmod o-w look.c
	chown 12345 look.c
	run reprobe run --for 1ms look.c
	contains "notes" "$err" "note: root uses look.c, and it belongs to another user"
	SUDO_UID=12345 run reprobe run --for 1ms look.c
	lacks "notes" "$err" "root uses"
}

endless() {
	run reprobe run - < <(yes '// a line')
	refused "cannot read -" "it has more than 16 MiB"
	run reprobe -f /dev/zero
	refused "cannot read /dev/zero" "it has more than 16 MiB"
}

capabilities() { sed -n 's/^CapEff:[[:space:]]*//p' "$1" | tail -c 17; }

# Of every thread: only what symbols need, and what ends the command.
drops_privileges() {
	local needed=0000010400080024
	before=$(capabilities /proc/self/status)
	start "$@" -c 'sed -n "s/^CapEff:[[:space:]]*//p" /proc/self/status >caps; exec sleep 1000'
	wait_in "the command runs" test -s caps
	equal "what the command may" "$before" "$(cat caps)"
	wait_in "it has dropped them" dropped $((0x$needed))
	for task in /proc/"$pid"/task/*; do
		contains "$task" "$(cat "$task/status")" $'NoNewPrivs:\t1'
	done
	kill -INT "$pid"
	stopped
	status 0
}

# dropped MOST: no thread has more than these
dropped() {
	for task in /proc/"$pid"/task/*; do
		local more=$((0x$(capabilities "$task/status") & ~$1))
		[ "$more" = 0 ] || { uname_before_6 && [ $((more & ~((3 << 38) | (1 << 21)))) = 0 ]; } || return 1
	done
}
uname_before_6() { [[ $(uname -r) == [1-5].* ]]; }

t "run says that a program changes the system" says_that_it_does
t "run --read-only refuses it, and begins nothing" refuses
t "--read-only refuses objects of both dialects" refuses_object
t "libbpf's dialect may, too" runs_libbpf
t "all that it calls is named" names_all
t "--read-only lets programs look" lets_look
t "--read-only refuses programs whose results decide" refuses_verdicts
t "--read-only tells the kernel's functions apart" tells_kfuncs_apart
t "the prompt refuses until it is told \`unsafe\`" prompt_refuses
t "an edit does not change that" edit_refuses
t "root is told who else can change a file" who_can_change
t "a source without end" endless
t "execsnoop keeps only what it needs" drops_privileges execsnoop
bcc_look() { source_file "$base/look.c" <<<'PROBE { return 0; }'; }
bcc_look
t "run keeps only what it needs" drops_privileges reprobe run "$base/look.c"
finish
