#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An error of the compiler's comes with the author's file, line and caret, with nothing of libbcc's
# and clang's own files, and says what to do. tests/unit/test_diagnostics.c has more hints.
. "$(dirname "$0")/../lib.sh"
need_root # to read the tracepoints' formats

# rejects PIECE…: the source on stdin; the pieces are in the message
rejects() {
	source_file bad.c
	run reprobe check bad.c
	refused "cannot compile bad.c: " "$@"
	local noise
	for noise in /virtual reprobe-types kconfig.h reprobe-tree "scratch space" "In file included" \
		"errors generated" "include the header" Werror; do
		lacks "message" "$err" "$noise"
	done
}

misspelt_field() {
	rejects "bad.c:4:15: error: no member named 'real_parnt' in 'struct task_struct'" \
		$'    return t->real_parnt->pid;\n           ~  ^' \
		"hint: in this kernel, struct task_struct has real_parent" <<'END'
PROBE
{
    struct task_struct *t = (struct task_struct *)bpf_get_current_task();
    return t->real_parnt->pid;
}
END
}

# Linux 5.14 renamed it.
renamed_field() {
	rejects "bad.c:4:15: error: no member named 'state' in 'struct task_struct'" \
		"in this kernel, struct task_struct has " "__state" <<'END'
PROBE
{
    struct task_struct *t = (struct task_struct *)bpf_get_current_task();
    return t->state;
}
END
}

tracepoint_field() {
	rejects "bad.c:3:18: error: no member named 'zzzzzz'" \
		"hint: the tracepoint's fields: filename, pid, old_pid" <<'END'
TRACEPOINT_PROBE(sched, sched_process_exec)
{
    return args->zzzzzz;
}
END
}

misspelt_type() {
	rejects "bad.c:4:13: error: incomplete definition of type 'struct tsk_struct'" \
		"hint: did you mean " "struct task_struct" <<'END'
PROBE
{
    struct tsk_struct *t = (void *)bpf_get_current_task();
    return t->pid;
}
END
}

forgotten_struct() {
	rejects "bad.c:3:5: error: must use 'struct' tag to refer to type 'task_struct'" <<'END'
PROBE
{
    task_struct *t = 0;
    return t != 0;
}
END
}

no_context() {
	rejects "bad.c:3:26: error: use of undeclared identifier 'ctx'" "hint: " \
		'`struct pt_regs *ctx` for a kprobe' <<'END'
int kprobe__vfs_read(void)
{
    return PT_REGS_PARM1(ctx);
}
END
	rejects "bad.c:4:24: error: use of undeclared identifier 'ctx'" "hint: " '`args`' <<'END'
BPF_PERF_OUTPUT(events);
PROBE
{
    events.perf_submit(ctx, &events, sizeof(u32));
    return 0;
}
END
	rejects "bad.c:3:12: error: no member named 'di'" "hint: " "for kprobes" <<'END'
PROBE
{
    return PT_REGS_PARM1(args);
}
END
}

semicolon() {
	rejects "bad.c:3:14: error: expected ';'" 'hint: write a `;` where the caret is' <<'END'
PROBE
{
    u32 a = 1
    return a;
}
END
}

# libbcc rewrites the call: what is shown is what was written.
format_in_a_variable() {
	rejects "bad.c:4: error: " $'    bpf_trace_printk(format, 3);\n' "hint: pass bpf_trace_printk() the format" <<'END'
PROBE
{
    char format[] = "x %d";
    bpf_trace_printk(format, 3);
    return 0;
}
END
	lacks "message" "$err" "_fmt"
}

map_in_a_macro() {
	rejects "bad.c:6:5: error: cannot use map function inside a macro" "bad.c:2:19: note: " \
		"hint: call the map outside" <<'END'
BPF_HASH(calls, u32, u64);
#define BUMP(key) calls.increment(key)
PROBE
{
    u32 key = 1;
    BUMP(key);
    return 0;
}
END
}

