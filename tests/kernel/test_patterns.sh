#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Specs that are patterns, of tracepoints and of functions in programs: what each match counts
# against what the command did.
. "$(dirname "$0")/../lib.sh"
need_root

# counted SPEC: its count in the last run's output
counted() { awk -v spec="$1" '$2 == spec { print $1 }' out; }
# A program that nobody else runs: a probe in a file is one in all processes that use it.

tracepoints() {
	run matches 'tracepoint:syscalls:sys_enter_get*' 'spawn --calls 12'
	status 0
	silent
	equal "getpgid" 12 "$(counted tracepoint:syscalls:sys_enter_getpgid)"
	local there
	there=$(reprobe list 'tracepoint:syscalls:sys_enter_get*' | wc -l)
	matches "summary" "$(tail -n 1 out)" "^matches $there $there one-by-one "
	lacks "numbers" "$out" "none"
	matches "places" "$out" '^[0-9]+ tracepoint:syscalls:sys_enter_get(ui|pi|ppi)d$'
}

# Letters, one character, ranges: as a shell has it; kinds by their short names.
wildcards() {
	run matches 't:syscalls:sys_e*_getpg[a-i]d' 'spawn --calls 3'
	status 0
	equal "counts" "3 tracepoint:syscalls:sys_enter_getpgid 3 tracepoint:syscalls:sys_exit_getpgid" \
		"$(grep getpgid out | sort | tr '\n' ' ' | sed 's/ $//')"
	run matches 'tracepoint:sysc?lls:sys_enter_getpgid' 'spawn --calls 3'
	equal "one place" 3 "$(counted tracepoint:syscalls:sys_enter_getpgid)"
	matches "summary" "$(tail -n 1 out)" "^matches 1 1 "
}

functions() {
	local program
	program=$(private probed)
	run matches "uprobe:$program:[s-t][tw]*" "$program --calls 7 >/dev/null; $program --usdt 6 >/dev/null"
	status 0
	silent
	equal "twice" 7 "$(counted "uprobe:$program:twice")"
	equal "odd and even steps" "3 3" "$(counted "uprobe:$program:step_here") $(counted "uprobe:$program:step_there")"
	run matches "uretprobe:$program:t*" "$program --calls 7 >/dev/null"
	status 0
	equal "returns of twice" 7 "$(counted "uretprobe:$program:twice")"
}

has_link() { held "$1" | grep -q link; }

# Of one process: another one that runs the same program does not count, and is not slowed down.
functions_of_a_process() {
	local program other
	program=$(private probed)
	echo 'BPF_ARRAY(hits, u64, 1); int f(void *ctx) { hits.increment(0); return 0; }' >f.c
	gate
	bash -c 'read -r _ <go; exec "$0" --calls 5' "$program" >/dev/null &
	other=$!
	start reprobe run f.c -a "f=uprobe:$program:tw*" -p "$other"
	wait_in "it traces" has_link "$pid"
	"$program" --calls 9 >/dev/null
	echo >go
	wait "$other"
	kill -INT "$pid"
	stopped
	status 0
	equal "hits" "hits: 5" "$out"
}

# A pattern's probe moves like any other: to more places, to fewer, to one.
moves() {
	local program
	run matches 'tracepoint:syscalls:sys_exit_getp*' 'spawn --calls 6' 'tracepoint:syscalls:sys_enter_getpgi*'
	status 0
	silent
	equal "counts" "6 tracepoint:syscalls:sys_enter_getpgid" "$(grep tracepoint out)"
	run matches 'tracepoint:syscalls:sys_enter_getpgid' 'spawn --calls 6' 'tracepoint:syscalls:sys_*_getpgi*'
	equal "counts of both ends" $'6\n6' "$(awk '/getpgid/ { print $1 }' out)"
	run matches 'tracepoint:syscalls:sys_*_getpgi*' 'spawn --calls 6' 'tracepoint:syscalls:sys_exit_getpgid'
	equal "counts of one place" "6 tracepoint:syscalls:sys_exit_getpgid" "$(grep tracepoint out)"
	program=$(private probed)
	run matches "uprobe:$program:step*" "$program --calls 4 >/dev/null; $program --usdt 8 >/dev/null" "uretprobe:$program:tw*"
	equal "counts of returns" "4 uretprobe:$program:twice" "$(grep probed out)"
	run matches 'tracepoint:syscalls:sys_enter_getpgid' true "uprobe:$program:tw*"
	refused "different types"
	run matches 'tracepoint:syscalls:sys_enter_getpgid' true 'tracepoint:syscalls:sys_enter_getpgdi*'
	refused "did you mean"
}

