#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# profile and memleak beside those of bpfcc-tools, for the same process at the same time. That takes
# minutes, since BCC compiles with the headers of this kernel (linux-headers-6.1.*-amd64): only with
# REPROBE_TEST_BPFCC=1. tests/kernel/test_stacks.sh has the rest.
. "$(dirname "$0")/../lib.sh"
need_root
[ -n "${REPROBE_TEST_BPFCC-}" ] || {
	t "beside bpfcc-tools" skip "set REPROBE_TEST_BPFCC=1"
	finish
}

# theirs NAME COMMAND…: in the background, until it has attached (it prints a line then)
theirs() {
	local name=$1
	shift
	setsid env --default-signal=INT PYTHONUNBUFFERED=1 "$@" >"$name" 2>"$name.err" </dev/null &
	peer=$!
	wait_for "$name traces" says "$name" || fail "$name said" "$(cat "$name.err")"
}
says() { [ -s "$1" ] || { sleep 1; false; }; }

# A process that waits until it is told to become `stacks …`.
target() {
	mkfifo go
	bash -c "read x <go; exec stacks $*" &
	target=$!
}

leaks() {
	target leak 20000
	theirs bcc memleak-bpfcc -p $target -o 0 -T 100 5
	start memleak -p $target -o 0 -T 100 --json
	wait_in "it traces" uprobes_are 11
	echo >go
	sleep 15
	kill -INT "$pid" $peer
	stopped
	wait $peer
	status 0
	local function ours bcc
	for function in leak_small leak_big leak_mapped leak_aligned; do
		ours=$(grep "\"stack\":\\[\"$function\"," out | jsonlines bytes allocations | tr '\t' ' ')
		# Their last report: "BYTES bytes in N allocations from stack", then the stack.
		bcc=$(awk -v f="$function" '/Top/ { delete sum; delete n } / allocations from stack/ { bytes = $1; count = $4; first = 1; next }
			first && index($0, f) { sum[f] += bytes; n[f] += count } { if (index($0, "leak_")) first = 0 }
			END { print sum[f] + 0, n[f] + 0 }' bcc)
		echo "     $function: $ours (memleak), $bcc (memleak-bpfcc)" >&2
		[ "$function" = leak_big ] || equal "$function" "$bcc" "$ours"
	done
}

samples() {
	target spin 6000
	theirs bcc profile-bpfcc -F 199 -f -p $target 60
	start profile -F 199 -f -p $target
	sleep 5
	echo >go
	wait $target
	kill -INT "$pid" $peer
	stopped
	wait $peer
	local ours bcc
	ours=$(awk '{ all += $NF } /;spin_outer;spin_inner/ { spin += $NF } END { printf "%d%%", 100 * spin / all }' out)
	bcc=$(awk '{ all += $NF } /;spin_outer;spin_inner/ { spin += $NF } END { printf "%d%%", 100 * spin / all }' bcc)
	echo "     in spin_inner: $ours (profile), $bcc (profile-bpfcc)" >&2
	[ $((${ours%\%} - ${bcc%\%})) -le 5 ] && [ $((${bcc%\%} - ${ours%\%})) -le 5 ] ||
		fail "expected the same share, got $ours and $bcc" "$(cat out bcc)"
}

uprobes_are() { [ "$(bpftool perf show 2>/dev/null | grep -c "^pid $pid .* uprobe")" -ge "$1" ]; }

headers || exit 1
t "memleak finds what memleak-bpfcc finds" leaks
t "profile sees what profile-bpfcc sees" samples
finish
