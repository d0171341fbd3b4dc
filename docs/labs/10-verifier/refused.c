/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 10. Ten functions, each of which the verifier refuses for a reason of
 * its own. Mend them one by one: each is to go on doing what its comment says. */

BPF_HASH(calls, u32, u64); /* number of the function: how often, or how much */
BPF_RINGBUF_OUTPUT(records, 8);
BPF_PERF_OUTPUT(events);
BPF_RINGBUF_OUTPUT(numbers, 8);

struct name {
    char text[32];
};
BPF_RINGBUF_OUTPUT(names, 8);

struct table {
    u32 values[8];
};
BPF_ARRAY(tables, struct table, 1);

struct text {
    char bytes[64];
};
BPF_PERCPU_ARRAY(texts, struct text, 1);

/* 1: adds 1 to calls[1], after it has put a 0 there at first. */
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    u32 one = 1;
    u64 zero = 0;
    if (!is_target())
        return 0;
    calls.insert(&one, &zero);
    u64 *count = calls.lookup(&one);
    __sync_fetch_and_add(count, 1);
    return 0;
}

/* 2: counts the arguments from 0 to 7 in a table. */
TRACEPOINT_PROBE(syscalls, sys_enter_getpriority)
{
    u32 two = 2, zero = 0;
    if (!is_target())
        return 0;
    struct table *table = tables.lookup(&zero);
    if (!table)
        return 0;
    u64 index = args->who;
    table->values[index] += 1;
    calls.increment(two);
    return 0;
}

/* 3: sends a record, but for an argument of 0. */
TRACEPOINT_PROBE(syscalls, sys_enter_getsid)
{
    u32 three = 3;
    if (!is_target())
        return 0;
    u64 *record = records.ringbuf_reserve(sizeof(u64));
    if (!record)
        return 0;
    if (args->pid == 0)
        return 0;
    *record = args->pid;
    calls.increment(three);
    records.ringbuf_submit(record, 0);
    return 0;
}

/* 4: copies what is written into a map, or the first 64 bytes of it. */
TRACEPOINT_PROBE(syscalls, sys_enter_pwrite64)
{
    u32 four = 4, zero = 0;
    if (!is_target())
        return 0;
    struct text *text = texts.lookup(&zero);
    if (!text)
        return 0;
    u64 size = args->count;
    if (!bpf_probe_read_user(text->bytes, size, args->buf))
        calls.increment(four);
    return 0;
}

/* 5: adds up how many characters the paths have. */
TRACEPOINT_PROBE(syscalls, sys_enter_rmdir)
{
    u32 five = 5;
    u64 length = 0;
    char c;
    if (!is_target())
        return 0;
    for (const char *at = args->pathname;; at++) {
        if (bpf_probe_read_user(&c, 1, at) || !c)
            break;
        length++;
    }
    calls.increment(five, length);
    return 0;
}

/* 6: adds up the arguments, of each no more than its last two bits. */
TRACEPOINT_PROBE(syscalls, sys_enter_sched_get_priority_max)
{
    u32 six = 6;
    if (!is_target())
        return 0;
    args->policy &= 3;
    calls.increment(six, args->policy);
    return 0;
}

/* 7: sends each argument over a perf buffer. */
TRACEPOINT_PROBE(syscalls, sys_enter_sched_getscheduler)
{
    u64 event = args->pid;
    if (!is_target())
        return 0;
    events.perf_submit(&event, &event, sizeof(event));
    return 0;
}

/* 8: sends each argument, and adds them up. */
TRACEPOINT_PROBE(syscalls, sys_enter_setpriority)
{
    u32 eight = 8;
    if (!is_target())
        return 0;
    u64 *number = numbers.ringbuf_reserve(sizeof(u64));
    if (!number)
        return 0;
    *number = args->who;
    numbers.ringbuf_submit(number, 0);
    calls.increment(eight, *number);
    return 0;
}

/* 9: sends the names of files that are cut, the first 31 characters of each. */
TRACEPOINT_PROBE(syscalls, sys_enter_truncate)
{
    if (!is_target())
        return 0;
    struct name *name = names.ringbuf_reserve(sizeof(struct name));
    if (!name)
        return 0;
    bpf_probe_read_user_str(name->text, 64, args->path);
    names.ringbuf_submit(name, 0);
    return 0;
}

/* 10: counts paths that do not begin with a slash. */
TRACEPOINT_PROBE(syscalls, sys_enter_unlink)
{
    u32 ten = 10;
    if (!is_target())
        return 0;
    u64 path = (u64)args->pathname;
    char first = *(const char *)path;
    if (first != '/')
        calls.increment(ten);
    return 0;
}
