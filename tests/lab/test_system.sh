#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What concerns the whole machine: tracing everyone, mounts, several programs at once.
. "$(dirname "$0")/../lib.sh"
need_root
[ -n "${REPROBE_TEST_ALONE-}" ] || {
	t "the whole system" skip "other people may use this machine: only in the lab"
	finish
}

# What `spawn` says of its processes, with the argument that it gives them.
with_argument() { sed -i 's/$/ exit/' expected; }

everyone() {
	start execsnoop --transport "$1"
	attached
	spawn 30 >expected
	with_argument
	wait_in "the rows came" last_came
	kill -INT "$pid"
	stopped
	status 0
	silent
	equal "rows" "$(sort expected)" \
		"$(awk -v spawn="$(head -n 1 expected | cut -d' ' -f2)" '$2 == spawn { $1 = $1; print }' out | sort)"
}
last_came() { grep -q "^$(tail -n 1 expected | cut -d' ' -f1) " out; }

# Runs COMMAND while they are not mounted, and mounts them again.
unmounted() {
	umount -l /sys/kernel/debug/tracing 2>/dev/null
	umount -l /sys/kernel/debug /sys/kernel/tracing /sys/fs/bpf
	! mountpoint -q /sys/kernel/tracing || fail "could not unmount tracefs"
	run "$@"
	mountpoint -q /sys/kernel/tracing || mount -t tracefs nodev /sys/kernel/tracing
	mountpoint -q /sys/kernel/debug || mount -t debugfs nodev /sys/kernel/debug
	mountpoint -q /sys/fs/bpf || mount -t bpf nodev /sys/fs/bpf
}

mounts() {
	unmounted execsnoop -c 'spawn 3 >expected; :'
	status 0
	silent
	with_argument
	equal "rows" "$(cat expected)" "$(tail -n 3 out | awk '{ $1 = $1; print }')"
	unmounted hello --events 1
	status 0
	unmounted reprobe list tracepoint 'sched:sched_switch'
	equal "list" "tracepoint:sched:sched_switch" "$out"
}

# The lab's own file system is 9p, by a module; vmlinux has none of these.
module_types() {
	cat >fid.c <<'END'
#include <net/9p/client.h>
BPF_HASH(users, u32, u64);
int kprobe__p9_client_clunk(struct pt_regs *ctx, struct p9_fid *fid)
{
    struct v9fs_session_info *session = 0;
    u32 key = fid->fid;
    users.increment(key, fid->clnt->msize + sizeof(session->maxdata) + P9_TVERSION);
    return 0;
}
END
	[ -e /sys/kernel/btf/9p ] || fail "9p is no module here"
	run reprobe check fid.c
	status 0
	silent
	echo 'int f(struct pt_regs *ctx, struct p9_fid *fid) { return fid->no_such_field; }' >bad.c
	run reprobe check bad.c
	refused "no member named 'no_such_field'"
}

two_at_once() {
	start execsnoop
	attached
	local first=$pid
	mkdir second
	setsid execsnoop --transport perf --json -c 'spawn 10 >second/expected; :' >second/out 2>second/err
	equal "status of the second" 0 $?
	equal "stderr of the second" "" "$(cat second/err)"
	equal "rows of the second" 12 "$(wc -l <second/out)"
	pid=$first
	cp second/expected expected
	with_argument
	wait_for "the first has them too" last_came
	kill -INT "$pid"
	stopped
	status 0
	equal "rows of the first" "$(cat expected)" "$(grep spawn out | awk '{ $1 = $1; print }' | tail -n 10)"
	# Only one can read the trace pipe.
	start hello -p $$
	attached
	first=$pid
	timeout -k 5 "$limit" hello -p $$ --events 1 >second/out 2>second/err
	equal "status of the second hello" 1 $?
	contains "message of the second hello" "$(cat second/err)" "another program is reading it"
	kill -INT "$first"
	stopped
}

t "execsnoop sees everyone, ring buffer" everyone ringbuf
t "execsnoop sees everyone, perf buffer" everyone perf
t "what is not mounted is mounted" mounts
t "types of modules" module_types
t "two programs at once" two_at_once
finish
