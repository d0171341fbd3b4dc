#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# profile and memleak beside those of bpfcc-tools, over the same work. BCC needs the headers of this
# kernel (linux-headers-6.1.*-amd64). tests/kernel/test_stacks.sh and test_reports.sh have the rest.
. "$(dirname "$0")/../lib.sh"
need_root
[ -n "${REPROBE_TEST_BPFCC-}" ] || {
	t "beside bpfcc-tools" skip "BCC needs /usr/src/linux-headers-$(uname -r)"
	finish
}

# theirs COMMAND…: in the background, until it holds programs; its output is in bcc.
theirs() {
	setsid env --default-signal=INT PYTHONUNBUFFERED=1 "$@" >bcc 2>bcc.err </dev/null &
	peer=$!
	wait_for "$1 traces" has_programs || fail "$1 said" "$(cat bcc bcc.err)"
}
has_programs() { [ -n "$(held $peer)" ] && [[ $(held $peer) == *prog* ]] || { sleep 1; false; }; }

# A process that waits until it is told to become `stacks …`.
target() {
	gate
	bash -c "read x <go; exec stacks $*" &
	target=$!
}

# One after the other: with each uprobe BCC's Python passes a random semaphore, and the kernel wants all
# tracers of a place to agree on that.
leaks() {
	target leak 1000000 leaked
	start memleak -v -p $target -o 0 -T 100 --json
	wait_in "it traces" grep -q 'attached to uprobe.*:munmap' err # the last one
	echo >go
	wait_in "it has leaked" test -e leaked
	kill -INT "$pid"
	stopped
	status 0
	kill $target
	rm leaked
	target leak 1000000 leaked
	theirs memleak-bpfcc -p $target -o 0 -T 100 5
	wait_for "memleak-bpfcc has attached all" uprobes_are $peer 20
	echo >go
	wait_for "it has leaked" test -e leaked
	leaked=$(wc -l <bcc)
	wait_for "two reports of memleak-bpfcc" two_reports
	kill -INT $peer
	wait $peer
	kill $target
	local function ours bcc
	for function in leak_small leak_big leak_mapped leak_aligned; do
		ours=$(grep "\"stack\":\\[\"$function\"," out | jsonlines bytes allocations | tr '\t' ' ')
		# In their last report: "BYTES bytes in N allocations from stack", then the stack.
		bcc=$(awk -v f="$function" '/allocations from stack/ { what = $1 " " $4; next }
			index($2, f "+") == 1 { last = what } END { print last }' bcc)
		echo "     $function: $ours (memleak), $bcc (memleak-bpfcc)" >&2
		equal "$function" "$bcc" "$ours"
	done
}

samples() {
	target spin 30000 # it must live when they report: bpfcc's has no names of what has ended
	theirs profile-bpfcc -F 199 -f -p $target 1000
	start profile -v -F 199 -f -p $target
	attached_to 1
	echo >go
	wait_in "it has spun" has_used $target 3000
	kill -INT "$pid" $peer
	stopped
	wait $peer
	kill $target
	local ours bcc
	ours=$(awk '{ all += $NF } /;spin_outer;spin_inner/ { spin += $NF } END { printf "%d%%", 100 * spin / all }' out)
	bcc=$(awk '{ all += $NF } /;spin_outer;spin_inner/ { spin += $NF } END { printf "%d%%", 100 * spin / all }' bcc)
	echo "     in spin_inner: $ours (profile), $bcc (profile-bpfcc)" >&2
	[ $((${ours%\%} - ${bcc%\%})) -le 5 ] && [ $((${bcc%\%} - ${ours%\%})) -le 5 ] ||
		fail "expected the same share, got $ours and $bcc" "$(cat out bcc)"
}

# uprobes_are PID N: that process has attached at least N
uprobes_are() { [ "$(bpftool perf show 2>/dev/null | grep -c "^pid $1 .* uprobe\|^pid $1 .* uretprobe")" -ge "$2" ]; }
# The first may have begun before.
two_reports() { [ "$(tail -n +$((leaked + 1)) bcc | grep -c 'Top 100 stacks')" -ge 2 ] || { sleep 1; false; }; }

headers || exit 1
t "memleak finds what memleak-bpfcc finds" leaks
t "profile sees what profile-bpfcc sees" samples
finish
