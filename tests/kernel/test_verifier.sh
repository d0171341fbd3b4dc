#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the kernel's verifier rejects is said in plain words, with the author's line and the usual
# fix. Each case is a program that a kernel really refuses; tests/unit/test_verifier.c has the lines
# of other kernels' logs.
. "$(dirname "$0")/../lib.sh"
need_root

# Since Linux 6.9 the log says where a line is.
IFS=.- read -r major minor _ <<<"$(uname -r)"
has_places=
[ "$((major * 100 + minor))" -ge 609 ] && has_places=1

# verifier LINE WORDS FIX: of the source on stdin. LINE is 0 if the verifier gives no line.
verifier() {
	source_file bad.c
	run reprobe run bad.c --for 1ms
	refused "cannot load" "the kernel's verifier rejected it: " "$2" "    verifier: " "$3"
	matches "hint" "$err" '^hint: .* \(-v shows the verifier.s full log\)$'
	[ "$1" = 0 ] && return
	local text
	text=$(sed -n "$1{s/^[ \t]*//;p}" bad.c)
	contains "line" "$err" "    ${has_places:+bad.c:$1: }$text"
}

need_kprobes() { [ -n "$kprobes" ] || skip "this kernel has no kprobes"; }

# ---------------------------------------------------------------- pointers that may be NULL

lookup() {
	verifier 6 "a map lookup is used without a check for NULL" 'if (!pointer) return 0;' <<'END'
BPF_HASH(calls, u32, u64);
PROBE
{
    u32 key = 1;
    u64 *value = calls.lookup(&key);
    return *value;
}
END
	lacks "message without -v" "$err" "processed "
	run reprobe run -v bad.c --for 1ms
	contains "log with -v" "$err" "processed " "call bpf_map_lookup_elem#1" \
		"R0 invalid mem access 'map_value_or_null'"
}

member_of_lookup() {
	verifier 7 "before the check for NULL" 'if (!pointer) return 0;' <<'END'
struct value { u64 a, b[4]; };
BPF_HASH(calls, u32, struct value);
PROBE
{
    u32 key = 1;
    struct value *value = calls.lookup(&key);
    u64 *b = value->b;
    asm volatile("" : "+r"(b));
    return value ? *b : 0;
}
END
}

lookup_as_argument() {
	verifier 7 "argument 2 of bpf_map_update_elem is a pointer that may be NULL" \
		'if (!pointer) return 0;' <<'END'
BPF_HASH(calls, u32, u64);
BPF_HASH(other, u64, u64);
PROBE
{
    u32 key = 1; u64 one = 1;
    u64 *value = calls.lookup(&key);
    other.update(value, &one);
    return 0;
}
END
}

reserve() {
	verifier 6 "on a path where it is NULL" "a ring buffer's reserve can fail" <<'END'
struct event { u32 pid; };
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    struct event *event = events.ringbuf_reserve(sizeof(*event));
    event->pid = 1;
    events.ringbuf_submit(event, 0);
    return 0;
}
END
}

# ---------------------------------------------------------------- records

unreleased() {
	verifier 9 "neither submitted nor discarded" "ringbuf_discard()" <<'END'
struct event { u32 pid; };
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    struct event *event = events.ringbuf_reserve(sizeof(*event));
    if (!event)
        return 0;
    event->pid = bpf_get_current_pid_tgid();
    if (event->pid == 1)
        return 0;
    events.ringbuf_submit(event, 0);
    return 0;
}
END
}

after_submit() {
	verifier 9 "used after it was submitted" "before ringbuf_submit()" <<'END'
struct event { u32 pid; };
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    struct event *event = events.ringbuf_reserve(sizeof(*event));
    if (!event)
        return 0;
    events.ringbuf_submit(event, 0);
    event->pid = 1;
    return 0;
}
END
}

submit_twice() {
	verifier 9 "the argument of bpf_ringbuf_submit is not a reserved record" "just once" <<'END'
struct event { u32 pid; };
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    struct event *event = events.ringbuf_reserve(sizeof(*event));
    if (!event)
        return 0;
    events.ringbuf_submit(event, 0);
    events.ringbuf_submit(event, 0);
    return 0;
}
END
}

size_not_constant() {
	verifier 5 "the size, argument 2 of bpf_ringbuf_reserve, is not constant" "ringbuf_output" <<'END'
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    u64 size = bpf_ktime_get_ns();
    void *record = events.ringbuf_reserve(size);
    if (record)
        events.ringbuf_discard(record, 0);
    return 0;
}
END
}

