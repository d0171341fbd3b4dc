#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How often programs wake the reader of a ring buffer, and that no record waits for it in vain.
# How long a lone record takes: test_ringbench.sh.
. "$(dirname "$0")/../lib.sh"
need_root

# source_of SENDING: a program that numbers its records and sends each by that statement
source_of() {
	source_file calls.c <<END
struct event { u32 pid; u64 number; };
BPF_RINGBUF_OUTPUT(events, 4096);
BPF_ARRAY(sent, u64, 1);
PROBE
{
    int zero = 0;
    u64 *number = sent.lookup(&zero);
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (TARGET_PID != pid || !number)
        return 0;
    ++*number;
    $1
    return 0;
}
END
}
output='struct event e = {pid, *number}; events.ringbuf_output(&e, sizeof(e), 0);'
reserve='struct event *e = events.ringbuf_reserve(sizeof(*e));
    if (e) { e->pid = pid; e->number = *number; events.ringbuf_submit(e, 0); }'

# The process that is traced calls getpgid() when it is told to: "perl -e", since a shell does not.
caller='$| = 1; while (<STDIN>) { getpgrp($$) for 1..$_; print "$_" }'

# calls N: and waits until they are done
calls() {
	local answer
	echo "$1" >&"${COPROC[1]}"
	read -r -t "$limit" answer <&"${COPROC[0]}" || fail "the caller does not answer"
}

# tracing: the caller and reprobe on it are there
tracing() {
	coproc exec perl -e "$caller"
	start reprobe run calls.c -p "$COPROC_PID" --json
	wait_in "it traces" traced
}
traced() { calls 1 && grep -q number out; }

shown() { [ "$(grep -c number out)" -ge "$1" ]; }
sleeps() { awk '/^voluntary/ { print $2 }' "/proc/$pid/status"; }
ended() { kill -INT "$pid"; stopped; status 0; }

# A flood costs few wake-ups, and all of it shows without another record.
flood() {
	source_of "$1"
	tracing
	local n=$((300000 / slow)) before after seen start=$SECONDS
	seen=$(grep -c number out)
	before=$(sleeps)
	calls $n
	wait_for "all records show" shown $((seen + n))
	after=$(sleeps)
	# It looks by itself 200 times a second while records flow.
	[ $((after - before)) -lt $((n / 50 + 200 * (SECONDS - start + 1))) ] ||
		fail "$n records woke the reader $((after - before)) times in $((SECONDS - start)) s"
	ended
	silent
}

# Nobody looks at a ring buffer that nothing comes from, but for losses.
idle() {
	source_of "$output"
	tracing
	calls 1000
	wait_for "it sleeps" asleep
	local before seen
	before=$(sleeps)
	sleep 1
	# Once a second it looks whether records were lost.
	[ $(($(sleeps) - before)) -le 2 ] || fail "an idle second has $(($(sleeps) - before)) wake-ups"
	seen=$(grep -c number out)
	calls 1
	wait_for "a lone record shows" shown $((seen + 1))
	ended
}

# Whether it has slept for a while, but for nothing at all.
asleep() {
	local before
	before=$(sleeps)
	sleep 0.3
	[ "$(sleeps)" = "$before" ]
}

# Bursts and pauses of all lengths: whenever the caller is done, all shows soon.
bursts() {
	source_of "$1"
	tracing
	local total i
	total=$(grep -c number out)
	for i in 1 2 3 1 500 1 1 2000 1 40 1 1 7 1; do
		calls "$i"
		total=$((total + i))
		wait_for "$total records show" shown "$total"
		sleep "0.0$((i % 7))"
	done
	ended
	equal "numbers out of order" "" "$(sed -n 's/.*"number":\([0-9]*\).*/\1/p' out | awk '$1 != ++n' | head -n 2)"
}

# Flags of the author's own are the author's business.
own_flags() {
	source_of 'struct event e = {pid, *number};
    events.ringbuf_output(&e, sizeof(e), *number % 100 ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP);'
	coproc exec perl -e "$caller"
	start reprobe run calls.c -v -p "$COPROC_PID" --json
	wait_in "it traces" grep -q 'attached to' err
	local before
	before=$(sleeps)
	calls 99 # without a wake-up: only the look for losses, once a second, may take them along
	[ $(($(sleeps) - before)) -le $((5 * slow)) ] || fail "99 records woke the reader $(($(sleeps) - before)) times"
	calls 1
	wait_for "100 records show" shown 100
	calls 5
	ended
	equal "records, with those that were left at the end" 105 "$(grep -c number out)"
}
# Records so large that one held back would take the room of the next; 4 KiB is 1 page.
large() {
	source_of 'struct event *e = events.ringbuf_reserve(2000);
    if (e) { e->pid = pid; e->number = *number; events.ringbuf_submit(e, 0); }'
	sed -i 's/events, 4096/events, 1/' calls.c
	tracing
	local total=0 i
	total=$(grep -c number out)
	for i in 1 2 2 1 2 2 2 1; do
		calls "$i"
		total=$((total + i))
		wait_for "$total records show" shown "$total"
	done
	ended
	silent
}

t "a flood, reserve and submit" flood "$reserve"
t "an idle session sleeps" idle
t "bursts and pauses, reserve and submit" bursts "$reserve"
t "the author's own flags" own_flags
if [ "$slow" = 1 ]; then
	t "a flood, output" flood "$output"
	t "bursts and pauses, output" bursts "$output"
	t "records of half the buffer" large
fi
finish
