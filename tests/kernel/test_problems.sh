#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The problems that an engineer has five minutes for, each with the lines that find its cause at the prompt:
# what is seen must be what the workload did.
. "$(dirname "$0")/../lib.sh"
need_root
export REPROBE_HISTORY=off TERM=xterm
unset NO_COLOR

options=(-p $$)

# found LINE WORKLOAD REGEX…: asks LINE at the prompt, lets WORKLOAD run, and sees a line like each REGEX after
# Ctrl-C; `row` in place of Ctrl-C where `keys` says so.
found() {
	local line=$1 workload=$2 regex
	shift 2
	printf '%s\n' "$workload" >workload.sh
	{
		printf 'wait ^reprobe>\nsend %s\\r\nwait ^.1. \nidle 50\nrun bash ./workload.sh >/dev/null 2>\&1; true\n' "$line"
		[ "${keys-ctrl-c}" = none ] || echo "key ctrl-c"
		for regex; do printf 'wait %s\n' "$regex"; done
		printf 'key ctrl-d\nstatus 0\n'
	} >script
	pty_options=(--size "${size-100x30}")
	terminal "${options[@]}" <script
}

# A program does not start: which file is missing?
missing_file() {
	keys=none found 'trace openat filename ret if ret < 0' 'cat /etc/absent.conf' \
		'cat +/etc/absent.conf +-2|cat +/etc/absent.conf +.*ENOENT'
}

# The machine is busy: with what?
busy() {
	cat >spin.c <<'END'
int main(void) { volatile unsigned long n = 0; while (n < 2000000000UL) n++; return 0; }
END
	command -v cc >/dev/null || skip "there is no compiler"
	cc -O0 -g -fno-omit-frame-pointer -o spin spin.c
	found 'profile 199 if comm == "spin"' 'timeout 1 ./spin' '^ +(spin`)?main( |$|\+)'
}

# A program writes little, and waits for the disk each time.
small_writes() {
	found 'count fsync by comm' 'for i in 1 2 3 4 5; do printf x >>file; sync file; done' '^sync +5$'
	found 'hist write count if comm == "dd"' 'dd if=/dev/zero of=file bs=1 count=64' '^ +0 -> 1 +: 6[4-9] '
}

# Connections are refused: to which port?
refused_port() {
	local port=1
	while (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do port=$((port + 1)); done
	reprobe -e 'list tracepoint:sock:inet_sock_set_state' >/dev/null 2>&1 || skip "this kernel has no sock:inet_sock_set_state"
	keys=none found 'trace inet_sock_set_state dport newstate if oldstate == 2 && newstate == 7' ": </dev/tcp/127.0.0.1/$port" \
		" $port +(7 )?TCP_CLOSE\$"
}

# Something starts programs all the time: what, and which?
spawner() {
	found 'count sched_process_exec by filename' 'for i in 1 2 3 4 5 6 7; do /bin/true; done' '/bin/true +7$'
}

# A program hangs: what does it wait for, and how long?
sleeper() {
	found 'latency clock_nanosleep by comm' 'sleep 0.3' '^comm = sleep' ': 1 +\|\*+\|'
}

# Memory grows: where is it allocated?
leak() {
	command -v cc >/dev/null || skip "there is no compiler"
	cat >leaky.c <<'END'
#include <stdlib.h>
#include <unistd.h>
__attribute__((noinline)) char *forget(void) { return malloc(12345); }
int main(void)
{
    for (int i = 0; i < 20; i++)
        *(volatile char *)forget() = 1;
    sleep(1);
    return 0;
}
END
	cc -O0 -g -fno-omit-frame-pointer -o leaky leaky.c
	options=(--comm leaky) # with -p, such probes are in that process only
	found 'stack uprobe:c:malloc if arg0 == 12345' ./leaky '^ +(leaky`)?main( |$|\\+)' '^ +20$'
}

t "a missing file" missing_file
t "a busy machine" busy
t "small writes" small_writes
t "a refused port" refused_port
t "what starts programs" spawner
t "what hangs" sleeper
t "a leak" leak
finish