beyond_record() {
	verifier 8 "accesses memory beyond its end" "sizeof" <<'END'
struct event { u64 a; };
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    struct event *event = events.ringbuf_reserve(sizeof(*event));
    if (!event)
        return 0;
    bpf_get_current_comm(event, 16);
    events.ringbuf_submit(event, 0);
    return 0;
}
END
}

# ---------------------------------------------------------------- other memory

user_memory() {
	verifier 4 "not belong to the program" "bpf_probe_read_user(&copy" <<'END'
TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    u64 at = (u64)args->filename;
    return *(volatile char *)at;
}
END
}

kernel_memory() {
	verifier 5 "not belong to the program" "bpf_probe_read_kernel()" <<'END'
PROBE
{
    u64 task = bpf_get_current_task();
    asm volatile("" : "+r"(task));
    return *(volatile u64 *)task;
}
END
}

global_variable() {
	verifier 4 "uses a global variable" "BPF_ARRAY(state" <<'END'
static int counter;
PROBE
{
    counter++;
    return counter;
}
END
}

# ---------------------------------------------------------------- loops and size

endless_loop() {
	verifier 3 "a loop does not end" "constant bound" <<'END'
PROBE
{
    while (1)
        bpf_ktime_get_ns();
    return 0;
}
END
}

unbounded_loop() {
	verifier 5 "follows each iteration of a loop" "constant bound" <<'END'
PROBE
{
    u64 n = bpf_ktime_get_ns();
    u64 sum = 0;
    for (u64 i = 0; i < n; i++)
        if (bpf_get_prandom_u32() & 1)
            sum += bpf_get_prandom_u32();
    return sum > 7;
}
END
}

# A log of a million instructions is not asked for, so no line comes with it.
too_large() {
	limit=$((limit * 2)) # the verifier goes through them twice
	verifier 0 "gave up after a million instructions" "fewer iterations" <<'END'
PROBE
{
    u64 sum = 0;
    for (int i = 0; i < 10000000; i++)
        sum += bpf_get_prandom_u32();
    return sum > 5;
}
END
}

# LLVM sees this one, after clang.
large_stack() {
	source_file bad.c <<'END'
PROBE
{
    char buffer[600];
    bpf_get_current_comm(buffer, sizeof(buffer));
    char last = buffer[5];
    bpf_trace_printk("%d", last);
    return 0;
}
END
	run reprobe run bad.c --for 1ms
	refused "cannot compile bad.c: 1 error" "stack limit" "hint: put large" "BPF_PERCPU_ARRAY"
	# LLVM 14 finds the access, LLVM 19 the line that uses what was read.
	matches "place" "$err" '^bad\.c:(5:17|6:13): error: '
	matches "line" "$err" '^    (char last = buffer\[5\]|bpf_trace_printk\("%d", last\));$'
}

# ---------------------------------------------------------------- bounds

size_may_be_negative() {
	verifier 9 "the size, argument 2 of bpf_probe_read_user, may be negative" "n &= SIZE - 1" <<'END'
struct event { char data[64]; };
BPF_PERCPU_ARRAY(scratch, struct event, 1);
TRACEPOINT_PROBE(syscalls, sys_enter_write)
{
    int zero = 0;
    struct event *event = scratch.lookup(&zero);
    if (!event)
        return 0;
    bpf_probe_read_user(event->data, args->count, args->buf);
    return 0;
}
END
}

size_may_be_anything() {
	verifier 10 "the size, argument 2 of bpf_probe_read_user, has no known limits" "n &= SIZE - 1" <<'END'
struct event { char data[64]; };
BPF_PERCPU_ARRAY(scratch, struct event, 1);
TRACEPOINT_PROBE(syscalls, sys_enter_write)
{
    int zero = 0;
    struct event *event = scratch.lookup(&zero);
    if (!event)
        return 0;
    u64 size = args->count >> 1;
    bpf_probe_read_user(event->data, size, args->buf);
    return 0;
}
END
}

size_may_be_zero() {
	verifier 4 "the size may be zero, which bpf_get_current_comm does not accept" "n == 0" <<'END'
PROBE
{
    char buffer[16] = {};
    bpf_get_current_comm(buffer, args->pid & 15);
    return buffer[0];
}
END
}

index_into_value() {
	verifier 9 "an index or a size has no known limits" "if (i < LENGTH)" <<'END'
struct row { u64 n[16]; };
BPF_ARRAY(rows, struct row, 1);
PROBE
{
    int zero = 0;
    struct row *row = rows.lookup(&zero);
    if (!row)
        return 0;
    row->n[bpf_get_prandom_u32()] = 1;
    return 0;
}
END
}

