#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tools that print sums and stacks, against what the test did; runqlat and biopattern against those of
# libbpf-tools at the same time, too. The whole machine is traced: for the lab.
. "$(dirname "$0")/../lib.sh"
need_root

# The sum of the counts of a histogram that is drawn as text.
sum_of() { awk '/ -> / { split($0, part, ":"); sum += part[2] } END { print sum + 0 }' "$1"; }

# A process that goes to sleep so many times, once it is told to, and at last writes how often it did: where its time
# is over before it is off the processor it never slept.
sleeper() {
	gate
	perl -e 'sub slept { open(my $status, "<", "/proc/self/status"); return (grep { s/^voluntary\D+// } <$status>)[0] }
		open(my $go, "<", "go"); <$go>; my $before = slept();
		select(undef, undef, undef, 0.001) for 1 .. $ARGV[0]; print slept() - $before' "$1" >slept &
	sleeper=$!
}

waits() {
	sleeper 200
	start runqlat -v -p $sleeper
	attached_to 3
	stdbuf -oL /usr/sbin/runqlat -p $sleeper >theirs 2>/dev/null &
	local peer=$!
	wait_in "their runqlat traces" grep -q Tracing theirs
	echo >go
	wait $sleeper
	kill -INT $peer "$pid"
	wait $peer
	stopped
	status 0
	local ours theirs slept
	slept=$(cat slept)
	[ "$slept" -ge 150 ] || fail "expected a process that sleeps, it did $slept times"
	ours=$(sum_of out)
	theirs=$(sum_of theirs)
	echo "  runqlat: $ours waits, libbpf-tools' $theirs" >&2
	# Each sleep ends with one; it may be preempted besides.
	[ "$ours" -ge "$slept" ] || fail "expected at least $slept waits, got $ours" "$out"
	equal "waits" "$theirs" "$ours"
}

by_process() {
	sleeper 50
	start runqlat -v -P --json
	attached_to 3
	echo >go
	wait $sleeper
	kill -INT "$pid"
	stopped
	status 0
	grep "\"pid\":$sleeper," out >mine || fail "expected a histogram of process $sleeper" "$out"
	jsonlines pid unit <out >/dev/null || fail "not JSON" "$out"
	[ "$(grep -c . mine)" = 1 ] || fail "expected one histogram of it" "$(cat mine)"
}

disk() {
	modprobe loop 2>/dev/null
	dd if=/dev/zero of=/dev/shm/reprobe-disk bs=1M count=16 status=none
	disk=$(losetup -f --show /dev/shm/reprobe-disk) || skip "no loop device"
}

pattern() {
	disk
	local name=${disk#/dev/}
	start biopattern -v -d "$name"
	attached_to 1
	stdbuf -oL /usr/sbin/biopattern -d "$name" >theirs 2>/dev/null &
	local peer=$!
	wait_in "their biopattern traces" grep -q Tracing theirs
	# 64 in sequence, the first of which follows nothing, then 32 here and there.
	dd if="$disk" of=/dev/null bs=4k count=64 iflag=direct status=none
	for i in $(seq 32); do
		dd if="$disk" of=/dev/null bs=8k count=1 skip=$((i * 37 % 64 * 8)) iflag=direct status=none
	done
	kill -INT $peer
	wait $peer
	blkdiscard -f -o 8M -l 4M "$disk" # which moves no data
	kill -INT "$pid"
	stopped
	losetup -d "$disk"
	rm /dev/shm/reprobe-disk
	status 0
	equal "header" "DISK %RND %SEQ COUNT KBYTES" "$(awk 'NR == 1 { $1 = $1; print }' out)"
	equal "row" "$name 35 65 96 512" "$(awk 'NR == 2 { $1 = $1; print }' out)"
	# Theirs leaves out the first request.
	equal "libbpf-tools' row" "$name 95 508" "$(awk -v disk="$name" '$1 == disk { print $1, $4, $5 }' theirs)"
	run biopattern -d nosuchdisk
	equal "status" 64 "$rc"
	contains "stderr" "$err" "no disk \`nosuchdisk\`"
}

spins() {
	run profile -F 199 -f -c 'exec stacks spin 2000'
	status 0
	local all spins
	all=$(awk '/^stacks;/ { sum += $NF } END { print sum + 0 }' out)
	spins=$(awk '/;main;spin_outer;spin_inner/ { sum += $NF } END { print sum + 0 }' out)
	[ "$all" -ge 100 ] || fail "expected a sample each 5 ms, got $all" "$out"
	[ $((spins * 100)) -ge $((all * 80)) ] || fail "expected most samples in spin_inner, $spins of $all" "$out"
}

leaks() {
	run memleak -o 0 -T 1000 --json -c 'exec stacks leak 3000'
	status 0
	equal "leak_small" "1000	10" "$(grep '"stack":\["leak_small",' out | jsonlines bytes allocations)"
	equal "no_leak" "" "$(grep '"stack":\["no_leak",' out)"
}

# Pipes that are open are memory of the kernel's; when they are closed it is free.
kernel_leaks() {
	gate
	perl -e 'open(my $go, "<", "go"); <$go>; for (1 .. 200) { pipe($r[$_], $w[$_]) }
		open(my $done, ">", "opened"); close($done); <$go>; @r = @w = (); open($done, ">", "closed"); sleep(1000)' &
	exec 9>go
	start memleak -v -o 0 -T 100000 --json 2s
	attached_to 4
	echo >&9
	wait_in "pipes are open" test -e opened
	wait_in "a report of them" pipes_in out
	echo >&9
	wait_in "pipes are closed" test -e closed
	closed=$(wc -l <out)
	wait_in "two more reports" reports_after 3
	kill -INT "$pid"
	stopped
	status 0
	reports_after 2 >after # the report that had begun may still have them
	grep -q '"stack"' after || fail "expected a report after they were closed" "$out"
	pipes_in after && fail "expected them to be gone" "$(grep alloc_pipe_info after)"
	exec 9>&-
}

# reports_after N: what was reported after line $closed of out, from where some stack comes for the Nth time:
# each report has it once. Status 0: it came so often.
reports_after() {
	awk -v from="$closed" -v wanted="$1" 'NR <= from { next }
		{ stack = $0; sub(/.*"stack":/, "", stack); if (++times[stack] == wanted) on = 1 }
		on { print }
		END { exit !on }' out || { sleep 1; false; }
}

# Each has one of the allocations that alloc_pipe_info() makes.
pipes_in() {
	grep alloc_pipe_info "$1" | jsonlines allocations | awk '$1 >= 200 { found = 1 } END { exit !found }' ||
		{ sleep 1; false; }
}

t "runqlat counts the waits of a process, as libbpf-tools' does" waits
t "runqlat -P" by_process
t "biopattern sees what was read, as libbpf-tools' does" pattern
t "profile shows where a program spins" spins
t "memleak of a process" leaks
t "memleak of the kernel" kernel_leaks
finish
