#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# When a run begins and ends, and what is told of what was lost.
. "$(dirname "$0")/../lib.sh"
need_root

# --for begins when all that was asked is there; no line of a script is dropped.
time_begins_when_all_is_attached() {
	cat >script <<-'END'
		count sys_enter_getpgid if comm == "caller"
		wait 600ms
		count sys_exit_getpgid if comm == "caller"
		wait 600ms
		maps
	END
	cp "$helpers/spawn" caller
	bash -c 'while [ -e caller ] && ./caller --calls 50 >/dev/null; do :; done' &
	run reprobe --json -f script --for 500ms </dev/null
	kill %1
	status 0
	contains "all lines were run" "$err" '[1] ' '[2] '
	contains "the last" "$out" '"map":"counts"' '"probe":2'
	[ "$took" -ge 1700 ] || fail "two waits of 600 ms and 500 ms took $took ms"
	local counts
	mapfile -t counts < <(grep '"value"' out | jsonlines value)
	[ "${counts[0]:-0}" -ge 50 ] && [ "${counts[1]:-0}" -ge 50 ] || fail "both count for as long as was asked" "$out"
}

# A process that has ended is not to be taken for another one of its id.
ends_with_the_process() {
	gate
	bash -c 'read -r _ <go; exec spawn --calls 5 >/dev/null' &
	local other=$!
	start reprobe --json -p "$other" -e 'count getpgid'
	wait_in "it traces" grep -q '\[1\]' err
	echo >go
	stopped
	status 0
	equal "the prompt" 5 "$(jsonlines value <out)"
	contains "told" "$err" "reprobe: process $other has ended"
	source_file f.c <<-'END'
		BPF_ARRAY(calls, u64, 1);
		PROBE { if (is_target()) calls.increment(0); return 0; }
	END
	bash -c 'read -r _ <go; exec spawn --calls 6 >/dev/null' &
	other=$!
	start reprobe run --json -v f.c -p "$other"
	attached_to 1
	echo >go
	stopped
	status 0
	equal "reprobe run" 6 "$(jsonlines value <out)"
	sleep 0 &
	other=$!
	wait "$other"
	run reprobe -p "$other" -e 'count getpgid'
	refused "cannot trace process $other"
}

# Nobody would see what the command does.
failed_questions_start_nothing() {
	run reprobe -c 'touch started' -e 'trace openat filenam'
	status 1
	refused 'no field `filenam`'
	[ ! -e started ] || fail "the command was started"
	run reprobe -c 'touch started' -e 'trace openat filenam' -e 'count getpgid'
	status 1
	[ -e started ] || fail "one of two questions has an answer, and the command was not started"
}

# Of which question, and within a second. The reader is stopped meanwhile.
told() { grep -qE "$1" err; }
losses_are_told() {
	private spawn flooder >/dev/null
	start reprobe --json -e 'count sys_exit_getpgid' -e 'trace sys_enter_getpgid pid if comm == "flooder"' \
		-e 'hist sys_enter_getpgid *(int *)1 if comm == "flooder"'
	wait_in "it traces" told '^\[3\]'
	kill -STOP "$pid"
	./flooder --calls 40000 >/dev/null
	kill -CONT "$pid"
	wait_in "it tells of losses" told '^reprobe: \[2\] [0-9]+ rows? (was|were) lost: the buffer was full'
	wait_in "it tells of what it does not count" told '^reprobe: \[3\] [0-9]+ events were not counted so far: `\*\(int \*\)1` cannot be read'
	kill -INT "$pid"
	stopped
	status 0
	contains "of all, at the end" "$err" 'reprobe: [3] 40000 events were not counted: `*(int *)1` cannot be read'
	local rows lost
	rows=$(grep -c '"output":"events"' out)
	lost=$(sed -n 's/^reprobe: \[2\] \([0-9]*\) rows\{0,1\} .* lost.*/\1/p' err | awk '{ n += $1 } END { print n + 0 }')
	equal "rows and losses" 40000 $((rows + lost))
	matches "at the end" "$err" "^reprobe: $lost events? lost: the buffer was full \($rows delivered\)"
}

