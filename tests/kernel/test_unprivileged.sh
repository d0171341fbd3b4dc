#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Without privileges: one clear message, and what needs none works.
. "$(dirname "$0")/../lib.sh"
need_root # to become nobody

nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# The checkout may be where nobody may not look.
as_nobody() { run "${nobody[@]}" "$@"; }
"${nobody[@]}" "$bin/reprobe" version >/dev/null 2>&1 || {
	mkdir "$base/bin"
	cp "$bin"/{reprobe,execsnoop,hello} "$base/bin"
	PATH=$base/bin:$PATH
}

source_for_all() {
	source_file calls.c <<'END'
BPF_HASH(calls, u32, u64);
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    calls.increment(pid);
    events.ringbuf_output(&pid, sizeof(pid), 0);
    return 0;
}
END
	chmod 644 calls.c
	cd /
}

run_refused() {
	source_for_all
	as_nobody reprobe run "$tmp/calls.c" -c "touch $tmp/ran"
	refused "does not allow it" "hint: run as root (sudo)" "CAP_BPF"
	[ ! -e ran ] || fail "expected the command not to run"
	as_nobody execsnoop
	refused "does not allow it" "hint: run as root (sudo)"
	as_nobody hello
	refused "does not allow it" "hint: run as root (sudo)"
}

check_works() {
	source_for_all
	as_nobody reprobe check "$tmp/calls.c"
	status 0
	contains "what is in it" "$out" "calls.c compiles" "tracepoint:syscalls:sys_enter_getpgid" "map      calls" "map      events"
	printf 'int x = nope;\n' >"$tmp/bad.c"
	as_nobody reprobe check "$tmp/bad.c"
	refused "bad.c:1:9: "
	# A tracepoint's fields are in tracefs, which is root's.
	sed 's/bpf_get_current_pid_tgid() >> 32/args->pid/' "$tmp/calls.c" >"$tmp/fields.c"
	as_nobody reprobe check "$tmp/fields.c"
	[ "$rc" = 0 ] || refused "this user cannot read which fields tracepoint:syscalls:sys_enter_getpgid has" "hint: run as root (sudo)"
	chmod 600 "$tmp/calls.c"
	as_nobody reprobe check "$tmp/calls.c"
	refused "calls.c" "Permission denied"
}

list_does_not_crash() {
	as_nobody reprobe list tracepoint
	refused "tracepoint" "hint: run as root"
	as_nobody reprobe list
	[ "$rc" = 0 ] || [ "$rc" = 1 ] || fail "expected status 0 or 1, got $rc"
}

doctor_says_so() {
	as_nobody reprobe doctor
	status 1
	matches "privileges" "$out" '^no +privileges '
	contains "cure" "$out" "run as root (sudo)"
	matches "BTF" "$out" '^yes +BTF '
}

# CAP_BPF and CAP_PERFMON, and the right to read tracefs, are enough.
capabilities_are_enough() {
	source_file calls.c <<<'RAW_TRACEPOINT_PROBE(sched_process_exec) { return 0; }'
	chmod 644 calls.c
	cd /
	run setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+bpf,+perfmon \
		--ambient-caps=-all,+bpf,+perfmon --bounding-set=-all,+bpf,+perfmon \
		reprobe run "$tmp/calls.c" --for 1ms
	status 0
}

# With what the kernel asks for, but not the tracing file system, which is root's.
capabilities() {
	local few=(setpriv --reuid=65534 --regid=65534 --clear-groups "--inh-caps=-all,+bpf,+perfmon" "--ambient-caps=-all,+bpf,+perfmon"
		"--bounding-set=-all,+bpf,+perfmon")
	"${few[@]}" true 2>/dev/null || skip "setpriv knows no such capabilities"
	cd /
	run "${few[@]}" reprobe -e 'trace openat' -e quit
	refused "cannot tell what \`openat\` is" "Permission denied" "hint: run as root (sudo)"
	run "${few[@]}" reprobe doctor
	contains "doctor" "$out" "CAP_BPF, CAP_PERFMON"
	matches "tracepoints" "$(grep -A2 '  tracepoints' <<<"$out")" 'what to do: run as root \(sudo\)$'
	matches "of syscalls" "$(grep -A2 'syscall tracepoints' <<<"$out")" 'what to do: run as root \(sudo\)$'
	# Some kernels let them probe files.
	run "${few[@]}" reprobe -c true -e 'count uprobe:c:malloc'
	[ "$rc" = 0 ] || refused "does not allow it with CAP_BPF and CAP_PERFMON alone" "hint: run as root (sudo)"
}

# A name that nobody can look up is not said to be a wrong one.
names() {
	cd /
	as_nobody reprobe -e 'trace openat' -e quit
	lacks "message" "$err" "did you mean"
	contains "message" "$err" "hint: run as root (sudo)"
}

t "tracing is refused, with a hint" run_refused
t "reprobe check works" check_works
t "reprobe list" list_does_not_crash
t "reprobe doctor" doctor_says_so
t "CAP_BPF and CAP_PERFMON are enough" capabilities_are_enough
t "with two capabilities" capabilities
t "names" names
finish
