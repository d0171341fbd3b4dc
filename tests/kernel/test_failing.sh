#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each system call, and each allocation, fails once: whatever fails, the program ends by itself, says why or does
# without, and leaves nothing. strace makes a system call fail, the library `failing` an allocation.
#   REPROBE_TEST_ALL  every one of them; else some, other ones for each program
. "$(dirname "$0")/../lib.sh"
need_root
command -v strace >/dev/null || skip "there is no strace"
strace -qq -o /dev/null -e trace=none true 2>/dev/null || skip "nobody may trace processes here"
export REPROBE_HISTORY=off LC_ALL=C.UTF-8
most=${REPROBE_TEST_ALL:+100000}
most=${most:-40}

# What cannot fail, or is the C library's own.
others='exit|exit_group|execve|arch_prctl|rt_sigreturn|set_tid_address|set_robust_list|rseq|rt_sigtimedwait|futex|sched_yield|brk|mprotect|rt_sigprocmask|vfork|clone|clone3|wait4|restart_syscall|nanosleep|clock_nanosleep|getpid|gettid|rt_sigaction|tgkill'

# ended_well WHAT: after a run in which WHAT failed
ended_well() {
	[ "$rc" != 124 ] && [ "$rc" != 137 ] || { fail "$1: it did not end" "$err"; return; }
	[ "$rc" != 127 ] || return # the dynamic linker ended it, as it does without memory
	[ "$rc" -lt 128 ] || { fail "$1: status $rc, a crash" "$err"; return; }
	[ "$rc" = 0 ] || grep -qE '^[a-z]+: .' err || fail "$1: status $rc, and no message" "$err"
	[[ $err != *AddressSanitizer* && $err != *"runtime error"* ]] || fail "$1: memory" "$err"
}

# calls_fail COMMAND…
calls_fail() {
	local number=0 name which count step
	strace -f -qq -o trace "$@" >/dev/null 2>&1
	# The dynamic linker's end with the first munmap(), of its cache.
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' trace |
		awk '{ ++seen[$1] } begun { print $1, seen[$1] } $1 == "munmap" { begun = 1 }' | grep -vE "^($others) " >calls
	count=$(wc -l <calls)
	[ "$count" -gt 50 ] || fail "expected more than 50 calls to fail, found $count"
	step=$((count / most + 1))
	while read -r name which; do
		number=$((number + 1))
		[ $((number % step)) = 0 ] || continue
		run timeout -k 1 60 strace -f -qq -o /dev/null -e trace="$name" \
			-e inject="$name:error=$([ $((number % 2)) = 0 ] && echo EIO || echo ENOMEM):when=$which" "$@"
		ended_well "call $which of $name()"
	done <calls
}

allocations_fail() {
	local count number step
	count=$(env FAILING_COUNT=1 LD_PRELOAD="$helpers/libfailing.so" "$@" 2>&1 >/dev/null | sed -n 's/^allocations: //p' | head -1)
	[ "${count:-0}" -gt 20 ] || fail "expected more than 20 allocations to fail, found ${count:-none}"
	step=$((count / most + 1))
	for ((number = step; number <= count; number += step)); do
		run timeout -k 1 60 env FAILING="$number" LD_PRELOAD="$helpers/libfailing.so" "$@"
		ended_well "allocation $number"
	done
}

source_file look.c <<'END'
BPF_HASH(calls, u32, u64);
PROBE { u32 zero = 0; if (is_target()) calls.increment(zero); return 0; }
END
mv look.c "$base/"
# What is compiled once need not be compiled again and again.
export REPROBE_CACHE=$base/cache
reprobe run --for 1ms "$base/look.c" >/dev/null 2>&1
reprobe --for 1ms -e 'count getpgid by comm' >/dev/null 2>&1
execsnoop --for 1ms >/dev/null 2>&1

before=$(inventory)
t "run: system calls" calls_fail reprobe run --for 1ms "$base/look.c" -c true
others+='|write' # a descriptor that only wakes the loop
t "the prompt: system calls" calls_fail reprobe --for 1ms -e 'count getpgid by comm'
t "execsnoop: system calls" calls_fail execsnoop --for 1ms -c true
t "run: allocations" allocations_fail reprobe run --for 1ms "$base/look.c"
t "the prompt: allocations" allocations_fail reprobe --for 1ms -e 'count getpgid by comm'
t "execsnoop: allocations" allocations_fail execsnoop --for 1ms
t "nothing stays" unchanged "$before"
finish
