#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# runqlat and biopattern: what they sum up against what the test did, and against libbpf-tools' at
# the same time. The whole machine is traced: for the lab.
. "$(dirname "$0")/../lib.sh"
need_root

# The sum of the counts of a histogram that is drawn as text.
sum_of() { awk '/ -> / { split($0, part, ":"); sum += part[2] } END { print sum + 0 }' "$1"; }

# A process that goes to sleep so many times, once it is told to.
sleeper() {
	mkfifo go
	perl -e 'open(my $go, "<", "go"); <$go>; select(undef, undef, undef, 0.001) for 1 .. $ARGV[0]' "$1" &
	sleeper=$!
}

waits() {
	sleeper 200
	start runqlat -p $sleeper
	wait_in "it traces" attached_programs 3
	stdbuf -oL /usr/sbin/runqlat -p $sleeper >theirs 2>/dev/null &
	local peer=$!
	wait_in "their runqlat traces" grep -q Tracing theirs
	echo >go
	wait $sleeper
	kill -INT $peer "$pid"
	wait $peer
	stopped
	status 0
	local ours theirs
	ours=$(sum_of out)
	theirs=$(sum_of theirs)
	echo "  runqlat: $ours waits, libbpf-tools' $theirs" >&2
	# Each sleep ends with one; it may be preempted besides.
	[ "$ours" -ge 200 ] || fail "expected at least 200 waits, got $ours" "$out"
	equal "waits" "$theirs" "$ours"
}

# attached_programs N: the program that `start` started holds at least N loaded programs.
attached_programs() { [ "$(held "$pid" | grep -c prog)" -ge "$1" ]; }

by_process() {
	sleeper 50
	start runqlat -P --json
	wait_in "it traces" attached_programs 3
	sleep 1
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
	start biopattern -d "$name"
	wait_in "it traces" attached_programs 1
	stdbuf -oL /usr/sbin/biopattern -d "$name" >theirs 2>/dev/null &
	local peer=$!
	wait_in "their biopattern traces" grep -q Tracing theirs
	# 64 in sequence, the first of which follows nothing, then 32 here and there.
	dd if="$disk" of=/dev/null bs=4k count=64 iflag=direct status=none
	for i in $(seq 32); do
		dd if="$disk" of=/dev/null bs=8k count=1 skip=$((i * 37 % 64 * 8)) iflag=direct status=none
	done
	kill -INT $peer "$pid"
	wait $peer
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

t "runqlat counts the waits of a process, as libbpf-tools' does" waits
t "runqlat -P" by_process
t "biopattern sees what was read, as libbpf-tools' does" pattern
finish
