#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hello: the trace pipe, parsed.
. "$(dirname "$0")/../lib.sh"
need_root

text() {
	alone trace_pipe
	run hello --events 3 -c 'echo $$ >child; exec cat /dev/null /dev/null /dev/null /dev/null'
	status 0
	equal "header" "TASK PID CPU TIME(s) MESSAGE" "$(head -n 1 out | tr -s ' ')"
	equal "rows" 3 "$(grep -c ' Hello, World!$' out)"
	equal "pids" "$(cat child)" "$(awk 'NR > 1 { print $2 }' out | sort -u)"
	awk -v up="$(cut -d' ' -f1 /proc/uptime)" \
		'NR > 1 { if ($4 > up + 1 || $4 < up - 600 || $4 < last || $3 !~ /^[0-9]+$/) exit 1; last = $4 }' out ||
		fail "expected times since boot, in order, and CPU numbers" "$out"
	if [ -n "$kprobes" ]; then
		silent
	else
		contains "stderr" "$err" "no kprobes" "using tracepoint:syscalls:sys_enter_openat"
	fi
}

json() {
	alone trace_pipe
	run hello --json --events 2 -c 'echo $$ >child; exec cat /dev/null'
	status 0
	equal "pid and message" "$(cat child) Hello, World!
$(cat child) Hello, World!" "$(jsonlines pid message <out | tr '\t' ' ')"
	jsonlines task pid cpu time message <out >fields || fail "not JSON" "$(cat fields)"
	lacks "fields" "$(cat fields)" $'\t-'
}

# Every open is one line: none lost, none of anyone else.
all_lines() {
	alone trace_pipe
	mkdir files
	touch files/{1..50}
	run hello -c 'for f in files/*; do : <$f; done'
	status 0
	[ "$(grep -c 'Hello, World!$' out)" -ge 50 ] || fail "expected 50 lines or more" "$out"
}

t "rows" text
t "--json" json
t "a line for each file that is opened" all_lines
finish
