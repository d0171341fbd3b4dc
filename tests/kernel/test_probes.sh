#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Probes in programs, and sampling: what they see against what the test itself did.
. "$(dirname "$0")/../lib.sh"
need_root

own probed
probed=$REPLY

# calls.c: arguments and results of the function twice() of `probed`
calls_source() {
	cat >calls.c <<'END'
struct event { int number, result; char word[16]; };
BPF_RINGBUF_OUTPUT(calls, 16);
BPF_HASH(entered, u32, struct event);
int enter(struct pt_regs *ctx)
{
    struct event event = {.number = PT_REGS_PARM1(ctx)};
    u32 thread = bpf_get_current_pid_tgid();
    if (!is_target())
        return 0;
    bpf_probe_read_user_str(event.word, sizeof(event.word), (void *)PT_REGS_PARM2(ctx));
    entered.update(&thread, &event);
    return 0;
}
int leave(struct pt_regs *ctx)
{
    u32 thread = bpf_get_current_pid_tgid();
    struct event *event = entered.lookup(&thread);
    if (!event)
        return 0;
    event->result = PT_REGS_RC(ctx);
    calls.ringbuf_output(event, sizeof(*event), 0);
    entered.delete(&thread);
    return 0;
}
END
}

# hits.c: f() counts how often it ran, in all and in the target
hits_source() {
	cat >hits.c <<'END'
BPF_ARRAY(all, u64, 1);
BPF_ARRAY(target, u64, 1);
BPF_HASH(cpus, u32, u64);
int f(void *ctx)
{
    u32 cpu = bpf_get_smp_processor_id();
    all.increment(0);
    cpus.increment(cpu);
    if (is_target())
        target.increment(0);
    return 0;
}
END
}

# hits PROBE ARG…: runs f() there while `reprobe run` goes on; sets $all, $target and $cpus
hits() {
	local probe=$1
	shift
	run reprobe run --json hits.c -a f="$probe" "$@"
	status 0
	silent
	all=$(grep '"all"' out | jsonlines value)
	target=$(grep '"target"' out | jsonlines value)
	cpus=$(grep '"cpus"' out | jsonlines key | sort -n | tr '\n' ' ')
}

# between WHAT LOW HIGH GOT
between() {
	[ "${4:-0}" -lt "$2" ] || [ "${4:-0}" -gt "$3" ] || return 0
	fail "$1: expected $2 to $3, got $4"
}

# ---------------------------------------------------------------- uprobes

arguments_and_results() {
	calls_source
	run reprobe run --json calls.c -a enter="uprobe:$probed:twice" -a leave="uretprobe:$probed:twice" \
		-c "$probed --calls 200 >expected"
	status 0
	silent
	equal "calls" "$(cat expected)" "$(grep '"output"' out | jsonlines data.number data.word data.result | tr '\t' ' ')"
	equal "calls seen" 200 "$(grep -c '"output"' out)"
}

names_of_files() {
	hits_source
	ln -s "$probed" "colon:dash-link"
	local address
	address=$(nm "$probed" | sed -n 's/^0*\([0-9a-f]*\) [Tt] twice$/0x\1/p')
	local spec
	# By $PATH, by a relative path, through a link, by address, an instruction in it, in short.
	for spec in "uprobe:probed:twice" "u:./colon:dash-link:twice" "uprobe:$probed:$address" \
		"uprobe:$probed:twice+0"; do
		hits "$spec" -c "$probed --calls 7 >called"
		equal "$spec" 7 "$target"
	done
	hits "ur:probed:twice" -c "$probed --calls 3 >called"
	equal "ur:probed:twice" 3 "$target"
	hits "uprobe:libc.so.6:madvise" -c "exec $probed --faults 9"
	equal "calls into libc" 1 "$target"
}

# With -p nobody else runs into it, and with no target everyone does.
one_process() {
	hits_source
	gate
	bash -c 'read line <go; trap : USR1' &
	local shell=$!
	start reprobe run hits.c -p "$shell" -a f=uprobe:bash:trap_builtin --json
	wait_in "it traces" attached_uprobes "$pid" 1
	bash -c 'trap : USR1; trap : USR2'
	echo >go
	wait "$shell"
	kill -INT "$pid"
	stopped
	status 0
	matches "in the target" "$out" '"map":"target","key":0,"value":1}'
	matches "in all" "$out" '"map":"all","key":0,"value":1}'
}

