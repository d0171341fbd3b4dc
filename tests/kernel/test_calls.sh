#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Entry and return: each call is paired with its own return, or is told of. What the workload, tests/kernel/callers.c,
# does is known.
. "$(dirname "$0")/../lib.sh"
need_root
calls=$helpers/callers

# asked COMMAND LINE…: the prompt's answers as JSON.
asked() {
	local lines=() line
	for line in "${@:2}"; do lines+=(-e "$line"); done
	run reprobe --json -c "{ $1; } >/dev/null" "${lines[@]}"
	status 0
}
# How many are in the histogram, of all keys.
histogram() { grep '"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }'; }

calls_within_calls() {
	asked "$calls --nest 40" "count uprobe:$calls:nest by arg0, ret"
	equal "each with its own result" "$(for i in {0..40}; do echo "$i $((2 * i)) 1"; done)" \
		"$(jsonlines key.arg0 key.ret value <out | tr '\t' ' ' | sort -n)"
	equal "nothing was left out" "" "$(grep 'left out' err)"
	asked "$calls --nest 40" "latency uprobe:$calls:nest"
	equal "latency" 41 "$(histogram)"
}

# The kernel follows 64 of a thread's calls at a time; reprobe keeps 10240.
too_many_calls_within_calls() {
	asked "$calls --nest 99" "latency uprobe:$calls:nest"
	equal "latency" 64 "$(histogram)"
	contains "the others" "$err" '[1] 36 calls were left out: the return was not seen'
	asked "$calls --nest 10999" "latency uprobe:$calls:nest"
	equal "latency" 64 "$(histogram)"
	contains "the map is full" "$err" '[1] 760 calls were left out: the map start is full of calls that have not returned' \
		'[1] 10176 calls were left out: the return was not seen'
}

calls_that_are_left() {
	asked "$calls --jump 5" "latency uprobe:$calls:leap"
	equal "latency" 1 "$(histogram)"
	contains "the others" "$err" '[1] 5 calls were left out: the return was not seen'
	asked "$calls --jump 1" "trace uprobe:$calls:leap arg0 ret"
	equal "rows" "0 0" "$(grep '"arg0"' out | jsonlines data.arg0 data.ret | tr '\t' ' ')"
	contains "one" "$err" '[1] 1 call was left out: the return was not seen'
}

# A thread that runs a program gets the id of its process.
exec_from_a_thread() {
	asked "$calls --exec 5" 'latency execve by comm' 'count execve by comm if ret == 0'
	equal "latency" 5 "$(grep '"comm":"true"' out | grep '"histogram"' | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n }')"
	equal "count" 5 "$(grep '"comm":"true"},"value"' out | jsonlines value)"
	equal "nothing was left out" "" "$(grep 'left out' err)"
}

threads_that_die() {
	asked "$calls --die 7; $calls --sleep 3" 'latency exit' 'latency nanosleep'
	equal "latency" 10 "$(histogram)"
	contains "the others" "$err" '[1] 10 calls were left out: the return was not seen'
}

