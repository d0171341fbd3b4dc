#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every event is counted: produced = delivered + reported lost, under load and with slow readers.
. "$(dirname "$0")/../lib.sh"
need_root

many=$(as_many 10000)

# lost: how many events stderr says were lost
lost() {
	local n
	n=$(sed -n 's/^reprobe: \([0-9]*\) events\? lost: .*/\1/p' "$tmp/err")
	echo "${n:-0}"
}

# counts_add_up: for the rows in the file out of what spawn started, which is in the file expected
counts_add_up() {
	local produced
	produced=$(wc -l <expected)
	awk -v spawn="$(head -n 1 expected | cut -d' ' -f2)" '$2 == spawn { print $1, $2, $3, $4 }' out |
		sort >got
	local delivered
	delivered=$(wc -l <got)
	equal "produced = delivered + lost ($delivered + $(lost))" "$produced" $((delivered + $(lost)))
	# No row twice, none that was not produced.
	equal "rows that should not be" "" "$(sort expected | comm -13 - got | head -n 3)"
}

# The shell and spawn are events too; they come first, while there is room.
load='spawn $COUNT $PROGRAM exit >expected; :'

all_delivered() {
	COUNT=$many PROGRAM=$(command -v spawn) run execsnoop --transport "$1" --pages 4096 -c "$load"
	status 0
	equal "produced" "$many" "$(wc -l <expected)"
	counts_add_up
}

# Nobody reads the rows until all events have happened: the pipe fills, then the buffer.
nobody_reads() {
	local transport=$1 n
	n=$(as_many 3500)
	[ "$n" -ge 2000 ] || n=2000 # fewer may find room in the pipe and the buffer
	# A long path, so that it does not take many rows.
	local dir
	dir=$(printf 'd%.0s' {1..200})
	mkdir "$dir"
	cp "$(command -v spawn)" "$dir/spawn"
	mkfifo rows
	COUNT=$n PROGRAM=$PWD/$dir/spawn start sh -c \
		"exec execsnoop --transport $transport --pages 4 -c 'spawn \$COUNT \$PROGRAM exit >expected; : >done' >rows"
	exec 9<rows
	wait_in "all events happened" test -e "done"
	cat <&9 >got_rows
	exec 9<&-
	stopped
	status 0
	mv got_rows out
	[ "$(lost)" -gt 0 ] || fail "expected losses with a buffer that small, none were reported"
	contains "stderr" "$err" "hint: "
	# At most once a second, and the sum at the end.
	matches "messages" "$(grep -c '^reprobe: ' "$tmp/err")" '^[1-9][0-9]?$'
	counts_add_up
}

# A limit ends the run: what is left unread is not lost.
limit_is_no_loss() {
	COUNT=1000 PROGRAM=$(command -v spawn) run execsnoop --events 10 -c "$load"
	status 0
	equal "rows" 10 "$(($(wc -l <out) - 1))"
	equal "lost" 0 "$(lost)"
}

# numbers OUTPUT: the field of that name
numbers() { sed -n "s/^{\"output\":\"$1\".*\"number\":\([0-9]*\).*/\1/p" out; }

# Calls from one process as fast as it can, through both kinds of buffer at once.
flood() {
	local n=$((200000 / slow)) sum
	source_file flood.c <<'END'
struct event { u64 number; };
BPF_RINGBUF_OUTPUT(ring, 16);
BPF_PERF_OUTPUT(perf);
BPF_ARRAY(produced, u64, 1);
PROBE
{
    struct event event = {};
    int zero = 0;
    if (!is_target())
        return 0;
    u64 *count = produced.lookup(&zero);
    if (!count)
        return 0;
    event.number = ++*count;
    ring.ringbuf_output(&event, sizeof(event), 0);
    perf.perf_submit(args, &event, sizeof(event));
    return 0;
}
END
	run reprobe run --json flood.c -c "spawn --calls $n >expected"
	status 0
	local ring perf produced
	ring=$(grep -c '^{"output":"ring"' out)
	perf=$(grep -c '^{"output":"perf"' out)
	produced=$(sed -n 's/.*"map":"produced".*"value":\([0-9]*\).*/\1/p' out)
	equal "calls seen" "$n" "$produced"
	equal "2 * produced = delivered + lost ($ring + $perf + $(lost))" $((2 * n)) $((ring + perf + $(lost)))
	sum=$(jsonlines <out) || fail "not JSON" "$sum"
	# The ring buffer keeps the order; there is a perf buffer for each CPU.
	equal "numbers of ring" "" "$(numbers ring | awk '$1 <= last { print last, $1; exit } { last = $1 }')"
	equal "numbers of perf that came twice" "" "$(numbers perf | sort | uniq -d | head -n 3)"
}

for transport in ringbuf ringbuf-output perf; do
	t "$many execs are delivered or counted, $transport" all_delivered $transport
	t "a buffer too small and nobody reads, $transport" nobody_reads $transport
done
t "what a limit leaves is not lost" limit_is_no_loss
t "a flood through both kinds of buffer" flood
finish
