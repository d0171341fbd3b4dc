/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Allocations that are not yet freed, and the stacks that made them: of processes, with probes in
 * their allocator's functions; or, with KERNEL, of the kernel, with its tracepoints, of what it
 * allocates for each CPU with PERCPU. Of every SAMPLE allocations one is looked at. With COMBINED
 * they are summed up here; with TRACE each is reported.
 */
#include <linux/sched.h>

struct place {
    u64 address;
    u32 pid; /* 0: the kernel */
    u32 zero;
};

struct allocation {
    u64 size, time_ns;
    int stack;
    u32 program;
};

BPF_HASH(allocations, struct place, struct allocation, 1000000);
BPF_STACK_TRACE(stacks, 16384);
BPF_ARRAY(missed, u64, 1); /* allocations that the maps were too full for */

#ifdef SAMPLE
BPF_PERCPU_ARRAY(seen, u64, 1);
#endif

static bool is_sampled(void) {
#ifdef SAMPLE
    int zero = 0;
    u64 *count = seen.lookup(&zero);
    return count && ++*count % SAMPLE == 0;
#else
    return true;
#endif
}

#ifdef KERNEL
#define program_of(pid) 0
#else
struct process {
    u64 memory;   /* that its stacks are known of */
    u32 programs; /* how many programs it has become since it was first seen */
    u32 zero;
};
BPF_HASH(memories, u32, struct process);

static u32 program_of(u32 pid) {
    struct process *process = memories.lookup(&pid);
    return process ? process->programs : 0;
}
#endif

#ifdef COMBINED
struct by_stack {
    u32 pid;
    int stack;
    u32 program;
    u32 zero;
};
struct sum {
    u64 bytes, count;
};
BPF_HASH(combined, struct by_stack, struct sum, 65536);

static void add_up(u32 pid, const struct allocation *allocation, u64 times) {
    struct by_stack key = {
        .pid = pid, .stack = allocation->stack, .program = allocation->program};
    struct sum none = {}, *sum = combined.lookup_or_try_init(&key, &none);
    if (sum) {
        __sync_fetch_and_add(&sum->bytes, times * allocation->size);
        __sync_fetch_and_add(&sum->count, times);
    } else if (times == 1) {
        missed.increment(0);
    }
}
#endif

#ifdef TRACE
struct trace {
    u64 address, size;
    u32 pid;
    u32 is_free;
};
BPF_RINGBUF_OUTPUT(traces, 256);

static void report(u32 pid, u64 address, u64 size, u32 is_free) {
    struct trace trace = {.address = address, .size = size, .pid = pid, .is_free = is_free};
    traces.ringbuf_output(&trace, sizeof(trace), 0);
}
#endif

static void freed(u32 pid, u64 address) {
    struct place place = {.address = address, .pid = pid};
    struct allocation *found = allocations.lookup(&place);
    if (!found)
        return;
#ifdef COMBINED
    add_up(pid, found, -1);
#endif
#ifdef TRACE
    report(pid, address, found->size, 1);
#endif
    allocations.delete(&place);
}

static void allocated(void *ctx, u32 pid, u64 address, u64 size, u64 stack_of) {
    struct place place = {.address = address, .pid = pid};
    struct allocation allocation = {.size = size, .time_ns = bpf_ktime_get_ns()};
    if (!address || size < MIN_SIZE || size > MAX_SIZE)
        return;
    freed(pid, address); /* the probes did not see that */
    if (!is_sampled())
        return;
    allocation.program = program_of(pid);
    allocation.stack = stack_of == BPF_F_USER_STACK ? unwound_stack() : -ENOSYS;
    if (allocation.stack == -ENOSYS) /* the kernel's, or by frame pointers */
        allocation.stack = stacks.get_stackid(ctx, stack_of);
    if (allocations.update(&place, &allocation)) {
        missed.increment(0);
        return;
    }
#ifdef COMBINED
    add_up(pid, &allocation, 1);
#endif
#ifdef TRACE
    report(pid, address, size, 0);
#endif
}

#if defined(KERNEL) && defined(PERCPU)
TRACEPOINT_PROBE(percpu, percpu_alloc_percpu) {
    if (is_target())
        allocated(args, 0, (u64)args->ptr, args->size, 0);
    return 0;
}
TRACEPOINT_PROBE(percpu, percpu_free_percpu) {
    freed(0, (u64)args->ptr);
    return 0;
}
#elif defined(KERNEL)
TRACEPOINT_PROBE(kmem, kmalloc) {
    if (is_target())
        allocated(args, 0, (u64)args->ptr, args->bytes_alloc, 0);
    return 0;
}
TRACEPOINT_PROBE(kmem, kmem_cache_alloc) {
    if (is_target())
        allocated(args, 0, (u64)args->ptr, args->bytes_alloc, 0);
    return 0;
}
TRACEPOINT_PROBE(kmem, kfree) {
    freed(0, (u64)args->ptr);
    return 0;
}
TRACEPOINT_PROBE(kmem, kmem_cache_free) {
    freed(0, (u64)args->ptr);
    return 0;
}
#else
/* Reports each process when it is first seen, and again when it runs another program: after its
 * end its addresses cannot be resolved. */
