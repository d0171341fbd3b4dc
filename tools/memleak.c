/* SPDX-License-Identifier: Apache-2.0 */
/* memleak: memory that is allocated and not yet freed, by the stacks that allocated it. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reprobe_query.h"
#include "reprobe_tool.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/vec.h"

extern const char rp_embedded_memleak_c[];

enum { KEY_COMBINED = 0x1100, KEY_PERCPU, KEY_LINES };

static const struct argp_option options[] = {
    {"show-allocs", 'a', 0, 0, "Show the address and the size of each allocation, too", 0},
    {"sample-rate", 's', "N", 0, "Look at every Nth allocation only, which costs less", 0},
    {"combined-only", KEY_COMBINED, 0, 0,
     "Sum up in the kernel, which costs less to read; ages are not known then", 0},
    {"percpu", KEY_PERCPU, 0, 0, "Of the kernel: what it allocates for each CPU", 0},
    {"lines", KEY_LINES, 0, 0, "Show FILE:LINE of user functions that have debug information", 0},
    {"trace", 't', 0, 0, "Print a line for each allocation, and each that is freed", 0},
    {"older", 'o', "MS", 0,
     "Show only allocations at least this many milliseconds old (default: 500)", 0},
    {"min-size", 'z', "BYTES", 0, "Show only allocations of at least this size", 0},
    {"max-size", 'Z', "BYTES", 0, "Show only allocations of at most this size", 0},
    {"top", 'T', "N", 0, "Show the N stacks with the most memory (default: 10)", 0},
    {"obj", 'O', "FILE", 0, "The library or program that contains the allocator (default: libc)",
     0},
    {0}};

/* As in bpf-src/memleak.c. */
struct address {
    uint64_t address;
    uint32_t pid, zero;
};
struct allocation {
    uint64_t size, time_ns;
    int32_t stack;
    uint32_t program;
};
struct process {
    uint64_t memory;
    uint32_t programs, zero;
};

struct by_stack {
    uint32_t pid;
    int32_t stack;
    uint32_t program, zero;
};
struct sum {
    uint64_t bytes, count;
};
struct trace {
    uint64_t address, size;
    uint32_t pid, is_free;
};

/* One allocation, for -a. */
struct one {
    struct by_stack by;
    uint64_t address, size;
};

/* What one stack of one process allocated. */
struct leak {
    struct by_stack by;
    uint64_t bytes, count;
};

struct memleak {
    struct rp_tool *tool;
    struct rp_interval interval;
    uint64_t older_ms, min, max, top, sample;
    bool show_all, combined, percpu, trace;
    const char *object;
    struct rp_module *module;
    struct rp_stack *stack;
    RP_VEC(struct leak) leaks; /* of one report */
    RP_VEC(struct one) all;    /* of one report, with -a */
    uint64_t now_ns;
};

