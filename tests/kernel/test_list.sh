#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# reprobe list and reprobe doctor.
. "$(dirname "$0")/../lib.sh"
need_root

everything() {
	run reprobe list
	status 0
	silent
	[ "$(wc -l <out)" -gt 1000 ] || fail "expected over 1000 places, got $(wc -l <out)"
	equal "lines that are not probes" "" \
		"$(grep -vE '^(kprobe|kretprobe|fentry|fexit|tracepoint|rawtracepoint|rawsyscall|tp_btf|software|hardware|iter|run|kprobe\.session|fmod_ret|lsm|xdp|tc|socket|cgroup):[^ ]+$' out | head -n 3)"
	contains "list" "$out" $'\ntracepoint:syscalls:sys_enter_openat\n' $'rawtracepoint:sched_process_exec\n'
	# Each place once.
	equal "twice in the list" "" "$(sort out | uniq -d | head -n 3)"
}

patterns() {
	run reprobe list tracepoint 'sched:sched_process_e*'
	status 0
	equal "matches" "tracepoint:sched:sched_process_exec tracepoint:sched:sched_process_exit" \
		"$(sort out | tr '\n' ' ' | sed 's/ $//')"
	run reprobe list 'rawtracepoint:sched_process_exec'
	equal "matches" "rawtracepoint:sched_process_exec" "$out"
	run reprobe list 'tracepoint:syscalls:sys_enter_getpg[ir]*'
	equal "matches" "tracepoint:syscalls:sys_enter_getpgid tracepoint:syscalls:sys_enter_getpgrp" \
		"$(sort out | tr '\n' ' ' | sed 's/ $//')"
	run reprobe list t 'sched:sched_switch'
	equal "matches" "tracepoint:sched:sched_switch" "$out"
}

# Whatever is listed, is there.
listed_is_there() {
	run reprobe list tracepoint
	equal "tracepoints" "$(sort /sys/kernel/tracing/available_events)" "$(sed 's/^tracepoint://' out | sort)"
}

nothing_matches() {
	run reprobe list tracepoint 'no_such:*'
	status 1
	equal "stdout" "" "$out"
	contains "stderr" "$err" 'no_such:*'
	run reprobe list krpobe
	refused 'krpobe' 'did you mean kprobe'
}

# A program or library has to be named: all that a machine has would be no list.
in_files() {
	run reprobe list 'uprobe:probed:t*e'
	status 0
	equal "matches" uprobe:probed:twice "$out"
	run reprobe list uretprobe 'probed:twice'
	status 0
	equal "matches" uretprobe:probed:twice "$out"
	run reprobe list 'u:c:mallo?'
	equal "matches" uprobe:c:malloc "$out"
	run reprobe list 'uprobe:*'
	refused "must begin with a program or library"
	run reprobe list uprobe
	refused "must begin with a program or library"
	run reprobe list 'uprobe:no-such-program:*'
	refused "no program no-such-program"
}

counters() {
	run reprobe list software
	status 0
	contains "list" "$out" software:page-faults software:cpu-clock
	run reprobe list 'software:*faults'
	equal "other matches" "" "$(grep -v 'faults$' out)"
	run reprobe list profile
	refused "any number makes one" profile:UNIT:NUMBER
}

kprobe_list() {
	if [ -z "$kprobes" ]; then
		run reprobe list kprobe
		refused "no kprobes" "reprobe lab"
		return
	fi
	run reprobe list kprobe 'vfs_unlin*'
	status 0
	equal "matches" kprobe:vfs_unlink "$out"
	run reprobe list 'kretprobe:vfs_unlink'
	equal "matches" kretprobe:vfs_unlink "$out"
}

closed_pipe() {
	start bash -c 'reprobe list 2>noise | head -n 1 >first'
	stopped
	equal "lines" 1 "$(wc -l <first)"
	equal "noise" "" "$(cat noise)"
}

doctor() {
	run reprobe doctor
	status 0
	silent
	contains "kernel" "$out" "Linux $(uname -r) "
	matches "bpf()" "$out" '^yes +bpf\(\) +a program loads'
	matches "BTF" "$out" '^yes +BTF +/sys/kernel/btf/vmlinux'
	matches "ring buffer" "$out" '^yes +ring buffer'
	matches "tracepoints" "$out" "^yes +tracepoints +$(wc -l </sys/kernel/tracing/available_events) of them"
	matches "kprobes" "$out" "^$([ -n "$kprobes" ] && echo yes || echo no) +kprobes"
	# What is missing says what it is needed for and what to do.
	equal "explanations" "$(grep -c '^no ' out)" "$(grep -c '^ *needed for: ' out)"
	equal "cures" "$(grep -c '^no ' out)" "$(grep -c '^ *what to do: ' out)"
}

# A program may call its functions anything; a file may be called anything.
nothing_raw() {
	objcopy --redefine-sym twice=$'tw\033[31mice' "$helpers/probed" "odd"
	run reprobe list 'uprobe:./odd:tw*'
	status 0
	equal "the function" 'uprobe:./odd:tw\x1b[31mice' "$(sed "s#uprobe:$tmp/#uprobe:./#" out)"
	run reprobe check $'no\033]0;title\007file.c'
	refused 'cannot read no\x1b]0;title\x07file.c'
	run reprobe run "$helpers/probed" -a $'f=uprobe:x\033[31m:y'
	! grep -q $'\033' out err || fail "expected no escape sequence" "$err"
}

t "everything" everything
t "patterns" patterns
t "tracepoints are those of the kernel" listed_is_there
t "nothing matches" nothing_matches
t "functions of a program" in_files
t "counters" counters
t "kprobes" kprobe_list
t "nothing raw" nothing_raw
t "| head -1" closed_pipe
t "doctor" doctor
finish