run_prints() {
	cat >f.c <<'EOF'
BPF_HASH(counts, u64, u64);
int f(void *ctx)
{
    u64 place = bpf_get_attach_cookie(ctx);
    if (is_target())
        counts.increment(place);
    return 0;
}
EOF
	run reprobe run --json f.c -a 'f=tracepoint:syscalls:sys_enter_getpgi[d]' -c 'spawn --calls 4 >/dev/null'
	status 0
	silent
	equal "counts" "0	4" "$(jsonlines key value <out)"
	run reprobe run -v f.c -a 'f=tracepoint:syscalls:sys_*_getpgid' --for 1ms
	contains "matches" "$err" "match 0 is tracepoint:syscalls:sys_e" "match 1 is tracepoint:syscalls:sys_e"
	lacks "places" "$err" "place 2"
}

nothing_matches() {
	echo 'int f(void *ctx) { return 0; }' >f.c
	run reprobe run f.c -a 'f=tracepoint:syscalls:sys_enter_getpgdi*' --for 1ms
	refused "tracepoint:syscalls:sys_enter_getpgdi*" "did you mean tracepoint:syscalls:sys_enter_getpgid*"
	run reprobe run f.c -a 'f=tracepoint:shced:*' --for 1ms
	refused "did you mean tracepoint:sched:*?"
	run reprobe run f.c -a "f=uprobe:$helpers/probed:twic?s" --for 1ms
	refused "did you mean uprobe:$helpers/probed:twice"
	run reprobe run f.c -a 'f=tracepoint:*no_such_thing*' --for 1ms
	refused "it has no matches" "reprobe list 'tracepoint:*PART*'"
}

not_a_pattern() {
	echo 'int f(void *ctx) { return 0; }' >f.c
	run reprobe run f.c -a 'f=rawtracepoint:sched_*' --for 1ms
	refused "a probe of kind rawtracepoint has one attach point" "patterns work with kprobe"
	run reprobe run f.c -a 'f=profile:hz:*' --for 1ms
	refused "a probe of kind profile has one attach point"
	run reprobe run f.c -a 'f=uprobe:/bin/*:main' --for 1ms
	refused "begin with one program or library"
	run reprobe run f.c -a 'f=sched*' --for 1ms
	refused "it has no colon"
	run reprobe run f.c -a 'f=kprob:vfs_*' --for 1ms
	refused "unknown probe kind" "kprobe"
	[ -n "$kprobes" ] && return
	run reprobe run f.c -a 'f=kprobe:vfs_*' --for 1ms
	refused "has no kprobes"
}

# What only some of the tracepoints have.
beyond_the_fields() {
	cat >f.c <<'EOF'
BPF_ARRAY(last, u64, 1);
struct long_event { u64 words[12]; };
int f(struct long_event *event)
{
    u64 word = event->words[11];
    last.update(&(int){0}, &word);
    return 0;
}
EOF
	run reprobe run f.c -a 'f=tracepoint:syscalls:sys_enter_getpgi*' --for 1ms
	refused "beyond the fields"
}

too_few_descriptors() {
	echo 'int f(void *ctx) { return 0; }' >f.c
	run bash -c 'ulimit -n 64; exec reprobe run f.c -a "f=tracepoint:syscalls:sys_enter_get*" --for 1ms'
	refused "matches, and each takes two descriptors" "ulimit -n"
	# The soft limit is raised as far as needed.
	run bash -c 'ulimit -Sn 48; exec matches "tracepoint:syscalls:sys_enter_get*" "spawn --calls 2"'
	status 0
	equal "getpgid" 2 "$(counted tracepoint:syscalls:sys_enter_getpgid)"
}

killed() {
	local before objects program
	before=$(inventory)
	program=$(private probed)
	echo 'BPF_ARRAY(hits, u64, 1); int f(void *ctx) { if (is_target()) hits.increment(0); return 0; }' >f.c
	start reprobe run f.c -a 'f=tracepoint:syscalls:sys_*_getpgid' -a "f=uprobe:$program:*" -c 'touch started; sleep 1000'
	wait_in "it traces" test -e started
	objects=$(held "$pid")
	contains "what it holds" "$objects" "link"
	kill -KILL "$pid"
	stopped
	released "$objects"
	unchanged "$before"
}

t "tracepoints" tracepoints
t "all wildcards of a shell" wildcards
t "functions of a program" functions
t "functions in one process" functions_of_a_process
t "moving" moves
t "reprobe run" run_prints
t "patterns that match nothing" nothing_matches
t "what is not a pattern" not_a_pattern
t "more than all of them have" beyond_the_fields
t "too few descriptors" too_few_descriptors
t "kill -9 leaves nothing" killed
finish