# The address of the last instruction is that of the return.
instruction() {
	hits_source
	local offset
	offset=$(gdb -batch -ex 'disassemble twice' "$probed" | sed -n 's/.*<+\([0-9]*\)>:[[:space:]]*ret.*/\1/p' | tail -n 1)
	[ -n "$offset" ] || skip "gdb does not say where twice() returns"
	hits "uprobe:$probed:twice+$offset" -c "$probed --calls 7 >called"
	equal "returns" 7 "$target"
}

# The same program at two places is loaded once; a process that runs already is seen too.
running_already() {
	hits_source
	gate
	bash -c 'read line <go; trap : USR1; trap : USR2; trap : USR1' &
	local shell=$!
	start reprobe run hits.c -p "$shell" -a f=uprobe:bash:trap_builtin -a f=uretprobe:bash:trap_builtin --json
	wait_in "it traces" attached_uprobes "$pid" 2
	equal "programs" 1 "$(held "$pid" | grep -c prog)"
	echo >go
	wait "$shell"
	kill -INT "$pid"
	stopped
	status 0
	matches "hits" "$out" '"map":"target","key":0,"value":6}'
}
# attached_uprobes PID N: how many perf events it holds
attached_uprobes() { [ "$(find "/proc/$1/fd" -lname 'anon_inode:*perf_event*' | wc -l)" = "$2" ]; }

bad_uprobes() {
	echo 'int f(void *ctx) { return 0; }' >f.c
	bad() {
		local spec=$1
		shift
		run reprobe run f.c -a f="$spec" --for 1ms
		refused "$@"
	}
	bad "uprobe:$probed:twic" "there is no function twic" "did you mean twice?"
	bad "uprobe:$probed:twice+1000" "outside the function" "use an offset below"
	local data # some linkers put the file's first bytes beside its code
	data=$(nm "$probed" | sed -n 's/^0*\([0-9a-f]*\) [Dd] __data_start$/0x\1/p')
	bad "uprobe:$probed:$data" "no code at $data" "objdump -d"
	bad "uprobe:$probed:0x1x" "0x1x is not an address"
	bad "uprobe:$tmp/no/file:x" "the file $tmp/no/file does not exist"
	bad "uprobe:${probed}x:twice" "does not exist" "did you mean $probed"
	bad "uprobe:no-such-program-here:x" "no program no-such-program-here" "libno-such-program-here.so"
	bad "uprobe:libc.so.99:malloc" "no library libc.so.99"
	bad "uprobe:$tmp:x" "not a program or library"
	bad "uprobe:f.c:x" "no program f.c"
	bad "uprobe:./f.c:x" "not an ELF file"
	printf '#!/bin/sh\n' >script
	bad "uprobe:./script:x" "it is a script" "the program that runs it"
	: >empty
	bad "uprobe:./empty:x" "not an ELF file"
	local size
	for size in 4 40 300 4096 $(($(stat -c %s "$probed") - 100)); do
		head -c "$size" "$probed" >cut_short
		bad "uprobe:./cut_short:twice" "cut short"
	done
	mkfifo fifo
	bad "uprobe:./fifo:x" "not an ELF file"
	bad "uprobe:c:strlen" "indirect function" "libc.so.6:*strlen*"
	nm -D "$(ldd "$probed" | awk '$1 == "libc.so.6" { print $3 }')" 2>/dev/null | grep -q " i memcpy@" &&
		bad "uprobe:c:memcpy" "indirect function"
	strip -o stripped "$probed"
	bad "uprobe:./stripped:twice" "the file is stripped" "uprobe:$tmp/stripped:0xADDRESS"
	bad "uretprobe:$probed:twice+1" "no offset"
}

# Two functions of one name, from two files.
ambiguous() {
	command -v cc >/dev/null || skip "there is no compiler"
	echo 'static __attribute__((noinline)) int same(void) { __asm__(""); return 1; } int a(void) { return same(); }' >a.c
	echo 'static __attribute__((noinline)) int same(void) { __asm__(""); return 2; } int a(void); int main(void) { return a() + same() != 3; }' >b.c
	cc -O1 -o both a.c b.c
	hits_source
	run reprobe run hits.c -a f=uprobe:./both:same --for 1ms
	refused "several functions" "uprobe:$tmp/both:0x"
	local spec
	for spec in $(grep -o 'uprobe:[^ ]*:0x[0-9a-f]*' err; grep -o ' or 0x[0-9a-f]*' err | sed "s| or |uprobe:./both:|"); do
		hits "$spec" -c ./both
		equal "$spec" 1 "$target"
	done
}

