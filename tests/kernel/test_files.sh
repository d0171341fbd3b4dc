#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files that are written: a device or a FIFO stays what it is, and what could not be written is told.
. "$(dirname "$0")/../lib.sh"
need_root

# nodes: what there may be at a path
nodes() {
	mknod null c 1 3 2>/dev/null && mknod full c 1 7 || skip "no devices can be made here"
	echo x 2>/dev/null >null || skip "devices do not work here"
	mkfifo fifo
	echo before >real
	ln -s real link
	ln -s null to_null
	echo 'TRACEPOINT_PROBE(sched, sched_process_exit) { return 0; }' >small.c
}
what_they_are() { stat -c '%n %F' null full fifo real link to_null | paste -sd,; }

# writes NAME COMMAND…, with FILE in place of the path: to all of them
writes() {
	local before file name=$1 status
	shift
	before=$(what_they_are)
	for file in null full fifo to_null; do
		run "${@//FILE/$tmp/$file}"
		status=1
		[ $file != null ] || status=0
		[ $file != to_null ] || status=$follows
		[ "$rc" = "$status" ] || fail "$name: expected status $status for $file, got $rc: $err"
	done
	run "${@//FILE/$tmp/full}"
	contains "$name" "$err" "cannot write" "full: No space left on device"
	run "${@//FILE/$tmp/fifo}"
	contains "$name" "$err" "fifo: nobody reads it"
	equal "$name: what they are" "$before" "$(what_they_are)"
	timeout 20 cat fifo >got &
	run "${@//FILE/$tmp/fifo}"
	wait $!
	status 0
	[ -s got ] || fail "$name: expected something from the FIFO"
	run "${@//FILE/$tmp/new}"
	status 0
	[ -s new ] || fail "$name: expected a new file"
	equal "$name: beside it" "" "$(find . -name 'new?*')"
	rm -f new
}

objects() {
	nodes
	follows=1 writes build reprobe build small.c -o FILE
	run reprobe build small.c -o to_null
	refused "it is a symbolic link to something that is not a regular file"
	run reprobe build small.c -o link
	status 0
	equal "what the link led to" before "$(cat real)"
	[ ! -L link ] || fail "expected that the link was replaced"
}

metrics() {
	nodes
	follows=1 writes metrics reprobe --metrics=FILE -e 'count tracepoint:sched:sched_process_exit' --for 10ms
}

saved() {
	nodes
	follows=0 writes save reprobe -e 'limit 7' -e 'save FILE'
	run reprobe -e 'limit 7' -e 'save link'
	status 0
	contains "what the link leads to" "$(cat real)" "limit 7"
	[ -L link ] || fail "expected that the link stays"
	chmod 640 real
	run reprobe -e 'limit 8' -e 'save real'
	equal "its mode" 640 "$(stat -c %a real)"
}

recorded() {
	nodes
	run reprobe -c true -e 'record full' -e 'trace sys_enter_openat filename' -e wait -e 'record off'
	status 1
	lacks "messages" "$err" "is complete"
	contains "messages" "$err" "cannot write full: No space left on device"
	run reprobe -c true -e 'record full' -e 'trace sys_enter_openat filename'
	status 1
	contains "messages" "$err" "cannot write full: No space left on device"
	run reprobe -c true -e 'record rows.csv' -e 'trace sys_enter_openat filename' -e wait -e 'record off'
	status 0
	contains "messages" "$err" "rows.csv is complete"
}

# No file that is opened later takes the place of a standard one.
closed() {
	local command
	for command in "reprobe -c true -e 'trace sys_enter_openat filename'" "execsnoop -c true" "reprobe list tracepoint"; do
		run bash -c "$command >&-"
		status 1
		contains "$command" "$err" "cannot write the output: standard output is closed"
	done
	run bash -c "reprobe -c true -e 'count sys_enter_openat' <&- 2>&-"
	status 0
	matches "counts" "$out" '^counts: [1-9]'
}

t "standard files that are closed" closed
t "object files" objects
t "metrics" metrics
t "save" saved
t "record" recorded
finish
