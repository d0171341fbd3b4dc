#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong is said once, in clear words, with the place in the author's own file, and leaves
# nothing behind.
. "$(dirname "$0")/../lib.sh"
need_root

# ---------------------------------------------------------------- the source

# compile_error LINE:COL WORDS: of the source on stdin
compile_error() {
	local file=${3:-bad.c}
	source_file bad.c
	run reprobe run bad.c --for 1ms
	refused "cannot compile bad.c" "$file:$1: " "$2"
}

in_the_middle() {
	compile_error 4:15 "undeclared identifier 'nope'" <<'END'
BPF_HASH(calls, u32, u64);
PROBE
{
    u32 pid = nope;
    calls.increment(pid);
    return 0;
}
END
}

behind_two_probes() {
	compile_error 7:1 "nosuch_t" <<'END'
PROBE
{
    return 0;
}
TRACEPOINT_PROBE(sched, sched_process_exec) { return 0; }

nosuch_t x;
END
}

# The map's struct is a part of what is wrong before it.
before_a_map() {
	compile_error 2:1 "expected expression" <<'END'
int a[
BPF_ARRAY(hits, u64, 2);
PROBE { hits.increment(0); return 0; }
END
	compile_error 1:1 "unknown type name 'an'" <<'END'
an error here
BPF_RINGBUF_OUTPUT(events, 2);
PROBE { return 0; }
END
}

in_a_header() {
	printf '\n\nint y = nope;\n' >mine.h
	source_file bad.c <<<'#include "mine.h"
PROBE { return 0; }'
	run reprobe run bad.c --for 1ms
	refused "mine.h:3:9: " "'nope'"
}

missing_header() {
	compile_error 1:10 "'not_there.h' file not found" <<'END'
#include "not_there.h"
PROBE { return 0; }
END
}

missing_brace() {
	source_file bad.c <<'END'
PROBE
{
    return 0;
END
	run reprobe run bad.c --for 1ms
	refused "expected '}'" "bad.c:"
	# Where it opened
	contains "message" "$err" "bad.c:2:1: note: to match this '{'"
}

unknown_field() {
	compile_error 4:15 "no member named 'no_such_field' in 'struct task_struct'" <<'END'
PROBE
{
    struct task_struct *t = (struct task_struct *)bpf_get_current_task();
    return t->no_such_field;
}
END
}

several_errors() {
	source_file bad.c <<'END'
int a = nope1;
int b = nope2;
PROBE { return 0; }
END
	run reprobe run bad.c --for 1ms
	refused "2 errors" "bad.c:1:9" "bad.c:2:9"
	run reprobe check bad.c
	refused "bad.c:1:9"
}

no_temporary_names() {
	source_file bad.c <<<'int a = nope; PROBE { return 0; }'
	run reprobe run - --for 1ms <bad.c
	refused "standard input:1:9: "
	lacks "message" "$err" reprobe-tree
	lacks "message" "$err" /virtual
}

names_no_probe() {
	echo 'int f(void *ctx) { return 0; }' >f.c
	run reprobe run f.c
	refused "nothing to attach" "hint: " "kprobe__" "TRACEPOINT_PROBE" "--attach"
	: >empty.c
	run reprobe run empty.c
	refused "nothing to attach"
}

# ---------------------------------------------------------------- the file

file() {
	run reprobe run missing.c
	refused "missing.c" "No such file"
	mkdir directory.c
	run reprobe run directory.c
	refused "directory.c" "Is a directory"
	head -c 3000 "$bin/reprobe" >binary.c
	run reprobe run binary.c
	refused "binary.c" "not a BPF object file" "hint: use the C source"
	printf 'int f(void *c) { \0 return 0; }\n' >nul.c
	run reprobe check nul.c
	refused "nul.c" "NUL"
	printf '\xff\xfe\x01\x02' >noise.c
	run reprobe check noise.c
	refused "cannot compile noise.c" "noise.c:1:1"
	source_file ok.c <<<'PROBE { return 0; }'
	run bash -c 'exec reprobe run <(cat ok.c) --for 1ms'
	status 0
}

# ---------------------------------------------------------------- the verifier

# verifier_refuses WORDS: of the source on stdin
verifier_refuses() {
	local before
	before=$(inventory)
	source_file bad.c
	run reprobe run bad.c --for 1ms
	refused "cannot load" "verifier rejected it" "$1" "hint: " "(-v shows"
	[ "$(wc -l <err)" -le 5 ] || fail "expected a short message without -v, got" "$err"
	unchanged "$before"
	run reprobe run -v bad.c --for 1ms
	contains "log with -v" "$err" "processed " "$1"
}

missing_null_check() {
	verifier_refuses "map_value_or_null" <<'END'
BPF_HASH(calls, u32, u64);
PROBE
{
    u32 key = 1;
    u64 *value = calls.lookup(&key);
    return *value;
}
END
	contains "line" "$err" "bad.c:6"
}

unbounded_pointer() {
	verifier_refuses "invalid mem access 'scalar'" <<'END'
PROBE
{
    return *(volatile u64 *)bpf_ktime_get_ns();
}
END
}

endless_loop() {
	source_file bad.c <<<'PROBE { while (1) bpf_ktime_get_ns(); return 0; }'
	run reprobe run bad.c --for 1ms
	refused "cannot load" "loop"
}

# ---------------------------------------------------------------- maps

ring_of_three_pages() {
	source_file bad.c <<<'BPF_RINGBUF_OUTPUT(events, 3); PROBE { return 0; }'
	run reprobe run bad.c --for 1ms
	refused "events" "power of two"
}

impossible_map() {
	source_file bad.c <<<'struct huge { char bytes[40000]; }; BPF_PERCPU_ARRAY(big, struct huge, 16); PROBE { return 0; }'
	run reprobe run bad.c --for 1ms
	refused '`big`'
	source_file bad.c <<<'BPF_TABLE("hash", u32, u64, nothing, 0); PROBE { return 0; }'
	run reprobe run bad.c --for 1ms
	refused '`nothing`' "0 entries"
}

# cpu_of COMMAND…: the milliseconds of processor time that it took, in $cpu
cpu_of() {
	local TIMEFORMAT='%U %S'
	{ time run "$@"; } 2>cpu_times
	cpu=$(awk '{ printf "%d", 1000 * ($1 + $2) }' cpu_times)
}

# An array of which nobody used an entry prints nothing, and in a time that grows with its size and no faster.
large_map() {
	local cpu small
	source_file small.c <<<'BPF_ARRAY(small, u64, 40000); PROBE { return 0; }'
	source_file large.c <<<'BPF_ARRAY(large, u64, 400000); PROBE { return 0; }'
	cpu_of reprobe run small.c --for 1ms
	status 0
	small=$cpu
	cpu_of reprobe run large.c --for 1ms
	status 0
	[ "$cpu" -le $((20 * small)) ] || fail "it took $cpu ms of processor time, a tenth of it $small"
}

# ---------------------------------------------------------------- probes

bad_specs() {
	echo 'int f(void *ctx) { return 0; }' >f.c
	local spec words
	while IFS='|' read -r spec words; do
		# How a spec reads does not depend on the kernel; what the kernel has, does.
		[ "$slow" = 1 ] || [[ $words == *tracepoint:* || $words == *"did you mean s"* ]] || continue
		run reprobe run f.c -a "f=$spec" --for 1ms
		refused "$words" "hint: "
	done <<END
|it is empty
kprobe|but not where to attach
kprobe:|the function is missing
:x|the probe kind is missing
vfs_read|it has no colon
kprob:vfs_read|did you mean kprobe
asyncwatchpoint:x|unknown probe kind
tracepoint:syscalls|two parts
tracepoint:syscalls:|the tracepoint is missing
tracepoint::x|the category is missing
tracepoint:a:b:c|too many parts
kprobe:a:b:c|too many parts
kprobe:vfs_read+|offset after the + is missing
kprobe:vfs_read+zz|is not an offset
kretprobe:vfs_read+4|has no offset
tracepoint:a b:c|white space
kprobe:vfs-read|cannot contain '-'
rawtracepoint:a:b|too many parts
tracepoint:syscalls:sys_enter_getpgidd|did you mean sys_enter_getpgid
tracepoint:syscals:sys_enter_getpgid|did you mean tracepoint:syscalls:sys_enter_getpgid?
tracepoint:sched:sys_enter_openat|did you mean tracepoint:syscalls:sys_enter_openat?
kprobe:vfs_raed+4|did you mean vfs_read, vfs_readv or
kprobe:vmlinux:vfs_raed|did you mean kprobe:vmlinux:vfs_read,
kprobe:vmlinx:vfs_read|did you mean kprobe:vmlinux:vfs_read?
rawtracepoint:sched_proces_exec|did you mean sched_process_exec
rawtracepoint:sys_enter_openat|tracepoint:syscalls:sys_enter_openat
END
	run reprobe run f.c -a "f=kprobe:$(printf 'x%.0s' {1..600})"
	refused "has 600 bytes"
}

no_such_function() {
	source_file f.c <<<'PROBE { return 0; } int second(void *ctx) { return 0; }'
	run reprobe run f.c -a secnd=tracepoint:syscalls:sys_enter_getpgid
	refused "secnd" "second"
}

named_tracepoint_missing() {
	echo 'TRACEPOINT_PROBE(sched, sched_proces_exec) { return 0; }' >bad.c
	run reprobe run bad.c --for 1ms
	status 1
	contains "message" "$err" "sched_proces_exec" "did you mean sched_process_exec"
}

no_kprobes() {
	[ -z "$kprobes" ] || skip "this kernel has kprobes"
	echo 'int f(void *ctx) { return 0; }' >f.c
	run reprobe run f.c -a f=kprobe:do_sys_openat2
	refused "this kernel has no kprobes" "tracepoint:syscalls:sys_enter_openat" "reprobe lab"
	echo 'int kretprobe__vfs_read(void *ctx) { return 0; }' >f.c
	run reprobe run f.c
	refused "kretprobe:vfs_read" "tracepoint:syscalls:sys_exit_read"
}

# What could not be written is told, whatever it is.
output_is_full() {
	local args
	source_file count.c <<<'BPF_HASH(calls, u32, u64); PROBE { calls.increment(1); return 0; }'
	for args in help version --help 'list tracepoint sched:*' 'check count.c'; do
		# shellcheck disable=SC2086
		run sh -c "exec reprobe $args >/dev/full"
		[ "$rc" = 1 ] || fail "reprobe $args: expected status 1, got $rc"
		contains "reprobe $args" "$err" "cannot write" "No space left"
	done
	run reprobe -c true -e 'load count.c' -e 'export csv /dev/full' -e 'save /dev/full'
	equal "errors" 2 "$(grep -c 'cannot write /dev/full: No space left' err)"
}

# ---------------------------------------------------------------- the command line

# A usage error has the status 64, or 2 for a command that there is not.
usage() {
	local word
	for word in execsnop:execsnoop trac:trace runn:run; do
		run reprobe "${word%:*}"
		[ "$rc" = 2 ] || fail "expected status 2 for ${word%:*}, got $rc"
		contains "message" "$err" "unknown command \`${word%:*}\`" "did you mean ${word#*:}?"
	done
	local line
	[ "$slow" = 1 ] || skip "the same on each kernel, and slow here"
	while read -r line; do
		# shellcheck disable=SC2086
		run $line
		[ "$rc" = 64 ] || [ "$rc" = 2 ] || fail "$line: expected a usage error, got status $rc"
		matches "$line" "$err" '^Try |^hint: |^Usage: '
		equal "stdout of $line" "" "$out"
	done <<'END'
reprobe no-such-command
reprobe --no-such-option
reprobe prompt superfluous
reprobe -e
reprobe run
reprobe run --no-such-option x.c
reprobe run a.c b.c
reprobe run --types=none a.c
reprobe run --attach nonsense a.c
reprobe run -p 1 -c true a.c
reprobe list a b c
execsnoop --events 0
execsnoop --events -1
execsnoop --events 99999999999999999999999
execsnoop --for 0
execsnoop --for 3x
execsnoop -p 0
execsnoop -p -5
execsnoop --transport pigeon
execsnoop --pages 3
execsnoop superfluous
hello superfluous
profile -C 65000
profile -f --json
runqlat -P -L
memleak -s 0
memleak -z 5000 -Z 100
END
	run execsnoop -p 4194305
	refused "4194305" "No such process"
	run reprobe --help
	status 0
	contains "help" "$out" run check list doctor
	run reprobe run --help
	status 0
	contains "help" "$out" --timings --attach --types
	run reprobe version
	matches "version" "$out" '^reprobe [0-9]+\.[0-9]+\.[0-9]+$'
}

# A libbcc that loads another LLVM than the one that reprobe was built for, here none, and none at all.
other_compiler() {
	type cc >/dev/null 2>&1 || skip "there is no C compiler"
	sed -n 's/^ *F(\([a-z_]*\)).*/void \1(void) {}/p' "$top/runtime/compile/compiler.h" >stub.c
	cc -shared -fPIC -o libbcc.so.0 stub.c
	echo 'BPF_HASH(calls, u32);' >empty.c
	run env LD_LIBRARY_PATH="$tmp" reprobe check empty.c
	refused "cannot compile: libbcc is not linked with libLLVM" "build reprobe again"
	cc -shared -fPIC -Wl,-Bsymbolic -o libbcc.so.0 stub.c
	run env LD_LIBRARY_PATH="$tmp" reprobe check empty.c
	refused "cannot compile: libbcc is linked with -Bsymbolic" "which maps it makes"
	: >stub.c
	cc -shared -fPIC -o libbcc.so.0 stub.c
	run env LD_LIBRARY_PATH="$tmp" reprobe check empty.c
	refused "cannot compile: libbcc is missing" "it has no function" "the package libbpfcc"
}

t "an error in the middle of the source" in_the_middle
t "an error behind two probes, on the last line" behind_two_probes
t "an error before a map" before_a_map
t "an error in the author's header" in_a_header
t "a header that is missing" missing_header
t "a brace that is missing at the end" missing_brace
t "an unknown field" unknown_field
t "several errors" several_errors
t "messages name the author's file only" no_temporary_names
t "a source that names no probe" names_no_probe
t "files that are not sources" file
t "the verifier: a missing null check" missing_null_check
t "the verifier: an unbounded pointer" unbounded_pointer
t "the verifier: an endless loop" endless_loop
t "a ring buffer of 3 pages" ring_of_three_pages
t "maps of impossible sizes" impossible_map
t "a large map" large_map
t "bad probe specs" bad_specs
t "a function that the source has not" no_such_function
t "TRACEPOINT_PROBE of a tracepoint that is not there" named_tracepoint_missing
t "a kprobe where there are none" no_kprobes
t "a full output" output_is_full
t "usage errors" usage
t "a libbcc of another LLVM" other_compiler
finish
