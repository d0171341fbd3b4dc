#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Patterns of kernel functions, which need kprobes: at once where the kernel has kprobe.multi links
# (6.12), one after another where not (6.1).
. "$(dirname "$0")/../lib.sh"
need_root
if [ -z "$kprobes" ]; then
	t "patterns of kernel functions" skip "this kernel has no kprobes"
	finish
fi

tracing=/sys/kernel/tracing
mountpoint -q $tracing || mount -t tracefs nodev $tracing
mountpoint -q /sys/kernel/debug || mount -t debugfs nodev /sys/kernel/debug
how=one-by-one
grep -q ' register_fprobe_ips$' /proc/kallsyms && how=at-once

counted() { awk -v spec="$1" '$2 == spec { print $1 }' out; }
traceable() { awk '{ print $1 }' $tracing/available_filter_functions; }

# How often the command unlinks is known, and nothing else in there does; not on an overlay, which
# unlinks in the file system below once more.
entries() {
	local there
	touch /dev/shm/places.{1,2,3}
	run matches 'kprobe:vfs_*' "spawn --unlink /dev/shm/places.1 /dev/shm/places.2 /dev/shm/places.3 >unlinked"
	status 0
	silent
	equal "unlinked" 3 "$(grep -c ' 0 ' unlinked)"
	equal "vfs_unlink" 3 "$(counted kprobe:vfs_unlink)"
	there=$(traceable | grep -c '^vfs_')
	matches "summary" "$(tail -n 1 out)" "^matches $there $there $how "
	# funccount-bpfcc goes by names, and may take some that ftrace cannot trace.
	/usr/bin/python3 -c 'from bcc import BPF; print("\n".join(n.decode() for n in BPF.get_kprobe_functions(rb"^vfs_.*$")))' |
		sort >theirs
	equal "functions that funccount-bpfcc counts" "$(traceable | grep '^vfs_' | sort -u)" \
		"$(traceable | sort -u | comm -12 - theirs)"
}

# Moved there from other functions, of which nothing is counted.
returns() {
	touch /dev/shm/places.{1,2,3}
	run matches 'kprobe:vfs_r*' "spawn --unlink /dev/shm/places.1 /dev/shm/places.2 /dev/shm/places.3 >unlinked" 'kretprobe:vfs_unlin[k]'
	status 0
	equal "counts" "3 kretprobe:vfs_unlink" "$(grep probe: out)"
	matches "summary" "$(tail -n 1 out)" "^matches [0-9]+ 1 $how "
}

# A pattern that only this name matches.
only() { echo "[${1:0:1}]${1:1}"; }

namesakes() {
	local name there
	name=$(join <(traceable | grep -E '^[a-z_]+$' | sort | uniq -c | awk '$1 > 1 { print $2, $1 }' | sort) \
		<(awk '$2 ~ /[tT]/ { print $3 }' /proc/kallsyms | sort | uniq -c | awk '{ print $2, $1 }' | sort) |
		awk '$2 == $3 { print $1; exit }')
	there=$(traceable | grep -cx "$name")
	run matches "kprobe:$(only "$name")" true
	status 0
	matches "summary of $name" "$(tail -n 1 out)" "^matches $there $there $how "
}

forbidden() {
	local name
	name=$(comm -12 <(traceable | sort -u) <(awk '{ print $2 }' /sys/kernel/debug/kprobes/blacklist | sort -u) | head -n 1)
	[ -n "$name" ] || name=$(awk '{ print $2; exit }' /sys/kernel/debug/kprobes/blacklist)
	run matches "kprobe:$(only "$name")" true
	refused "it has no matches that can be probed"
	run matches 'kprobe:vfs_*+4' true
	refused "has no offset"
}

# Where that takes a second; one after another it would be half an hour.
thousands() {
	[ $how = at-once ] || skip "this kernel attaches them one after another"
	run matches 'kprobe:[_a-c]*' 'spawn --calls 12'
	status 0
	silent
	equal "getpgid" 12 "$(counted kprobe:__x64_sys_getpgid)"
	local found attached
	read -r _ found attached _ <<<"$(tail -n 1 out)"
	[ "$found" = "$attached" ] && [ "$found" -gt 10000 ] || fail "expected over 10000 places, all of them attached, got $found and $attached"
}

killed() {
	local before objects
	before=$(inventory)
	echo 'BPF_ARRAY(hits, u64, 1); int f(void *ctx) { hits.increment(0); return 0; }' >f.c
	start reprobe run f.c -a 'f=kprobe:vfs_re*' -a 'f=kretprobe:vfs_re*' -c 'touch started; sleep 1000'
	wait_in "it traces" test -e started
	objects=$(held "$pid")
	kill -KILL "$pid"
	stopped
	released "$objects"
	unchanged "$before"
	equal "probes" "" "$(grep -v FTRACE_DUMMY /sys/kernel/debug/kprobes/list | head -n 3)"
	equal "functions that are traced" "" "$(head -n 3 $tracing/enabled_functions)"
}

t "functions by a pattern" entries
t "returns" returns
t "functions of one name" namesakes
t "functions that cannot be probed" forbidden
t "thousands of functions" thousands
t "kill -9 leaves nothing" killed
finish