many_arguments() {
	rejects "bad.c:1:85: error: too many arguments" "hint: take fewer parameters" <<'END'
int kprobe__vfs_read(struct pt_regs *ctx, int a, int b, int c, int d, int e, int f, int g)
{
    return a + g;
}
END
}

misspelt_helper() {
	rejects "bad.c:3:12: error: " "function 'bpf_get_curent_pid_tgid'" \
		"hint: did you mean bpf_get_current_pid_tgid" <<'END'
PROBE
{
    return bpf_get_curent_pid_tgid();
}
END
}

c_library() {
	rejects "bad.c:3:5: error: " "library function 'printf'" \
		"hint: bpf_trace_printk(" <<'END'
PROBE
{
    printf("hello");
    return 0;
}
END
}

# What an error is about is hinted at, whatever else stands in its line; notes are about lines of the author's.
lines_with_printk() {
	rejects "bad.c:4:" ": error: " "BPF stack limit" "hint: put large variables into a map" <<'END'
PROBE
{
    char a[600];
    __builtin_memset(a, 1, sizeof(a)); bpf_trace_printk("%s\n", a);
    return a[bpf_get_prandom_u32() % 600];
}
END
	rejects "bad.c:3:" "no member named 'pidd'" "hint: the tracepoint's fields: __syscall_nr, pid" <<'END'
PROBE
{
    bpf_trace_printk("%d\n", args->pidd);
    return 0;
}
END
	lacks "notes" "$err" "declared here"
}

declared_by_bcc() {
	rejects "bad.c:1:8: error: redefinition of 'bpf_spin_lock'" "hint: BCC" <<'END'
struct bpf_spin_lock { u32 val; };
PROBE
{
    return 0;
}
END
}

# What LLVM's backend rejects used to end the process without a word.
signed_division() {
	rejects "bad.c:4:22: error: " \
		$'    return args->pid / b;\n                     ^' "hint: BPF can divide only unsigned" <<'END'
PROBE
{
    s64 b = bpf_ktime_get_ns();
    return args->pid / b;
}
END
	rejects "nsupported dynamic stack allocation" "hint: give the array a constant size" <<'END'
PROBE
{
    int n = args->pid & 15;
    char buffer[n];
    bpf_get_current_comm(buffer, n);
    return 0;
}
END
}

too_many_jobs() {
	printf 'int f(void *ctx) { return 0; }\n' >own.c
	run reprobe check own.c -- another.c
	refused "cannot compile own.c: a flag asks clang to do more" "hint: everything after \`--\` goes to clang"
}

# The mark that some editors begin a file with is none of its text; a column that libbcc's text alone has is left out.
marks() {
	printf '\357\273\277int f(void *ctx) { return nope; }\n' >marked.c
	run reprobe check marked.c
	refused "marked.c:1:" "nope"
	printf '\357\273\277#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nchar LICENSE[] SEC("license") = "GPL";\nSEC("syscall") int f(void *ctx) { return 0; }\n' >marked.bpf.c
	run reprobe check marked.bpf.c
	status 0
	cat >column.c <<-'END'
		BPF_HASH(h, u32, u64);
		TRACEPOINT_PROBE(syscalls, sys_enter_getpgid) {
		u64 v = 1; u32 k = 1; h.update(&k, &v); return (int)v % args->pid; }
	END
	run reprobe check column.c
	refused "column.c:3: error: " "hint: BPF can divide only unsigned numbers"
}

t "a misspelt field" misspelt_field
t "a field that was renamed" renamed_field
t "a tracepoint's field" tracepoint_field
t "a misspelt type" misspelt_type
t "a forgotten struct" forgotten_struct
t "no context" no_context
t "a forgotten semicolon" semicolon
t "a format in a variable" format_in_a_variable
t "a map in a macro" map_in_a_macro
t "many arguments" many_arguments
t "a misspelt helper" misspelt_helper
t "a function of the C library" c_library
t "what BCC declares" declared_by_bcc
t "what only LLVM rejects" signed_division
t "flags that ask for more" too_many_jobs
t "lines with bpf_trace_printk" lines_with_printk
t "marks and columns" marks
finish