# What was recorded is in the file when it is killed.
records_are_kept() {
	private spawn recorded >/dev/null
	start reprobe -e 'record rows.json' -e 'trace sys_enter_getpgid if comm == "recorded"'
	wait_in "it traces" told '^\[1\]'
	./recorded --calls 7 >/dev/null
	wait_in "rows are in the file" eval '[ "$(wc -l <rows.json)" = 7 ]'
	kill -KILL "$pid"
	{ wait "$pid"; } 2>/dev/null
	equal "rows" 7 "$(grep -c '"output":"events"' rows.json)"
}

# A task may call itself as a line of the trace pipe looks.
who_wrote() {
	alone trace_pipe
	source_file f.c <<-'END'
		PROBE { if (is_target()) bpf_trace_printk("hello\n"); return 0; }
	END
	cp "$helpers/spawn" 'systemd-1 [000]'
	cp "$helpers/spawn" $'x\nsystemd-1 [00'
	run reprobe run --json f.c -c "'./systemd-1 [000]' --calls 1 >first; '"$'./x\nsystemd-1 [00'"' --calls 1 >second"
	status 0
	# The names are the kernel's notes, which are old or gone where many processes run: pids are not.
	equal "processes" "$(cut -d' ' -f1 first),$(cut -d' ' -f1 second)" \
		"$(sed -n 's/.*"task":"[^"]*","pid":\([0-9]*\),.*hello.*/\1/p' out | paste -sd,)"
}

# A program's functions have their names after its end, whatever the key, unless it ends at once.
stacks_of_the_past() {
	local work="exec $helpers/stacks spin 700"
	run reprobe --json -c "$work" -e 'profile 199'
	status 0
	contains "profile" "$out" '"spin_inner","spin_outer","main"'
	run reprobe --json -c "$work" -e 'profile 199 by cpu'
	status 0
	contains "by processor" "$out" 'main;spin_outer;spin_inner'
	run reprobe --json -c "LINGER=1 $helpers/callers --nest 2 >/dev/null" -e "stack uprobe:$helpers/callers:nest by arg0"
	status 0
	equal "by an argument" "main;nest 2,main;nest;nest 1,main;nest;nest;nest 0" \
		"$(grep user_stack out | sed 's/.*"user_stack":"[^"]*\(main;[^"]*\)".*"arg0":\([0-9]*\).*/\1 \2/' | sort | paste -sd,)"
	run reprobe --json -c "LINGER=1 $helpers/callers --jump 1" -e "trace uprobe:$helpers/callers:leap arg0 stack"
	status 0
	contains "in rows" "$(grep '"arg0":1' out)" '"stack":["leap",' 'main'
	run reprobe --json -c "LINGER=1 $helpers/callers --jump 3" -e "count uprobe:$helpers/callers:leap by stack"
	status 0
	contains "as a key" "$out" 'main;' 'leap'
	lacks "all have names" "$out" '[unknown]'
	lacks "and nothing is told" "$err" 'had ended'
	run reprobe --json -c "for i in 1 2 3 4 5 6 7 8 9 10; do $helpers/callers --jump 1; done" \
		-e "count uprobe:$helpers/callers:leap by stack, pid"
	status 0
	local without
	without=$(grep -v 'main;' out | jsonlines key.pid | sort -u | grep -c .)
	equal "of those that end at once it is told" "$without" \
		"$(sed -n 's/^reprobe: \[1\] \([0-9]*\) process.* had ended before anybody saw.*/\1/p' err | grep . || echo 0)"
}

t "--for begins when all is attached" time_begins_when_all_is_attached
t "-p ends with its process" ends_with_the_process
t "failed questions start nothing" failed_questions_start_nothing
t "losses are told" losses_are_told
t "records are kept" records_are_kept
t "who wrote to the trace pipe" who_wrote
t "stacks of processes that have ended" stacks_of_the_past
finish