BPF_RINGBUF_OUTPUT(processes, 8);
static void see_process(u32 pid) {
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct process process = {.memory = (u64)task->mm}, *seen = memories.lookup(&pid);
    if (seen && seen->memory == process.memory)
        return;
    process.programs = seen ? seen->programs : 0;
    memories.update(&pid, &process);
    processes.ringbuf_output(&pid, sizeof(pid), BPF_RB_FORCE_WAKEUP); /* it may end soon */
}

/* At sched_process_exec: the process has a new memory, and what it had allocated is gone. */
int become_program(void *ctx) {
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    struct process *process = memories.lookup(&pid);
    if (!process)
        return 0;
    process->memory = 0;
    process->programs++;
    return 0;
}

/* The call that a thread is in. One function of the allocator may call another (malloc calls
 * mmap): only the outermost counts. */
struct call {
    u64 size;
    u64 result; /* where posix_memalign() stores the address; 0: the function returns it */
    u64 old;    /* what realloc() or mremap() frees if it does not fail */
    u64 time_ns;
    u64 depth;
};
BPF_HASH(calls, u64, struct call);

/* Returns whether leave() will see this call. */
static bool enter(struct call call) {
    u64 thread = bpf_get_current_pid_tgid();
    struct call *outer;
    if (!is_target())
        return false;
    see_process(thread >> 32);
    outer = calls.lookup(&thread);
    if (outer) {
        outer->depth++;
        return false;
    }
    call.time_ns = bpf_ktime_get_ns();
    return calls.update(&thread, &call) == 0;
}

/* 0: the call failed. posix_memalign() returns an errno, mmap() and mremap() -1. */
static u64 address_of(const struct call *call, u64 returned) {
    u64 address = 0;
    void *result = (void *)call->result;
    if (!result)
        return (s64)returned == -1 ? 0 : returned;
    if ((int)returned == 0)
        bpf_probe_read_user(&address, sizeof(address), result);
    return address;
}

/* By now another thread may have got that address again. */
static void freed_by_call(u32 pid, const struct call *call) {
    struct place place = {.address = call->old, .pid = pid};
    struct allocation *found = allocations.lookup(&place);
    if (found && found->time_ns < call->time_ns)
        freed(pid, call->old);
}

int leave(struct pt_regs *ctx) {
    u64 thread = bpf_get_current_pid_tgid(), address;
    struct call *call = calls.lookup(&thread);
    if (!call)
        return 0;
    if (call->depth) {
        call->depth--;
        return 0;
    }
    address = address_of(call, PT_REGS_RC(ctx));
    if (call->old && (address || !call->size))
        freed_by_call(thread >> 32, call);
    allocated(ctx, thread >> 32, address, call->size, BPF_F_USER_STACK);
    calls.delete(&thread);
    return 0;
}

int size_first(struct pt_regs *ctx) {
    enter((struct call){.size = PT_REGS_PARM1(ctx)});
    return 0;
}
int size_second(struct pt_regs *ctx) {
    enter((struct call){.size = PT_REGS_PARM2(ctx)});
    return 0;
}
int size_third(struct pt_regs *ctx) {
    enter((struct call){.size = PT_REGS_PARM3(ctx), .result = PT_REGS_PARM1(ctx)});
    return 0;
}
int size_product(struct pt_regs *ctx) {
    enter((struct call){.size = PT_REGS_PARM1(ctx) * PT_REGS_PARM2(ctx)});
    return 0;
}
/* Of 0 bytes it makes another mapping of the same memory. */
int mremap_enter(struct pt_regs *ctx) {
    enter((struct call){.size = PT_REGS_PARM3(ctx),
                        .old = PT_REGS_PARM2(ctx) ? PT_REGS_PARM1(ctx) : 0});
    return 0;
}

int free_enter(struct pt_regs *ctx) {
    freed(bpf_get_current_pid_tgid() >> 32, PT_REGS_PARM1(ctx));
    return 0;
}
int realloc_enter(struct pt_regs *ctx) {
    struct call call = {.size = PT_REGS_PARM2(ctx), .old = PT_REGS_PARM1(ctx)};
    if (!enter(call))
        freed(bpf_get_current_pid_tgid() >> 32, call.old);
    return 0;
}
#endif