at_the_same_time() {
	asked "$calls --sleep 60" 'latency nanosleep'
	equal "calls" 60 "$(histogram)"
	equal "nothing was left out" "" "$(grep 'left out' err)"
	[ -n "$kprobes" ] || return 0
	asked "$calls --sleep 60" 'latency hrtimer_nanosleep if comm == "callers"'
	equal "calls of a function" 60 "$(histogram)"
	equal "nothing was left out" "" "$(grep 'left out' err)"
	asked "$calls --sleep 60" 'count sys_nanosleep by rqtp->tv_nsec, ret if duration >= 200ms && comm == "callers"'
	equal "calls of a syscall's function" "200000000 0 60" "$(jsonlines key.rqtp_tv_nsec key.ret value <out | tr '\t' ' ')"
	equal "nothing was left out" "" "$(grep 'left out' err)"
	# A kretprobe cannot wait for all of them.
	asked "$calls --sleep 60" 'count kprobe:hrtimer_nanosleep' 'count kretprobe:hrtimer_nanosleep' \
		'count kretprobe:hrtimer_nanoslee?'
	equal "entries" 60 "$(grep '"map":"1.counts"' out | jsonlines value)"
	local n seen missed
	for n in 2 3; do
		seen=$(grep "\"map\":\"$n.counts\"" out | jsonlines value)
		missed=$(sed -n "s/^reprobe: \[$n\] \([0-9]*\) returns were missed: more calls.*/\1/p" err)
		[ $((seen + missed)) -ge 60 ] || fail "$n: $seen returns were seen and $missed missed, of 60" "$err"
	done
	# A file's program, too, while it runs and at the end.
	echo 'BPF_ARRAY(n, u64, 1); int kretprobe__hrtimer_nanosleep(void *ctx) { if (is_target()) n.increment(0); return 0; }' >returns.c
	run reprobe run returns.c -c "$calls --sleep 60 >/dev/null; sleep 2"
	status 0
	matches "so far" "$err" '^reprobe: [0-9]+ returns were missed so far: more calls went on at a time than a kretprobe can wait for$'
	seen=${out#n: }
	missed=$(sed -n 's/^reprobe: \([0-9]*\) returns were missed: more calls.*/\1/p' err)
	[ $((seen + missed)) -ge 60 ] || fail "$seen returns were seen and $missed missed, of 60" "$err"
}

# A kprobe that is hit while another one is handled.
missed_by_the_kernel() {
	[ -n "$kprobes" ] || skip "this kernel has no kprobes"
	alone trace_pipe
	cat >script <<-'END'
		count kprobe:bpf_bprintf_prepare
		c
		int kprobe__sys_getpgid(struct pt_regs *ctx)
		{
		    if (is_target())
		        bpf_trace_printk("hello\n");
		    return 0;
		}
		.
	END
	run reprobe --json -f script -c 'spawn --calls 20 >/dev/null' </dev/null
	status 0
	equal "rows" 20 "$(grep -c hello out)"
	matches "told" "$err" '^reprobe: \[1\] [0-9]+ events were missed: a BPF program was running on that processor already$'
	[ "$(sed -n 's/^reprobe: \[1\] \([0-9]*\) events were missed.*/\1/p' err)" -ge 20 ] || fail "fewer than 20 in" "$err"
}

# returns SIZE: the read of that many bytes returns, and the next one goes on.
cat_returns() {
	cat <<-'END'
		head -c "$1" /dev/zero >"${0%/*}/fifo"
		until grep -q "^0 0x0 0x[0-9a-f]* 0x$(printf %x $(($1 + 1))) " "/proc/$(cat "${0%/*}/pid")/syscall"; do sleep 0.01; done
	END
}

# calls_after_a_gap QUESTION GAP BACK WHAT: of reads of 1, 2, 3… bytes, each returns as much. The one of 3 bytes ends, and that
# of 4 begins, between the two lines: neither is seen whole.
calls_after_a_gap() {
	mkfifo fifo
	exec 7<>fifo
	cat_returns >returns
	$calls --reads 6 <fifo &
	echo $! >pid
	run reprobe -p $! --json -e "$1" -e "! sh $tmp/returns 1" -e "! sh $tmp/returns 2" -e "$2" -e "! sh $tmp/returns 3" -e "$3" \
		-e "! sh $tmp/returns 4" -e "! sh $tmp/returns 5" -e "! head -c 6 /dev/zero >$tmp/fifo"
	status 0
	equal "calls" "2 2 1
5 5 1
6 6 1" "$(grep '"ret"' out | jsonlines key.count key.ret value | tr '\t' ' ' | sort)"
	contains "of 3 bytes" "$err" "[1] $4"
}

# Of an edit nothing is missed: the C is the same but for its comment.
calls_of_edited_programs() {
	mkfifo fifo
	exec 7<>fifo
	cat_returns >returns
	$calls --reads 3 <fifo &
	echo $! >pid
	echo 'echo "/* edited */" >>"$1"' >editor
	EDITOR="sh $tmp/editor" run reprobe -p $! --json -e 'count sys_enter_read by count, ret if fd == 0' -e "! sh $tmp/returns 1" \
		-e "! sh $tmp/returns 2" -e 'edit 1' -e "! head -c 3 /dev/zero >$tmp/fifo"
	status 0
	equal "calls" "2 2 1
3 3 1" "$(grep '"ret"' out | jsonlines key.count key.ret value | tr '\t' ' ' | sort)"
}

# A seccomp filter comes before the entry: such a call has only a return.
calls_that_seccomp_refuses() {
	asked "$calls --refused 5" 'trace setpgid pgid ret' 'count setpgid by ret' 'latency setpgid' \
		'count setpgid by pgid, ret if pgid < 0'
	equal "rows" "-7 -22 -7 -22 -7 -22 -7 -22 -7 -22 0 0" "$(grep '"event' out | jsonlines data.pgid data.ret | xargs)"
	equal "by ret alone" "-1 5 -22 5 0 1" "$(grep "2.counts" out | jsonlines key.ret value | sort | xargs)"
	equal "latency" 6 "$(histogram)"
	equal "with a condition" "-7 -22 5" "$(grep '4.counts' out | jsonlines key.pgid key.ret value | xargs)"
	contains "told" "$err" '[1] 5 calls were left out: a seccomp filter refused before the entry' \
		'[3] 5 calls were left out: a seccomp filter refused before the entry' \
		'[4] 5 calls may be missing: the condition or a seccomp filter refused'
	lacks "by ret" "$err" "[2] 5" "[2] 1"
	# Of another process.
	$calls --refused 3
	asked "$calls --refused 1" 'trace setpgid pgid ret'
	contains "one" "$err" '[1] 1 call was left out: a seccomp filter refused before the entry'
}

t "calls within calls" calls_within_calls
t "too many calls within calls" too_many_calls_within_calls
t "calls that are left by longjmp()" calls_that_are_left
t "a thread that runs a program" exec_from_a_thread
t "threads that die in a call" threads_that_die
t "many calls at the same time" at_the_same_time
unreturned='1 call was left out: the return was not seen'
by='by count, ret if fd == 0'
t "calls at a pause" calls_after_a_gap "count sys_enter_read $by" 'pause 1' 'resume 1' "$unreturned"
t "starts and ends at a pause" calls_after_a_gap "count sys_enter_read..sys_exit_read $by" 'pause 1' 'resume 1' \
	'1 start was left out: the end was not seen'
t "calls at a move" calls_after_a_gap "count sys_enter_read $by" 'retarget 1 sys_enter_write' 'retarget 1 sys_enter_read' \
	"$unreturned"
t "calls at a move to other C" calls_after_a_gap 'count sys_enter_read by count, ret' 'retarget 1 sys_enter_sendfile64' \
	'retarget 1 sys_enter_read' "$unreturned"
t "calls of a program that is edited" calls_of_edited_programs
t "calls that a seccomp filter refuses" calls_that_seccomp_refuses
t "events that the kernel missed" missed_by_the_kernel
finish
