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
	# A tracepoint's fields are in tracefs, which is root's; those of system calls are known.
	sed 's/bpf_get_current_pid_tgid() >> 32/args->pid/' "$tmp/calls.c" >"$tmp/fields.c"
	as_nobody reprobe check "$tmp/fields.c"
	status 0
	contains "where it is" "$out" "tracepoint:syscalls:sys_enter_getpgid"
	echo 'TRACEPOINT_PROBE(sched, sched_switch) { return args->next_pid; }' >"$tmp/fields.c"
	as_nobody reprobe check "$tmp/fields.c"
	[ "$rc" = 0 ] || refused "this user cannot read which fields tracepoint:sched:sched_switch has" "hint: run as root (sudo)"
	chmod 600 "$tmp/calls.c"
	as_nobody reprobe check "$tmp/calls.c"
	refused "calls.c" "Permission denied"
}

# What tracefs hides is said as that; what the kernel's types have is listed.
lists() {
	as_nobody reprobe list tracepoint
	refused "tracepoint" "hint: run as root"
	as_nobody reprobe list
	status 0
	as_nobody reprobe list tp_btf 'sched_process_exe*'
	[ -r /sys/kernel/btf/vmlinux ] && equal "typed tracepoints" tp_btf:sched_process_exec "$out"
	as_nobody reprobe list 'raw_syscalls:*'
	refused "available_events (Permission denied)" "hint: run as root"
	as_nobody reprobe -e 'info raw_syscalls:sys_enter'
	contains "message" "$err" 'cannot tell what `raw_syscalls:sys_enter` is: cannot read' "hint: run as root"
	as_nobody reprobe -e 'types list_head'
	contains "a type" "$out" "struct list_head *next;"
	as_nobody reprobe completion words 2 reprobe types list_hea
	contains "completion" "$out" "list_head"
}

# scripts/start: who may use sudo, who is root, and who is neither. The tools that it calls are the test's own.
starts() {
	mkdir -p tree/scripts tree/build/bin tools
	cp "$top/scripts/start" tree/scripts/
	printf '#!/bin/sh\necho lab "$@"\n' >tree/scripts/lab
	printf '#!/bin/sh\n' | tee tree/scripts/deps tools/cmake tools/ninja >/dev/null
	printf '#!/bin/sh\ncase $1 in -u) echo "${TEST_UID}" ;; *) echo users ${TEST_GROUPS-} ;; esac\n' >tools/id
	printf '#!/bin/sh\n[ "$1" != -n ] || exit "${TEST_SUDO}"\nTEST_UID=0 exec "$@"\n' >tools/sudo
	# It can trace where it is root.
	printf '#!/bin/sh\n[ "$1" != doctor ] || { [ "$TEST_UID" = 0 ] || { echo "reprobe: not allowed" >&2; exit 1; }; exit 0; }\necho "uid $TEST_UID: $*"\n' >tree/build/bin/reprobe
	chmod +x tree/scripts/* tree/build/bin/reprobe tools/*
	run env PATH="$tmp/tools:$PATH" TEST_UID=0 TEST_SUDO=1 tree/scripts/start trace x
	equal "root" "uid 0: trace x" "$out"
	run env PATH="$tmp/tools:$PATH" TEST_UID=1000 TEST_SUDO=0 tree/scripts/start trace x
	equal "who may use sudo" "uid 0: trace x" "$out"
	contains "stderr" "$err" "running it by sudo"
	run env PATH="$tmp/tools:$PATH" TEST_UID=1000 TEST_SUDO=1 tree/scripts/start trace x
	equal "who may not" "lab -- $tmp/tree/build/bin/reprobe trace x" "$out"
	contains "stderr" "$err" "reprobe: not allowed" "running it in the lab instead"
	run env PATH="$tmp/tools:$PATH" TEST_UID=1000 TEST_SUDO=1 tree/scripts/start list x
	equal "what needs no privileges" "uid 1000: list x" "$out"
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
	run "${few[@]}" reprobe -e 'trace opnat' -e quit
	refused "cannot tell what \`opnat\` is" "Permission denied" "hint: run as root (sudo)"
	run "${few[@]}" reprobe -e 'trace tracepoint:syscalls:sys_enter_openat' -e quit
	refused "does not allow it with CAP_BPF and CAP_PERFMON alone" "hint: run as root (sudo), or ask at rawsyscall:sys_enter_openat"
	run "${few[@]}" reprobe doctor
	contains "doctor" "$out" "CAP_BPF, CAP_PERFMON"
	matches "tracepoints" "$(grep -A2 '  tracepoints' <<<"$out")" 'what to do: run as root \(sudo\)$'
	matches "of syscalls" "$(grep -A2 'syscall tracepoints' <<<"$out")" 'what to do: run as root \(sudo\)$'
	# Files are probed by a link that takes many, where a perf event is refused (Linux 6.6).
	mkdir -m 755 "$tmp/of_all" && cp "$helpers/probed" "$tmp/of_all/"
	run "${few[@]}" reprobe -c "$tmp/of_all/probed --calls 7" -e "count uprobe:$tmp/of_all/probed:twice by comm" \
		-e "count uretprobe:$tmp/of_all/probed:twice by comm"
	if [ "$rc" != 0 ]; then
		status 1
		contains "messages" "$err" "does not allow it with CAP_BPF and CAP_PERFMON alone" "hint: run as root (sudo)"
	else
		equal "what it counts" "probed 7 probed 7" "$(awk '$1 == "probed" { print $1, $2 }' <<<"$out" | paste -sd' ')"
	fi
	# A tracepoint by its name: the kernel's types have it.
	run "${few[@]}" reprobe -c /bin/true -e 'count sched_process_exec by comm'
	status 0
	contains "stderr" "$err" "reprobe: note: tp_btf:sched_process_exec, which has the kernel's own arguments: this user cannot read the fields"
	equal "what it counts" "true 1" "$(awk '$1 == "true" { print $1, $2 }' <<<"$out")"
	run "${few[@]}" reprobe -c true -e 'profile 99' -e 'count software:context-switches by comm' -e 'count interval:hz:10' \
		-e 'trace tp_btf:sched_process_exec p->comm' -e 'count rawtracepoint:sys_enter by comm' -e 'trace iter:task task->comm'
	status 0
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
t "reprobe list" lists
t "scripts/start" starts
t "reprobe doctor" doctor_says_so
t "CAP_BPF and CAP_PERFMON are enough" capabilities_are_enough
t "with two capabilities" capabilities
t "names" names
finish