index_may_be_negative() {
	verifier 11 "an index has no known limits" "an unsigned variable" <<'END'
struct row { u64 n[16]; };
BPF_ARRAY(rows, struct row, 1);
PROBE
{
    int zero = 0;
    struct row *row = rows.lookup(&zero);
    if (!row)
        return 0;
    int i = args->pid;
    if (i < 16)
        row->n[i] = 1;
    return 0;
}
END
}

beyond_value() {
	verifier 9 "accesses a map's value beyond its end" "check the index" <<'END'
struct row { u64 n[16]; };
BPF_ARRAY(rows, struct row, 1);
PROBE
{
    int zero = 0;
    struct row *row = rows.lookup(&zero);
    if (!row)
        return 0;
    *((volatile u64 *)row + 16) = 1;
    return 0;
}
END
}

read_only_map() {
	verifier 7 "programs may only read" "user space" <<'END'
BPF_F_TABLE("hash", u32, u64, fixed, 10, BPF_F_RDONLY_PROG);
PROBE
{
    u32 key = 1;
    u64 *value = fixed.lookup(&key);
    if (value)
        *value = 1;
    return 0;
}
END
}

index_into_stack() {
	verifier 5 "the index into an array on the stack" "mask it" <<'END'
PROBE
{
    char buffer[16] = {};
    bpf_get_current_comm(buffer, sizeof(buffer));
    return buffer[bpf_get_prandom_u32()];
}
END
}

beyond_variable() {
	verifier 4 "accesses a variable beyond its end" "sizeof(variable)" <<'END'
PROBE
{
    char buffer[16] = {};
    bpf_get_current_comm(buffer, 64);
    return buffer[0];
}
END
}

misaligned() {
	verifier 9 "not a multiple of" "__builtin_memcpy()" <<'END'
struct row { char c[3]; u64 n; } __attribute__((packed));
BPF_ARRAY(rows, struct row, 1);
PROBE
{
    int zero = 0;
    struct row *row = rows.lookup(&zero);
    if (!row)
        return 0;
    __sync_fetch_and_add(&row->n, 1);
    return 0;
}
END
}

# ---------------------------------------------------------------- the context

write_context() {
	verifier 3 "it may only read" "copy what you need" <<'END'
PROBE
{
    args->pid = 1;
    return 0;
}
END
}

beyond_context() {
	verifier 3 "writes the context, or reads it where it has no field" "struct pt_regs *ctx" <<'END'
RAW_TRACEPOINT_PROBE(sched_process_exec)
{
    return *((volatile char *)ctx + 4001);
}
END
}

far_beyond_context() {
	verifier 3 "far beyond its end" "only the fields of its type" <<'END'
PROBE
{
    return *((volatile u64 *)args + 4096);
}
END
}

index_into_context() {
	verifier 5 "the index into the context is not constant" "#pragma unroll" <<'END'
PROBE
{
    u64 i = bpf_get_prandom_u32() & 7;
    asm volatile("" : "+r"(i));
    return *((volatile char *)args + 16 + i);
}
END
}

# A kprobe's function without its first parameter reads the registers as if they were a struct file.
no_context() {
	need_kprobes
	verifier 3 "reads it where it has no field" "struct pt_regs *ctx" <<'END'
int kprobe__vfs_read(struct file *file)
{
    return *((volatile char *)file + 1000);
}
END
}

# ---------------------------------------------------------------- helpers

wrong_helper() {
	verifier 3 "programs of this type cannot call the helper bpf_skb_load_bytes" "bpftool feature" <<'END'
PROBE
{
    bpf_skb_load_bytes(args, 0, 0, 0);
    return 0;
}
END
}

unknown_helper() {
	verifier 4 "a helper that this kernel does not have" "man 7 bpf-helpers" <<'END'
static long (*bpf_not_yet)(void) = (void *)4000;
PROBE
{
    return bpf_not_yet();
}
END
}

number_for_address() {
	verifier 4 "argument 2 of bpf_map_lookup_elem is a plain number" "&key" <<'END'
BPF_HASH(calls, u32, u64);
PROBE
{
    u64 *value = calls.lookup((u32 *)args->pid);
    return value != 0;
}
END
}

no_map() {
	verifier 4 "is not a map" "map.lookup(&key)" <<'END'
PROBE
{
    u64 number = bpf_ktime_get_ns();
    return bpf_map_lookup_elem((void *)number, &number) != 0;
}
END
}

licence() {
	verifier 4 "only programs under the GPL can call bpf_trace_printk" "BPF_LICENSE" <<'END'
#define BPF_LICENSE Proprietary
PROBE
{
    bpf_trace_printk("x");
    return 0;
}
END
}

sleeping_helper() {
	verifier 4 "bpf_copy_from_user may sleep" "bpf_probe_read_user()" <<'END'
PROBE
{
    char buffer[8];
    bpf_copy_from_user(buffer, 8, (void *)1);
    return 0;
}
END
}

