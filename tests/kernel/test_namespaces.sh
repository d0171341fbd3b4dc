#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In a PID namespace, as a container's, where a process has another number than the kernel's programs see.
. "$(dirname "$0")/../lib.sh"
need_root

unshare --pid --fork true 2>/dev/null || skip "no PID namespace can be made here"
inside=(unshare --pid --fork --mount-proc)
note="reprobe: note: this is a PID namespace: the pids of events are the kernel's own numbers"

# Others call, too, inside and outside; process 1 of the namespace is not the first one's.
target() {
	setsid spawn --calls 1000000 >/dev/null &
	run "${inside[@]}" reprobe -c 'exec spawn --calls 7 >/dev/null' -e 'count sys_enter_getpgid by comm' -e '! setsid spawn --calls 50 >/dev/null' -e wait -e 'export json' -e quit
	status 0
	equal "of -c" '{"map":"counts","key":{"comm":"spawn"},"value":7}' "$out"
	contains "what is said" "$err" "$note"
	gate
	run "${inside[@]}" sh -c "sh -c 'read x <go; spawn --calls 9 >called; read x <go' &
		reprobe -p \$! -e 'count sys_enter_getpgid by comm' -e '! echo >go; spawn --calls 50 >/dev/null; until [ -s called ]; do :; done' -e 'export json' -e quit
		echo >go"
	status 0
	equal "of -p" '{"map":"counts","key":{"comm":"spawn"},"value":9}' "$out"
}

# A tool: rows of what the command has started, and what it is told of itself.
tool() {
	run "${inside[@]}" execsnoop --json -c 'exec spawn 3 /bin/true >expected'
	status 0
	equal "execs" "3" "$(grep -c '"comm":"true"' out)"
	equal "what is said" "$note" "$err"
}

# The maps and symbols of a stack are the process's that made it, not of who has its number here.
stacks_inside() {
	run "${inside[@]}" profile -F 199 -f -c 'exec stacks spin 1000'
	status 0
	matches "stacks" "$out" "^stacks;.*;main;spin_outer;spin_inner [0-9]+$"
	run "${inside[@]}" sh -c 'stacks spin 1000000 & profile -F 199 -f -p $! 1; kill $!'
	status 0
	matches "stacks of -p" "$out" "^stacks;.*;main;spin_outer;spin_inner [0-9]+$"
}

other_proc() {
	run unshare --pid --fork reprobe -p 1 -e 'count sys_enter_getpgid' -e quit
	status 1
	contains "message" "$err" "$note" "cannot trace process 1: /proc is of another PID namespace" "mount -t proc proc /proc"
	cp "$(command -v spawn)" mine_$$
	run unshare --pid --fork reprobe --comm mine_$$ -e 'count sys_enter_getpgid by comm' -e "! exec ./mine_$$ --calls 4 >/dev/null" -e 'export json' -e quit
	status 0
	contains "by name" "$out" '"value":4'
}

t "-c and -p" target
t "execsnoop" tool
t "names in stacks" stacks_inside
t "where /proc is another's" other_proc
finish