# ---------------------------------------------------------------- USDT

# Arguments in registers, in memory and constants, at each of the places; and the semaphore: without
# a probe `probed` does not come by guarded().
usdt() {
	cat >usdt.c <<'END'
struct event { int number; char word[16]; s64 constant; };
BPF_RINGBUF_OUTPUT(step, 16);
BPF_RINGBUF_OUTPUT(guarded, 16);
int on_step(struct pt_regs *ctx)
{
    struct event event = {};
    if (!is_target())
        return 0;
    bpf_usdt_readarg(1, ctx, &event.number);
    bpf_usdt_readarg_p(2, ctx, event.word, sizeof(event.word));
    step.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
int on_guarded(struct pt_regs *ctx)
{
    struct event event = {};
    if (!is_target())
        return 0;
    bpf_usdt_readarg(1, ctx, &event.number);
    bpf_usdt_readarg(2, ctx, &event.constant);
    guarded.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
	run reprobe run --json usdt.c -a on_step="usdt:$probed:probed:step" -a on_guarded="U:probed:guarded" \
		-c "$probed --usdt 50 >expected"
	status 0
	silent
	equal "steps" 50 "$(grep -c '"step"' out)"
	equal "steps" "$(sed -n 's/^step //p' expected)" \
		"$(grep '"step"' out | jsonlines data.number data.word | tr '\t' ' ')"
	equal "guarded" 50 "$(grep -c '"guarded"' out)"
	equal "guarded" "$(sed -n 's/^guarded //p' expected)" \
		"$(grep '"guarded"' out | jsonlines data.number data.constant | tr '\t' ' ')"
	# Nobody has raised the semaphore any more.
	"$probed" --usdt 5 >after
	equal "guarded after it" 0 "$(grep -c guarded after)"
	run reprobe list 'usdt:probed:*'
	equal "list" "usdt:probed:probed:guarded usdt:probed:probed:indexed usdt:probed:probed:step" "$(tr '\n' ' ' <out | sed 's/ $//')"
}

# Arguments in memory that is not there, and of which there are more than registers.
unread_usdt() {
	type gcc >/dev/null 2>&1 || skip "there is no gcc"
	cat >notes.c <<-'END'
		#include <sys/mman.h>
		#include "usdt_note.h"
		__attribute__((noinline)) static void pass(int *p, int n)
		{
		    __asm__ volatile(USDT_NOTE("notes", "pass", "0", "-4@(%0) -4@%1") : : "r"(p), "r"(n));
		    __asm__ volatile(USDT_NOTE("notes", "many", "0", "4@$0 4@$1 4@$2 4@$3 4@$4 4@$5 4@$6 4@%0") : : "r"(n));
		    __asm__ volatile(USDT_NOTE("notes", "none", "0", ""));
		    __asm__ volatile(USDT_NOTE("notes", "named", "0", "4@$1 4@counter(%%rip)"));
		}
		int main(void)
		{
		    int *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		    pass(p, -1);
		    *p = 77;
		    pass(p, -2);
		    pass(0, -3);
		    *p = 0;
		    pass(p, -4);
		    return 0;
		}
	END
	gcc -I "$top/tests/kernel" -o notes notes.c
	run reprobe --json -e 'trace usdt:./notes:notes:pass (int)arg0, (int)arg1' -e 'count usdt:./notes:notes:pass if arg0 == 0' \
		-e 'sum usdt:./notes:notes:pass arg0' -e 'trace usdt:./notes:notes:many arg7' \
		-e 'trace usdt:./notes:notes:pass..usdt:./notes:notes:none arg0' -c ./notes
	status 0
	equal "in memory, or not" $'-\t-1\n77\t-2\n-\t-3\n0\t-4' "$(grep '"probe":1' out | jsonlines 'data.(int)arg0' 'data.(int)arg1')"
	equal "kept until the other probe" $'-\n77\n-\n0' "$(grep '"probe":5' out | jsonlines data.arg0)"
	equal "the eighth" 4294967295 "$(grep '"probe":4' out | jsonlines data.arg7 | head -n 1)"
	contains "compared and added" "$out" '{"map":"2.counts","key":0,"value":1}' '{"map":"3.sums","key":0,"value":77}'
	contains "what is told" "$err" '2 of 4 reads of `(int)arg0` failed: it is not in memory' \
		'2 events were left out: `arg0 == 0` cannot be read' '2 events were not counted: `arg0` cannot be read'
	run reprobe -e 'trace usdt:./notes:notes:many arg8'
	status 1
	contains "its arguments" "$err" 'many has no argument `arg8`' arg7
	run reprobe -e 'trace usdt:./notes:notes:named arg1'
	status 1
	contains "a symbol's name" "$err" '`arg1` is at an address given by a symbol'
	run reprobe -e 'trace usdt:./notes:notes:none arg3'
	contains "no arguments" "$err" 'none has no argument `arg3`, as it has none at all'
}

bad_usdt() {
	echo 'int f(struct pt_regs *ctx) { return 0; }' >f.c
	bad() {
		local spec=$1
		shift
		run reprobe run f.c -a f="$spec" --for 1ms
		refused "$@"
	}
	bad "usdt:$probed:stpe" "no USDT probe stpe" "did you mean step"
	bad "usdt:$probed:proebd:step" "no USDT probe proebd:step" "did you mean probed:step"
	strip -R .note.stapsdt -o none "$probed"
	bad "usdt:./none:step" "has no USDT probes" "uprobe:$tmp/none:FUNCTION"
	bad "usdt:$tmp/no-file:x" "does not exist"
	# Notes whose strings do not end where the note does.
	objcopy --dump-section .note.stapsdt=notes "$probed" "$tmp/copy"
	LC_ALL=C tr '\0' '\1' <notes >damaged
	dd if=notes of=damaged bs=1 count=52 conv=notrunc status=none
	objcopy --update-section .note.stapsdt=damaged "$probed" damaged.elf
	bad "usdt:./damaged.elf:step" "damaged"
	cat >f.c <<'END'
int f(struct pt_regs *ctx) { int n = 0; bpf_usdt_readarg(3, ctx, &n); return n; }
END
	bad "usdt:$probed:step" "cannot compile f.c: " "usdt:PATH:NAME"
	bad "uprobe:$probed:twice" "cannot compile f.c: " "usdt:PATH:NAME"
	run reprobe run f.c -a f="usdt:$probed:step" -a f="usdt:$probed:guarded" --for 1ms
	refused "one USDT probe" "a function for each"
}

# ---------------------------------------------------------------- sampling

profile() {
	hits_source
	hits profile:hz:100 -c "$probed --spin 1000"
	# A virtual machine that waits for its processor has fewer samples.
	between "samples of one second of processor time" 40 200 "$target"
	[ "$all" -ge "$target" ] || fail "more samples of the target ($target) than in all ($all)"
	# A processor that the host leaves idle may have no samples: each has something to do.
	local numbers
	numbers=$(seq -s ' ' 0 $(($(getconf _NPROCESSORS_ONLN) - 1)))
	hits profile:hz:100 -c "for cpu in $numbers; do taskset -c \$cpu $probed --spin 300 & done; wait"
	equal "CPUs" "$numbers " "$cpus"
	hits p:ms:5 -c "$probed --spin 500"
	between "samples every 5 ms" 40 140 "$target"
}

interval() {
	hits_source
	hits interval:ms:10 --for 1
	between "ticks" 30 $((took / 10 + 20)) "$all"
	equal "CPUs" 1 "$(wc -w <<<"$cpus")"
	hits i:hz:50 --for 1
	between "ticks" 15 $((took / 20 + 10)) "$all"
}

software() {
	hits_source
	local before after
	hits software:page-faults:1 -c "$probed --faults 1"
	before=$target
	hits software:page-faults:1 -c "$probed --faults 2001"
	after=$target
	# The shell and the program have faults of their own, always about as many.
	between "page faults" 1990 2010 $((after - before))
	# Each 100th of a processor: on a busy machine it may be another process's, so these are about as many.
	hits s:faults:100 -c "$probed --faults 20000"
	between "each 100th page fault" 130 270 "$target"
	hits software:cpu-clock:1000000 -c "$probed --spin 300"
	between "milliseconds of processor time" 120 420 "$target"
	hits software:context-switches:1 -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 0.001; done'
	[ "$target" -ge 9 ] || fail "expected 9 context switches and more, got $target"
}

hardware() {
	hits_source
	if ! reprobe list hardware 2>/dev/null | grep -q ':instructions$'; then
		run reprobe run hits.c -a f=hardware:instructions --for 1ms
		refused "does not count instructions" "virtual machines" software:cpu-clock
		run reprobe list hardware
		refused "no such counter"
		skip "this machine counts no instructions"
	fi
	hits hardware:instructions:1000000 -c "$probed --spin 100"
	between "millions of instructions" 10 10000 "$target"
}

bad_rates() {
	hits_source
	local most
	most=$(cat /proc/sys/kernel/perf_event_max_sample_rate)
	run reprobe run hits.c -a f="profile:hz:$((most + 1))" --for 1ms
	refused "at most $most times a second" perf_event_max_sample_rate
	run reprobe run hits.c -a f=software:no-such-event --for 1ms
	refused "no software event no-such-event"
}

# ---------------------------------------------------------------- tracing programs

# Where there is no fentry, that is said; tests/lab/test_fentry.sh has the rest.
no_fentry() {
	echo 'KFUNC_PROBE(vfs_unlink) { return 0; }' >f.c
	if reprobe list fentry >list 2>&1; then
		skip "this kernel has it"
	fi
	run reprobe run f.c --for 1ms
	refused "cannot attach fentry:vfs_unlink" "this kernel has no fentry" "reprobe lab"
	lacks "hint" "$err" kprobe: # nor has it kprobes
	contains "hint" "$err" tracepoint:syscalls:sys_enter_unlinkat
	run reprobe list fexit
	refused "this kernel has no fexit"
}

typed_tracepoint() {
	reprobe list tp_btf >list 2>&1 || skip "this kernel has none"
	cat >execs.c <<'END'
struct event { u32 pid, old; char file[64]; };
BPF_RINGBUF_OUTPUT(execs, 16);
BPF_PROG(tp_btf__sched_process_exec, struct task_struct *task, int old, struct linux_binprm *binary)
{
    struct event event = {.pid = task->tgid, .old = old};
    if (!is_target())
        return 0;
    bpf_probe_read_kernel_str(event.file, sizeof(event.file), binary->filename);
    execs.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
	run reprobe run --json execs.c -c 'exec spawn 5 >expected'
	status 0
	silent
	# spawn's own comes first, and that of the shell.
	equal "execs" "$(awk '{ print $1, $1, $4 }' expected)" \
		"$(jsonlines data.pid data.old data.file <out | tail -n 5 | tr '\t' ' ')"
	run reprobe list 'tp_btf:sched_process_exe?'
	equal "list" tp_btf:sched_process_exec "$out"
	run reprobe run execs.c -a tp_btf__sched_process_exec=tp_btf:sched_swich --for 1ms
	refused "has no tracepoint sched_swich" "did you mean sched_switch"
}

# ---------------------------------------------------------------- nothing stays

nothing_stays() {
	local before objects signal
	before=$(inventory)
	hits_source
	for signal in INT KILL; do
		start reprobe run hits.c -a f="uprobe:$probed:twice" -a f="uretprobe:$probed:twice" \
			-a f="usdt:$probed:guarded" -a f=profile:hz:9 -a f=software:cs -c 'touch started; sleep 1000'
		wait_in "it traces" test -e started
		rm started
		objects=$(held "$pid")
		kill -"$signal" "$pid"
		stopped
		released "$objects"
		unchanged "$before"
	done
}

t "arguments and results of a function" arguments_and_results
t "names of programs and libraries" names_of_files
t "an instruction" instruction
t "a process that runs already" running_already
t "a uprobe with -p is in that process only" one_process
t "uprobes that cannot be" bad_uprobes
t "two functions of one name" ambiguous
t "USDT probes" usdt
t "USDT probes that cannot be" bad_usdt
t "arguments of USDT probes that cannot be read" unread_usdt
t "profile" profile
t "interval" interval
t "software events" software
t "hardware events" hardware
t "rates and events that cannot be" bad_rates
t "no fentry" no_fentry
t "a tracepoint with typed arguments" typed_tracepoint
t "nothing stays" nothing_stays
finish