/* Where the allocator's functions keep the size; those that are missing are passed over. */
static const struct {
    const char *function, *enter, *leave;
} allocator[] = {
    {"malloc", "size_first", "leave"},
    {"calloc", "size_product", "leave"},
    {"realloc", "realloc_enter", "leave"},
    {"posix_memalign", "size_third", "leave"},
    {"aligned_alloc", "size_second", "leave"},
    {"memalign", "size_second", "leave"},
    {"valloc", "size_first", "leave"},
    {"pvalloc", "size_first", "leave"},
    {"mmap", "size_second", "leave"},
    {"mremap", "mremap_enter", "leave"},
    {"free", "free_enter", NULL},
    {"munmap", "free_enter", NULL},
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct memleak *m = state->input;
    uint64_t *number = key == 'o'   ? &m->older_ms
                       : key == 'z' ? &m->min
                       : key == 'Z' ? &m->max
                       : key == 'T' ? &m->top
                       : key == 's' ? &m->sample
                                    : NULL;
    if (number) {
        char *end;
        *number = strtoull(arg, &end, 10);
        if (*arg < '0' || *arg > '9' || *end || (key == 's' && !*number))
            argp_error(state, "-%c: `%s` is not a number%s", key, arg,
                       key == 's' ? " from 1 on" : "");
        return 0;
    }
    switch (key) {
    case 'a':
        m->show_all = true;
        return 0;
    case 't':
        m->trace = true;
        return 0;
    case KEY_COMBINED:
        m->combined = true;
        return 0;
    case KEY_PERCPU:
        m->percpu = true;
        return 0;
    case KEY_LINES:
        rp_stack_show_lines(true);
        return 0;
    case ARGP_KEY_END:
        if (m->combined && m->show_all)
            argp_error(state, "-a and --combined-only exclude each other");
        if (m->min > m->max)
            argp_error(state, "no allocation is at least %" PRIu64 " and at most %" PRIu64 " bytes",
                       m->min, m->max);
        if (m->percpu && (m->tool->target->pid || m->tool->session->command))
            argp_error(state, "--percpu is for the kernel, without --pid and --command");
        return 0;
    case 'O':
        m->object = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is_kernel(const struct memleak *m) {
    return !m->tool->target->pid && !m->tool->session->command;
}

/* ------------------------------------------------------------------ reports */

static bool is_same(const struct by_stack *a, const struct by_stack *b) {
    return a->pid == b->pid && a->stack == b->stack && a->program == b->program;
}

/* NULL without memory. */
static struct leak *find_leak(struct memleak *m, const struct by_stack *by) {
    for (size_t i = 0; i < m->leaks.count; i++)
        if (is_same(&m->leaks.items[i].by, by))
            return &m->leaks.items[i];
    struct leak *leak = rp_vec_add(&m->leaks);
    if (leak)
        *leak = (struct leak){.by = *by};
    return leak;
}

static struct rp_error *add(void *ctx, const void *key, const void *value) {
    struct memleak *m = ctx;
    const struct address *address = key;
    const struct allocation *allocation = value;
    if (allocation->time_ns + m->older_ms * 1000000 > m->now_ns)
        return NULL;
    const struct by_stack by = {.pid = address->pid,
                                .stack = rp_stack_first_id(m->stack, allocation->stack),
                                .program = allocation->program};
    struct leak *leak = find_leak(m, &by);
    if (!leak)
        return rp_error_nomem();
    leak->bytes += allocation->size;
    leak->count++;
    const struct one one = {by, address->address, allocation->size};
    return !m->show_all || rp_vec_push(&m->all, one) ? NULL : rp_error_nomem();
}

static struct rp_error *add_combined(void *ctx, const void *key, const void *value) {
    struct memleak *m = ctx;
    struct by_stack by = *(const struct by_stack *)key;
    const struct sum *sum = value;
    if (!sum->count)
        return NULL;
    by.stack = rp_stack_first_id(m->stack, by.stack);
    struct leak *leak = find_leak(m, &by);
    if (!leak)
        return rp_error_nomem();
    leak->bytes += sum->bytes;
    leak->count += sum->count;
    return NULL;
}

/* Leaves out what a process had in its memory before it became another program. */
static struct rp_error *drop_replaced(void *ctx, const void *key, const void *value) {
    struct memleak *m = ctx;
    const uint32_t *pid = key;
    const struct process *process = value;
    size_t kept = 0;
    for (size_t i = 0; i < m->leaks.count; i++) {
        const struct leak *leak = &m->leaks.items[i];
        if (leak->by.pid != *pid || leak->by.program == process->programs)
            m->leaks.items[kept++] = *leak;
    }
    m->leaks.count = kept;
    return NULL;
}

static int compare_bytes(const void *a, const void *b) {
    uint64_t left = ((const struct leak *)a)->bytes, right = ((const struct leak *)b)->bytes;
    return (left < right) - (left > right);
}

static void json_all(const struct memleak *m, const struct leak *leak, struct rp_writer *json) {
    rp_json_array(json, "all");
    for (size_t i = 0; i < m->all.count; i++) {
        if (!is_same(&m->all.items[i].by, &leak->by))
            continue;
        rp_json_object(json, NULL);
        rp_json_uint(json, "address", m->all.items[i].address);
        rp_json_uint(json, "bytes", m->all.items[i].size);
        rp_json_object_end(json);
    }
    rp_json_array_end(json);
}

static void print_leak(const struct memleak *m, const struct leak *leak) {
    rp_stack_clear(m->stack);
    rp_stack_add(m->stack, "stacks", leak->by.stack, (pid_t)leak->by.pid, "");
    if (m->tool->json) {
        struct rp_writer json;
        rp_tool_json_begin(m->tool, &json);
        rp_json_uint(&json, "pid", leak->by.pid);
        rp_json_uint(&json, "bytes", leak->bytes);
        rp_json_uint(&json, "allocations", leak->count);
        rp_json_stack(&json, "stack", m->stack);
        if (m->show_all)
            json_all(m, leak, &json);
        rp_json_end(&json);
        return;
    }
    printf("%" PRIu64 " bytes in %" PRIu64 " allocations", leak->bytes, leak->count);
    if (leak->by.pid)
        printf(" of process %u", leak->by.pid);
    puts(" from stack");
    rp_stack_print(m->stack, stdout);
    for (size_t i = 0; i < m->all.count; i++)
        if (is_same(&m->all.items[i].by, &leak->by))
            printf("        addr = %" PRIx64 " size = %" PRIu64 "\n", m->all.items[i].address,
                   m->all.items[i].size);
}

static struct rp_error *report(void *ctx) {
    struct memleak *m = ctx;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    m->now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    m->leaks.count = m->all.count = 0;
    struct rp_error *err = m->combined ? rp_map_each(m->module, "combined", add_combined, m)
                                       : rp_map_each(m->module, "allocations", add, m);
    if (!err && !is_kernel(m))
        err = rp_map_each(m->module, "memories", drop_replaced, m);
    if (m->leaks.count)
        qsort(m->leaks.items, m->leaks.count, sizeof(*m->leaks.items), compare_bytes);
    size_t shown = m->leaks.count < m->top ? m->leaks.count : m->top;
    if (!m->tool->json)
        printf("Top %zu of %zu stacks with outstanding allocations:\n", shown, m->leaks.count);
    for (size_t i = 0; i < shown && !err; i++)
        print_leak(m, &m->leaks.items[i]);
    return err;
}

/* With -t, as it comes. */
static bool print_trace(void *ctx, const void *data, size_t size) {
    const struct memleak *m = ctx;
    struct trace trace;
    if (size < sizeof(trace))
        return true;
    memcpy(&trace, data, sizeof(trace));
    const char *what = trace.is_free ? "free" : "alloc";
    if (m->tool->json) {
        struct rp_writer json;
        rp_tool_json_begin(m->tool, &json);
        rp_json_string(&json, "call", what);
        rp_json_uint(&json, "pid", trace.pid);
        rp_json_uint(&json, "address", trace.address);
        rp_json_uint(&json, "bytes", trace.size);
        rp_json_end(&json);
    } else {
        printf("%-5s %" PRIu64 " bytes at %" PRIx64, what, trace.size, trace.address);
        printf(trace.pid ? " in process %u\n" : "\n", trace.pid);
    }
    return !ferror(stdout);
}

/* ------------------------------------------------------------------ the run */

static struct rp_error *attach_allocator(struct rp_session *session, struct rp_module *module,
                                         const char *object) {
    size_t attached = 0;
    RP_TRY(rp_session_attach(session, module, "become_program", "rawtracepoint:sched_process_exec",
                             NULL));
    for (size_t i = 0; i < sizeof(allocator) / sizeof(allocator[0]); i++) {
        char spec[4096];
        snprintf(spec, sizeof(spec), "uprobe:%s:%s", object, allocator[i].function);
        struct rp_error *err = rp_session_attach(session, module, allocator[i].enter, spec, NULL);
        if (err && rp_error_errno(err) == ENOENT && attached) {
            rp_error_free(err);
            continue;
        }
        if (err)
            return err;
        attached++;
        snprintf(spec, sizeof(spec), "uretprobe:%s:%s", object, allocator[i].function);
        if (allocator[i].leave)
            err = rp_session_attach(session, module, allocator[i].leave, spec, NULL);
        if (err)
            return err;
    }
    return NULL;
}

/* What the maps of bpf-src/memleak.c mean, of those that it has. */
static struct rp_error *set_schema(const struct memleak *m) {
    const bool user = !is_kernel(m);
    const struct rp_member_schema members[] = {
        {.name = "pid", .means = RP_MEMBER_PID},
        {.name = "stack",
         .of_value = true,
         .means = is_kernel(m) ? RP_MEMBER_KERNEL_STACK : RP_MEMBER_USER_STACK,
         .stacks = "stacks"}};
    const struct rp_member_schema sums[] = {
        {.name = "pid", .means = RP_MEMBER_PID},
        {.name = "stack", .means = members[1].means, .stacks = "stacks"}};
    const struct rp_map_schema all[] = {
        {.size = sizeof(struct rp_map_schema),
         .name = "allocations",
         .means = RP_MEANS_TABLE,
         .members = members,
         .member_count = 2,
         .key_size = sizeof(struct address),
         .value_size = sizeof(struct allocation)},
        {.size = sizeof(struct rp_map_schema),
         .name = "missed",
         .means = RP_MEANS_LOSS,
         .loss = "allocations were not counted: the map `allocations` is full"},
        {.size = sizeof(struct rp_map_schema),
         .name = "combined",
         .means = RP_MEANS_TABLE,
         .members = sums,
         .member_count = 2,
         .key_size = sizeof(struct by_stack),
         .value_size = sizeof(struct sum)},
        {.size = sizeof(struct rp_map_schema), .name = "seen", .means = RP_MEANS_SCRATCH},
        {.size = sizeof(struct rp_map_schema), .name = "processes", .means = RP_MEANS_PROCESSES},
        {.size = sizeof(struct rp_map_schema), .name = "memories", .means = RP_MEANS_SCRATCH},
        {.size = sizeof(struct rp_map_schema), .name = "calls", .means = RP_MEANS_SCRATCH}};
    const bool has[RP_COUNT(all)] = {true, true, m->combined, m->sample > 1, user, user, user};
    struct rp_map_schema maps[RP_COUNT(all)];
    size_t count = 0;
    for (size_t i = 0; i < RP_COUNT(all); i++)
        if (has[i])
            maps[count++] = all[i];
    const struct rp_schema schema = {.size = sizeof(schema), .maps = maps, .map_count = count};
    return rp_module_set_schema(m->module, &schema);
}

/* Of a process that became another program: since then. */
static struct rp_error *see_any(void *ctx, const void *key, const void *value) {
    bool *any = ctx;
    const struct process *process = value;
    (void)key;
    *any |= process->memory != 0;
    return NULL;
}

/* That nothing was seen is not that nothing is left. */
static struct rp_error *tell_unused(const struct memleak *m) {
    bool any = false;
    struct rp_error *err = rp_map_each(m->module, "memories", see_any, &any);
    if (!err && !any)
        fprintf(stderr,
                "reprobe: note: no process that is traced has called malloc() and the like of "
                "%s: one that is linked statically, or has an allocator of its own, calls others "
                "(-O FILE)\n",
                strcmp(m->object, "c") ? m->object : "the C library");
    return err;
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    struct memleak *m = ctx;
    rp_tool_define(m->tool, "MIN_SIZE=%" PRIu64 "ULL", m->min);
    rp_tool_define(m->tool, "MAX_SIZE=%" PRIu64 "ULL", m->max);
    if (is_kernel(m))
        rp_tool_define(m->tool, "KERNEL");
    if (m->percpu)
        rp_tool_define(m->tool, "PERCPU");
    if (m->combined)
        rp_tool_define(m->tool, "COMBINED");
    if (m->trace)
        rp_tool_define(m->tool, "TRACE");
    if (m->sample > 1)
        rp_tool_define(m->tool, "SAMPLE=%" PRIu64, m->sample);
    const struct rp_report reports = {.size = sizeof(reports),
                                      .tool = m->tool,
                                      .interval = m->interval,
                                      .print = report,
                                      .ctx = m,
                                      .has_rows = m->trace};
    struct rp_error *err =
        rp_tool_compile(session, m->tool, "memleak.c", rp_embedded_memleak_c, &m->module);
    if (!err)
        err = set_schema(m);
    if (!err)
        err = rp_stack_new(m->module, &m->stack);
    if (!err)
        err = rp_stack_watch(session, m->stack);
    if (!err && m->trace)
        err = rp_session_read(session, m->module, "traces", print_trace, m);
    if (!err)
        err = is_kernel(m) ? rp_session_attach_named(session, m->module, NULL)
                           : attach_allocator(session, m->module, m->object);
    if (!err)
        err = rp_report_run(session, &reports);
    if (!err && !is_kernel(m))
        err = tell_unused(m);
    rp_stack_free(m->stack);
    rp_vec_clear(&m->leaks);
    rp_vec_clear(&m->all);
    return err;
}

int main(int argc, char **argv) {
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Prints which stacks allocated memory that is not yet freed: in the process of -p, "
               "in the command of -c and its children, or, without either, in the kernel."};
    struct memleak m = {
        .tool = rp_tool_new(), .older_ms = 500, .max = UINT64_MAX, .top = 10, .object = "c"};
    rp_tool_parse(argc, argv, &argp, &m, m.tool, &m.interval);
    return rp_tool_run(m.tool, run, &m);
}
