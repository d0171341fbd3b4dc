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

# ended_by SIGNAL NUMBER: the process has ended by it, soon. How soon is told, not asserted: it depends on the machine.
ended_by() {
	local from=${EPOCHREALTIME/[.,]/}
	kill -s "$1" "$pid"
	stopped
	echo "     $(((${EPOCHREALTIME/[.,]/} - from) / 1000)) ms" >&2
	status $((128 + $2))
}

# Where there is no loop that could take a signal: nothing to read comes, or the text has no end.
before_the_loop() {
	local before signal number
	before=$(inventory)
	mkfifo fifo held
	local held
	exec {held}<>held # it has a writer, which says nothing
	while read -r signal number; do
		start reprobe run fifo -c 'touch ran'
		wait_in "it reads the FIFO" sleeping "$pid"
		ended_by "$signal" "$number"
		start reprobe -f fifo
		wait_in "it reads the FIFO" sleeping "$pid"
		ended_by "$signal" "$number"
		command='reprobe run -'
		setsid env --default-signal=INT reprobe run - -c 'touch ran' <&$held >out 2>err &
		pid=$!
		wait_in "it reads its standard input" sleeping "$pid"
		ended_by "$signal" "$number"
	done <<-END
		INT 2
		TERM 15
		HUP 1
	END
	[ ! -e ran ] || fail "expected the command not to run"
	unchanged "$before"
}
sleeping() { [ "$(sed 's/.*) //' "/proc/$1/stat" | cut -c1)" = S ] && grep -q reprobe "/proc/$1/comm"; }

# Who reads its output has stopped: the loop waits in write(2) for good.
nobody_reads() {
	local before signal number
	before=$(inventory)
	source_file flood.c <<'END'
BPF_RINGBUF_OUTPUT(events, 64);
PROBE
{
    char text[256] = {};
    __builtin_memset(text, 'x', 255); // a few hundred fill the pipe
    if (is_target())
        events.ringbuf_output(text, sizeof(text), 0);
    return 0;
}
END
	while read -r signal number; do
		rm -f pipe
		mkfifo pipe
		: >out
		sh -c 'exec sleep 1000' <pipe & # it opens the pipe, and reads nothing
		local reader=$!
		command='reprobe run flood.c'
		setsid env --default-signal=INT reprobe run flood.c -c 'exec spawn --calls 100000 >called' >pipe 2>err &
		pid=$!
		wait_in "the pipe is full" writing "$pid"
		ended_by "$signal" "$number"
		kill $reader
	done <<-END
		INT 2
		TERM 15
	END
	unchanged "$before"
}
writing() { [[ $(cut -d' ' -f1 "/proc/$1/syscall") = 1 ]]; }

# at_any_moment SIGNAL COMMAND…: sent at moments all over the time that it takes until it traces, and a bit more.
# Each ends it; nothing of it stays. REPROBE_TEST_ALL: 300 moments of each.
at_any_moment() {
	local signal=$1 moments=${REPROBE_TEST_ALL:+300} i before whole
	shift
	moments=${moments:-6}
	before=$(inventory)
	run "$@" --for 1ms
	whole=$took
	for ((i = 1; i <= moments; i++)); do
		start "$@" -c 'exec sleep 1000'
		sleep "$(awk -v ms=$((whole * i * 12 / 10 / moments)) 'BEGIN { print ms / 1000 }')"
		kill -s "$signal" "$pid"
		stopped
		[ "$rc" = 0 ] || equal "status at moment $i of $moments" $((128 + $(kill -l "$signal"))) "$rc"
		equal "temporary directories" "" "$(trees "$pid")"
		[ -z "$err" ] || lacks "moment $i of $moments" "$err" "reprobe: cannot"
	done
	unchanged "$before"
}

t "Ctrl-C ends it well and prints the maps" ends_well INT -
t "SIGINT to it alone ends it well" ends_well INT
t "SIGTERM ends it well" ends_well TERM
t "SIGHUP ends it well" ends_well HUP
t "kill -9 leaves nothing" killed
t "SIGINT while compiling leaves nothing" signalled_while_compiling INT 130
t "SIGTERM while compiling leaves nothing" signalled_while_compiling TERM 143
t "a source that does not come" before_the_loop
t "output that nobody reads" nobody_reads
t "kill -9 while compiling leaves nothing that the next run does not remove" signalled_while_compiling KILL 137
t "an error half-way leaves nothing" failed_attach
t "SIGTERM ends what the command started" whole_command
t "a command does not run when there is an error" command_not_run
t "hello, SIGTERM" hello_ends TERM
t "hello, kill -9" hello_ends KILL
source_with_map >"$base/out" 2>&1 && mv count.c "$base/" 2>/dev/null
for signal in INT TERM; do
	t "SIG$signal at any moment: it compiles" at_any_moment "$signal" reprobe run "$base/count.c"
	t "SIG$signal at any moment: it attaches many" at_any_moment "$signal" reprobe -e 'count sys_enter_ge*'
	t "SIG$signal at any moment: a tool" at_any_moment "$signal" execsnoop
done
finish
