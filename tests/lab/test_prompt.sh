#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The prompt over functions of the kernel, which need kprobes.
. "$(dirname "$0")/../lib.sh"
need_root
[ -n "$kprobes" ] || { t "prompt over functions" skip "this kernel has no kprobes"; finish; }
export REPROBE_HISTORY=off TERM=xterm
# Not on an overlay, which unlinks in the file system below once more.
files=/dev/shm/reprobe-prompt.$$

# From a function to another one with other arguments, back, and a second question beside it.
session() {
	mkdir "$files"
	touch "$files/one" "$files/two" "$files/three"
	cat >script <<END
wait ^reprobe>
send trace do_unlinkat if comm == "spawn"\r
wait ^\[1\] kprobe:do_unlinkat\(int dfd, struct filename \*name\)
run spawn --unlink $files/one >spawned
wait ^[0-9:]+ +[0-9]+ +spawn +-100 +$files/one
send retarget 1 vfs_unlink\r
wait ^\[1\] kprobe:vfs_unlink\(
wait compiled again
run spawn --unlink $files/two >>spawned
wait ^[0-9:]+ +[0-9]+ +spawn .*two
send hist vfs_read ret if comm == "dd"\r
wait ^\[2\] .*vfs_read
run dd if=/proc/self/exe of=/dev/null bs=1000 count=20 2>/dev/null
send map 2\r
wait 512 -> 1023 .*: 2[0-9]
send detach 1\r
wait detached
run spawn --unlink $files/three >>spawned
idle 500
refuse three
key ctrl-d
status 0
END
	timeout -k 5 $((limit * 5)) pty reprobe <script >out 2>err || fail "the session" "$(cat err)"
	rm -r "$files"
}

# Each function of a pattern is counted by itself.
patterns() {
	run reprobe -c 'cat /etc/passwd /etc/hosts >/dev/null' -e 'limit 2000' -e 'count vfs_*' -e 'count vfs_read by comm'
	status 0
	matches "title" "$err" '^\[1\] kprobe:vfs_\*'
	local all one
	all=$(awk '$1 == "vfs_read" { print $2 }' out)
	one=$(awk '/^2.counts/ { on = 1 } on && NF == 2 && $2 ~ /^[0-9]+$/ { sum += $2 } END { print sum }' out)
	equal "reads, by the pattern and by the function" "$one" "$all"
}

latencies() {
	run reprobe -c 'cat /etc/passwd /etc/hosts >/dev/null' -e 'latency vfs_read by comm' -e 'stack vfs_read by comm'
	status 0
	contains "latency" "$out" 'comm = cat' usecs
	# Where the kernel's compiler has put ksys_read() into it, that is the call's own function.
	if [ "$(uname -m)" = aarch64 ]; then contains "stacks" "$out" __arm64_sys_read; else contains "stacks" "$out" ksys_read; fi
}

t "a session" session
t "patterns" patterns
t "latency and stacks" latencies
finish