lock() {
	verifier 0 "programs of this type cannot use locks" "__sync_fetch_and_add()" <<'END'
struct value { struct bpf_spin_lock lock; u64 n; };
BPF_HASH(calls, u32, struct value);
PROBE
{
    u32 key = 1;
    struct value *value = calls.lookup(&key);
    if (value) {
        bpf_spin_lock(&value->lock);
        bpf_spin_unlock(&value->lock);
    }
    return 0;
}
END
}

# ---------------------------------------------------------------- pointers as numbers

multiplied_pointer() {
	verifier 4 "it may only add and subtract" "an index" <<'END'
PROBE
{
    u64 at = (u64)args;
    at *= 3;
    return *(volatile char *)at;
}
END
}

masked_pointer() {
	verifier 4 "masks a pointer" "an index" <<'END'
PROBE
{
    u64 at = (u64)args;
    at &= 0xff;
    asm volatile("" : "+r"(at));
    return at;
}
END
}

added_pointers() {
	verifier 8 "adds or subtracts two pointers" "numbers" <<'END'
BPF_HASH(calls, u32, u64);
PROBE
{
    u32 key = 1;
    u64 *value = calls.lookup(&key);
    if (!value)
        return 0;
    u64 sum = (u64)value + (u64)args;
    return *(volatile u64 *)sum;
}
END
}

# ---------------------------------------------------------------- code

no_return_value() {
	verifier 0 "does not return a value" "return 0;" <<'END'
PROBE
{
    if (args->pid > 5)
        asm volatile("exit");
    return 0;
}
END
}

never_set() {
	verifier 4 "never set" "u64 value = 0;" <<'END'
PROBE
{
    u64 value;
    asm volatile("%0 = r8" : "=r"(value));
    return value;
}
END
}

unreachable() {
	verifier 0 "can never be reached" "warnings" <<'END'
PROBE
{
    asm volatile("r0 = 0");
    asm volatile("exit");
    return 0;
}
END
}

without_return() {
	verifier 0 'can be reached without a `return`' "return 0;" <<'END'
PROBE
{
    bpf_ktime_get_ns();
    __builtin_unreachable();
}
END
}

jump_out() {
	verifier 0 "a jump leads out of the program" "return 0;" <<'END'
PROBE
{
    asm volatile("goto +100");
    return 0;
}
END
}

division_by_zero() {
	verifier 4 "divides by zero" "divisor" <<'END'
PROBE
{
    u64 number = args->pid;
    asm volatile("%0 /= 0" : "+r"(number));
    return number;
}
END
}

# An emulated machine takes four seconds for each: every third will do there, unless all is asked for.
cases=0
some() { [ "${REPROBE_TEST_SLOW:-1}" -gt 1 ] && [ -z "${REPROBE_TEST_ALL-}" ] && [ $((cases++ % 3)) -ne 0 ] || t "$@"; }

some "a lookup that is not checked" lookup
some "a member of a lookup that is not checked" member_of_lookup
some "a lookup as an argument" lookup_as_argument
some "a reserve that is not checked" reserve
some "a record that is not released" unreleased
some "a record after its submit" after_submit
some "a record submitted twice" submit_twice
some "a record of a size that is not constant" size_not_constant
some "beyond a record" beyond_record
some "user memory" user_memory
some "the kernel's memory" kernel_memory
some "a global variable" global_variable
some "an endless loop" endless_loop
some "an unbounded loop" unbounded_loop
some "a million instructions" too_large
some "a large stack" large_stack
some "a size that may be negative" size_may_be_negative
some "a size that may be anything" size_may_be_anything
some "a size that may be zero" size_may_be_zero
some "an index into a value" index_into_value
some "an index that may be negative" index_may_be_negative
some "beyond a value" beyond_value
some "a read-only map" read_only_map
some "an index into the stack" index_into_stack
some "beyond a variable" beyond_variable
some "a misaligned address" misaligned
some "the context is written" write_context
some "beyond the context" beyond_context
some "far beyond the context" far_beyond_context
some "an index into the context" index_into_context
some "a kprobe without its context" no_context
some "a helper for other programs" wrong_helper
some "an unknown helper" unknown_helper
some "a number for an address" number_for_address
some "no map" no_map
some "the licence" licence
some "a helper that sleeps" sleeping_helper
some "a lock" lock
some "a pointer multiplied" multiplied_pointer
some "a pointer masked" masked_pointer
some "two pointers added" added_pointers
some "no return value" no_return_value
some "a variable never set" never_set
some "code never reached" unreachable
some "an end without a return" without_return
some "a jump out of the program" jump_out
some "a division by zero" division_by_zero
finish
