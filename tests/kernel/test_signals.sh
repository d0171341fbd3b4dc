#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# However a program ends, nothing of it stays: no BPF program, map, link, probe, temporary directory
# or child process.
. "$(dirname "$0")/../lib.sh"
need_root

source_with_map() {
	source_file count.c <<'END'
BPF_HASH(calls, u32, u64);
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    if (!is_target())
        return 0;
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    calls.increment(pid);
    events.ringbuf_output(&pid, sizeof(pid), 0);
    return 0;
}
END
}

# Starts `reprobe run` on count.c with a command that makes one call and then waits.
start_run() {
	source_with_map
	start reprobe run count.c -c 'spawn --calls 1 >called; echo $$ >child; exec sleep 1000'
	wait_in "the command runs" test -s child
	wait_in "its event is printed" test -s out
	child=$(cat child)
	objects=$(held "$pid")
}

nothing_left() {
	released "$objects"
	equal "temporary directories" "" "$(trees "$pid")"
	wait_for "the command (process $child) is gone" gone "$child" || kill -KILL "$child"
	unchanged "$before"
}

# ends_well SIGNAL [GROUP]: to the program alone, or to its whole process group as Ctrl-C does
ends_well() {
	local before objects child
	before=$(inventory)
	start_run
	kill -s "$1" -- "${2-}$pid"
	stopped
	status 0
	contains "maps" "$out" "calls:" "$(cut -d' ' -f1 called) "
	lacks "stderr" "$err" "reprobe: cannot"
	nothing_left
}

killed() {
	local before objects child
	before=$(inventory)
	start_run
	kill -KILL "$pid"
	stopped
	status 137
	nothing_left
}

# signalled_while_compiling SIGNAL STATUS: the tree of headers is there while it compiles
signalled_while_compiling() {
	local before objects
	before=$(inventory)
	source_with_map
	# Many functions, so that compiling takes a while.
	for i in $(seq $((300 / slow))); do
		echo "int f$i(void *ctx) { u32 k = $i; u64 *v = calls.lookup(&k); return v ? *v : 0; }"
	done >>count.c
	start reprobe run count.c
	wait_in "it compiles" trees "$pid"
	objects=$(held "$pid")
	kill -s "$1" "$pid"
	stopped
	status "$2"
	[ -z "$objects" ] || released "$objects"
	unchanged "$before"
	[ "$1" = KILL ] || equal "temporary directories" "" "$(trees "$pid")"
	local killed=$pid
	run reprobe check count.c
	equal "temporary directories after the next run" "" "$(trees "$killed")"
}

# Errors half-way: what was attached before the error is detached.
failed_attach() {
	local before
	before=$(inventory)
	source_file count.c <<'END'
BPF_HASH(calls, u32, u64);
PROBE { u32 k = 1; calls.increment(k); return 0; }
int other(void *ctx) { return 0; }
END
	run reprobe run count.c -a other=tracepoint:nowhere:nothing
	refused "nowhere"
	unchanged "$before"
	equal "temporary directories" "" "$(compgen -G '/dev/shm/reprobe-tree.*' | while read -r tree; do
		tree=${tree#*tree.}
		[ -d "/proc/${tree%%.*}" ] || echo "$tree"
	done)"
}

# The command is a shell that waits for another process: both end.
whole_command() {
	start execsnoop -c 'sleep 1000 & echo $! >grandchild; echo $$ >child; wait; :'
	wait_in "the command runs" test -s child
	kill -TERM "$pid"
	stopped
	status 0
	wait_for "the command is gone" gone "$(cat child)"
	local grandchild
	grandchild=$(cat grandchild)
	gone "$grandchild" || { fail "expected what the command started (process $grandchild) to end too"; kill "$grandchild"; }
}

# A command that never started does not start because its tracer fails or dies.
command_not_run() {
	echo 'no C' >bad.c
	run reprobe run bad.c -c 'touch ran'
	status 1
	[ ! -e ran ] || fail "expected the command not to run"
}

hello_ends() {
	local before objects
	alone trace_pipe
	before=$(inventory)
	start hello -p $$
	attached
	objects=$(held "$pid")
	kill -s "$1" "$pid"
	stopped
	released "$objects"
	unchanged "$before"
	[ "$1" = KILL ] || status 0
}

t "Ctrl-C ends it well and prints the maps" ends_well INT -
t "SIGINT to it alone ends it well" ends_well INT
t "SIGTERM ends it well" ends_well TERM
t "SIGHUP ends it well" ends_well HUP
t "kill -9 leaves nothing" killed
t "SIGINT while compiling leaves nothing" signalled_while_compiling INT 0
t "SIGTERM while compiling leaves nothing" signalled_while_compiling TERM 0
t "kill -9 while compiling leaves nothing that the next run does not remove" signalled_while_compiling KILL 137
t "an error half-way leaves nothing" failed_attach
t "SIGTERM ends what the command started" whole_command
t "a command does not run when there is an error" command_not_run
t "hello, SIGTERM" hello_ends TERM
t "hello, kill -9" hello_ends KILL
finish
