#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Questions about functions of the kernel: kprobes, kretprobes and both together, fentry and fexit.
. "$(dirname "$0")/../lib.sh"
need_root
if [ -z "$kprobes" ]; then
	t "questions about functions" skip "this kernel has no kprobes"
	finish
fi
. "$here/questions.sh"
# Not on an overlay, which unlinks in the file system below once more.
files=/dev/shm/reprobe-test.$$
mkdir "$files"
trap 'cd /; rm -rf "$base" "$files"' EXIT
unlink="touch $files/one $files/two; spawn --unlink $files/one $files/missing $files/two >expected"

# The issue's own example, and with the result: name->name is gone by then, so it is kept.
arguments_and_results() {
	answer "$unlink" trace 'do_unlinkat if comm == "spawn"'
	equal "arguments" "$(awk '{ print $1, "spawn", -100, $3 }' expected)" \
		"$(fields data.pid data.comm data.dfd data.name_name)"
	answer "$unlink" trace 'do_unlinkat name->name ret if comm == "spawn"'
	equal "with the result" "$(awk '{ print $1, $3, 0 - $2 }' expected)" "$(fields data.pid data.name_name data.ret)"
}

# The syscall's own function has its arguments in memory of its caller's.
syscalls() {
	answer "$unlink" trace 'sys_unlink pathname ret if comm == "spawn"'
	equal "rows" "$(awk '{ print $1, $3, 0 - $2 }' expected)" "$(fields data.pid data.pathname data.ret)"
}

directly() {
	reprobe list fentry >list 2>&1 || skip "this kernel has no fentry"
	contains "fexit where that will do" "$(query trace 'do_unlinkat dfd ret')" KRETFUNC_PROBE
	answer "$unlink" trace 'do_unlinkat dfd ret if comm == "spawn"'
	equal "fexit" "$(awk '{ print $1, -100, 0 - $2 }' expected)" "$(fields data.pid data.dfd data.ret)"
	answer "$unlink" trace "fentry:do_unlinkat name->name ret if name->name != \"$files/one\" && comm == \"spawn\""
	equal "both" "$(awk '{ print $1, $3, 0 - $2 }' expected | tail -n 2)" "$(fields data.pid data.name_name data.ret)"
}

sums() {
	target=-t answer "$unlink" hist 'do_unlinkat ret by name->name if comm == "spawn"'
	equal "histogram by text" "$files/one 1,$files/two 1" \
		"$(grep '"histogram"' out | sed 's/.*"name_name":"\([^"]*\)".*"count":\([0-9]*\)}.*/\1 \2/' | sort | paste -sd,)"
	equal "below zero" 1 "$(grep '"negative"' out | jsonlines value)"
	answer "$unlink" latency 'do_unlinkat by comm if comm == "spawn"'
	equal "latency" 3 "$(grep '"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	answer "$unlink" count 'do_unlinkat kretprobe:do_unlinkat by comm if comm == "spawn"'
	equal "count" "0 3,4294967296 3" \
		"$(grep '"place"' out | jsonlines key.place value | tr '\t' ' ' | sort -n | paste -sd,)"
}

no_such_function() {
	run query trace vfs_raed
	refused 'the kernel has no function of that name' 'did you mean vfs_read'
}

t "arguments and results" arguments_and_results
t "syscalls" syscalls
t "fentry and fexit" directly
t "sums" sums
t "no such function" no_such_function
finish
