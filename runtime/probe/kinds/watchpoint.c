/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watchpoints: the processor's debug registers, as perf events. The program runs when some bytes of
 * memory are written, or read or written, or when an instruction runs. Addresses belong to a
 * process, so each thread of it has an event, and threads that start later inherit it; so do
 * processes that it forks, until they run another program. Addresses of the kernel are watched for
 * the process, or without one on every CPU.
 */
#include <bpf/libbpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/features.h"
#include "kernel/ksyms.h"
#include "probe/arguments.h"
#include "probe/binary.h"
#include "probe/describe.h"
#include "probe/kind.h"
#include "probe/process.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/names.h"
#include "util/text.h"

#define MARKS  "_.$@"
#define KERNEL "kernel" /* in place of a file */

/* ------------------------------------------------------------------ parse */

static const struct mode {
    const char *name, *also, *what;
    uint32_t type;
} modes[] = {{"w", NULL, "written", HW_BREAKPOINT_W},
             {"rw", "wr", "read or written", HW_BREAKPOINT_RW},
             {"x", NULL, "executed", HW_BREAKPOINT_X}};

/* What the target of a spec says: "SYMBOL+OFFSET:LENGTH:MODE" or "0xADDRESS:LENGTH:MODE". */
struct watch {
    char *symbol; /* NULL: an address */
    uint64_t address, offset;
    unsigned length;
    const struct mode *mode;
};

static void clear_watch(struct watch *watch) {
    free(watch->symbol);
}
#define AUTO_WATCH RP_AUTO(clear_watch)
#define NO_WATCH                                                                                   \
    { .mode = &modes[0] }

static struct rp_error *read_mode(const char *text, const struct mode **out) {
    for (size_t i = 0; i < RP_COUNT(modes); i++)
        if (!strcmp(text, modes[i].name) || (modes[i].also && !strcmp(text, modes[i].also)))
            return *out = &modes[i], NULL;
    if (!strcmp(text, "r"))
        return rp_error_hint_set(rp_probe_error(EINVAL, "processors cannot watch for reads alone"),
                                 "use rw: it also counts writes, which w counts alone");
    return rp_error_hint_set(
        rp_probe_error(EINVAL, "\"%.40s\" is not what can be watched for", text),
        "it is one of w (writes), rw (reads and writes) or x (an instruction runs)");
}

static struct rp_error *read_length(const char *text, size_t length, struct watch *watch) {
    static const char lengths[] = "1248";
    const char *found = length == 1 ? strchr(lengths, *text) : NULL;
    if (found) {
        watch->length = 1U << (found - lengths);
        return NULL;
    }
    return rp_error_hint_set(
        rp_probe_error(EINVAL, "\"%.*s\" is not a length: the processor watches 1, 2, 4 or 8 bytes",
                       (int)(length < 40 ? length : 40), text),
        "for longer variables watch a part: watchpoint:SYMBOL+OFFSET:8:w");
}

static struct rp_error *read_number(const char *text, const char *end, const char *noun,
                                    uint64_t *out) {
    char *after = NULL;
    errno = 0;
    *out = strtoull(text, &after, 0);
    if (isdigit((unsigned char)*text) && after == end && !errno)
        return NULL;
    return rp_probe_error(EINVAL, "\"%.*s\" is not an %s, such as 0x10", (int)(end - text), text,
                          noun);
}

static struct rp_error *read_place(const char *text, const char *end, struct watch *watch) {
    if (isdigit((unsigned char)*text))
        return read_number(text, end, "address", &watch->address);
    const char *plus = memchr(text, '+', (size_t)(end - text));
    RP_TRY(rp_spec_name(text, (size_t)((plus ? plus : end) - text), "variable", MARKS,
                        &watch->symbol));
    return plus ? read_number(plus + 1, end, "offset", &watch->offset) : NULL;
}

static const char *before(const char *text, const char *end, char wanted) {
    for (const char *c = end; c > text; c--)
        if (c[-1] == wanted)
            return c - 1;
    return NULL;
}

/* *file_length: of the file before it, or 0. */
static struct rp_error *read_watch(const char *text, struct watch *watch, size_t *file_length) {
    const char *mode = before(text, text + strlen(text), ':');
    const char *length = mode ? before(text, mode, ':') : NULL;
    if (!length)
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "a watchpoint has three parts: what is watched, how many bytes, "
                                   "and w, rw or x"),
            "such as watchpoint:counter:8:w or watchpoint:0x7ffe4a2c:4:rw");
    RP_TRY(read_mode(mode + 1, &watch->mode));
    RP_TRY(read_length(length + 1, (size_t)(mode - length - 1), watch));
    const char *colon = before(text, length, ':');
    *file_length = colon ? (size_t)(colon - text) : 0;
    return read_place(colon ? colon + 1 : text, length, watch);
}

/* The processor only knows one sort of instruction: perf_event_open(2) wants its length to be that
 * of a long. */
static struct rp_error *check_watch(const struct watch *watch) {
    if (watch->mode->type == HW_BREAKPOINT_X && watch->length != sizeof(long))
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "the length of an instruction is not chosen"),
            "write %zu for x: watchpoint:FUNCTION:%zu:x", sizeof(long), sizeof(long));
    if (!watch->symbol && watch->mode->type != HW_BREAKPOINT_X &&
        (watch->address & (watch->length - 1)))
        return rp_error_hint_set(rp_probe_error(EINVAL,
                                                "the processor watches %u bytes only where the "
                                                "address is a multiple of %u",
                                                watch->length, watch->length),
                                 "use 0x%" PRIx64 ", or fewer bytes",
                                 watch->address & ~(uint64_t)(watch->length - 1));
    return NULL;
}

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    AUTO_WATCH struct watch watch = NO_WATCH;
    size_t file_length = 0;
    RP_TRY(read_watch(rest, &watch, &file_length));
    if (!file_length)
        RP_TRY(check_watch(&watch));
    if (file_length)
        spec->path = strndup(rest, file_length);
    if (!watch.symbol)
        spec->target =
            rp_text("0x%" PRIx64 ":%u:%s", watch.address, watch.length, watch.mode->name);
    else if (watch.offset)
        spec->target = rp_text("%s+%" PRIu64 ":%u:%s", watch.symbol, watch.offset, watch.length,
                               watch.mode->name);
    else
        spec->target = rp_text("%s:%u:%s", watch.symbol, watch.length, watch.mode->name);
    return (file_length && !spec->path) || !spec->target ? rp_error_nomem() : NULL;
}

/* Of a spec, which is well-formed. */
static struct rp_error *watch_of(const struct rp_spec *spec, struct watch *watch) {
    size_t file_length;
    return read_watch(spec->target, watch, &file_length);
}

/* ------------------------------------------------------------------ the processor */

static int open_event(const struct perf_event_attr *attr, pid_t pid, int cpu) {
    return (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static struct perf_event_attr event_of(const struct watch *watch, uint64_t address) {
    return (struct perf_event_attr){.size = sizeof(struct perf_event_attr),
                                    .type = PERF_TYPE_BREAKPOINT,
                                    .sample_period = 1,
                                    .bp_type = watch->mode->type,
                                    .bp_addr = address,
                                    .bp_len = watch->length,
                                    .disabled = 1};
}

static struct rp_error *refusal(int errnum) {
    switch (errnum) {
    case EPERM:
    case EACCES:
        return rp_kernel_refusal(errnum);
    case ENOSPC:
        return rp_error_hint_set(
            rp_probe_error(errnum, "the processor has four watchpoints for each thread, and all of "
                                   "them are in use"),
            "end one of them: of this reprobe, of another tracer, or of a debugger");
    case EMFILE:
        return rp_error_hint_set(rp_error_new(errnum, NULL, "cannot use the probe"),
                                 "it needs a descriptor for each thread: raise ulimit -n");
    case ESRCH:
        return rp_probe_error(errnum, "the process has ended");
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
        return rp_error_hint_set(
            rp_probe_error(errnum, "this kernel or its processor has no watchpoints (%s)",
                           strerror(errnum)),
            "run it in the lab, which has them: reprobe lab -- COMMAND");
    default:
        return rp_probe_error(errnum, "the kernel does not watch that address: %s",
                              strerror(errnum));
    }
}

/* Some virtual machines take watchpoints and never report one: an answer of 0 would be wrong. */
static struct rp_error *try_here(void) {
    static volatile uint64_t trial;
    const struct watch watch = {.length = sizeof(trial), .mode = &modes[0]};
    struct perf_event_attr attr = event_of(&watch, (uintptr_t)&trial);
    attr.exclude_kernel = 1;
    attr.disabled = 0;
    RP_AUTO_CLOSE int fd = open_event(&attr, 0, -1);
    if (fd < 0)
        return refusal(errno);
    uint64_t count = 0;
    trial++;
    if (read(fd, &count, sizeof(count)) == sizeof(count) && count == 1)
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ENODEV,
                       "the kernel takes watchpoints, but this machine does not report them: of 1 "
                       "write it saw %" PRIu64 " (a virtual machine, whose host keeps the "
                       "processor's debug registers)",
                       count),
        "run it in the lab, which has them: reprobe lab -- COMMAND");
}

static struct rp_error *refuses(const struct rp_spec *spec) {
    (void)spec;
    return try_here();
}

static bool look(char *detail, size_t size) {
    struct rp_error *err = try_here();
    snprintf(detail, size, "%s", err ? rp_error_why(err) : "a write was seen");
    bool present = !err;
    rp_error_free(err);
    return present;
}

/* ------------------------------------------------------------------ where it is */

/* The upper half of the addresses is the kernel's. */
static bool is_kernel_address(uint64_t address) {
    return address >> 63;
}

static bool is_of_kernel(const struct rp_spec *spec) {
    if (spec->path)
        return !strcmp(spec->path, KERNEL);
    return spec->target && !strncmp(spec->target, "0x", 2) &&
           is_kernel_address(strtoull(spec->target, NULL, 16));
}

static enum rp_tasks tasks(const struct rp_spec *spec) {
    return is_of_kernel(spec) ? RP_TASKS_PROCESS : RP_TASKS_PROGRAM;
}

static struct rp_error *kernel_address(const struct watch *watch, uint64_t *address) {
    *address = watch->address;
    if (!watch->symbol)
        return NULL;
    bool is_function = watch->mode->type == HW_BREAKPOINT_X;
    unsigned count = rp_ksym_address(watch->symbol, is_function, address);
    if (!count)
        return rp_error_hint_set(rp_probe_error(ENOENT, "the kernel has no %s named %s",
                                                is_function ? "function" : "variable",
                                                watch->symbol),
                                 "grep it in /proc/kallsyms");
    if (count > 1)
        return rp_error_hint_set(rp_probe_error(EADDRNOTAVAIL,
                                                "the kernel has %u symbols named %s, and the name "
                                                "does not say which one you meant",
                                                count, watch->symbol),
                                 "use the address of one, from /proc/kallsyms");
    if (!*address)
        return rp_error_hint_set(rp_probe_error(EPERM, "the kernel hides its addresses"),
                                 "as root: sysctl kernel.kptr_restrict=1");
    *address += watch->offset;
    return NULL;
}

/* Bytes that are not the variable's would be counted, too. */
static struct rp_error *check_size(const struct watch *watch,
                                   const struct rp_program_symbol *symbol) {
    bool is_instruction = watch->mode->type == HW_BREAKPOINT_X;
    unsigned length = is_instruction ? 1 : watch->length;
    if (!symbol->size || (length <= symbol->size && watch->offset <= symbol->size - length))
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ERANGE, "%s has %" PRIu64 " bytes, and byte %" PRIu64 " is beyond it",
                       watch->symbol, symbol->size, watch->offset + length),
        "watch fewer bytes, or others: watchpoint:%s:1:%s", watch->symbol, watch->mode->name);
}

static struct rp_error *check_aligned(const struct watch *watch, uint64_t address) {
    struct watch at = {.length = watch->length, .mode = watch->mode, .address = address};
    return check_watch(&at);
}

static struct rp_program_symbol symbol_of(const struct rp_spec *spec, const struct watch *watch) {
    return (struct rp_program_symbol){.file = spec->path,
                                      .name = watch->symbol,
                                      .is_function = watch->mode->type == HW_BREAKPOINT_X,
                                      .address = watch->address};
}

/* Looks at what does not need a process. */
static struct rp_error *resolve(struct rp_spec *spec) {
    AUTO_WATCH struct watch watch = NO_WATCH;
    RP_TRY(watch_of(spec, &watch));
    if (is_of_kernel(spec)) {
        RP_TRY(kernel_address(&watch, &spec->number));
        return check_aligned(&watch, spec->number);
    }
    if (!spec->path)
        return NULL;
    struct rp_program_symbol symbol = symbol_of(spec, &watch);
    RP_TRY(rp_file_symbol(&symbol));
    RP_TRY(check_size(&watch, &symbol));
    return check_aligned(&watch, symbol.address + watch.offset);
}

static struct rp_error *process_address(const struct rp_spec *spec, const struct watch *watch,
                                        uint64_t *address) {
    *address = watch->address;
    if (!watch->symbol && !spec->path)
        return NULL;
    struct rp_program_symbol symbol = symbol_of(spec, watch);
    RP_TRY(rp_process_symbol(spec->pid, &symbol, address));
    RP_TRY(check_size(watch, &symbol));
    *address += watch->offset;
    return NULL;
}

/* ------------------------------------------------------------------ attach */

static struct rp_error *attach_event(const struct perf_event_attr *attr, pid_t pid, int cpu,
                                     int prog_fd, struct rp_attachment *out) {
    int fd = open_event(attr, pid, cpu);
    if (fd < 0)
        return refusal(errno);
    RP_TRY(rp_attachment_add(out, fd, NULL));
    return ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd)
               ? rp_error_new(errno, NULL, "cannot use the probe")
               : NULL;
}

static struct rp_error *attach_to_cpus(const struct perf_event_attr *attr, int prog_fd,
                                       struct rp_attachment *out) {
    for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
        struct rp_error *err = attach_event(attr, -1, cpu, prog_fd, out);
        if (err && rp_error_errno(err) != ENODEV) /* it is offline */
            return err;
        rp_error_free(err);
    }
    return NULL;
}

struct threads {
    RP_VEC(pid_t);
};

static void clear_threads(struct threads *threads) {
    rp_vec_clear(threads);
}

static struct rp_error *list_threads(pid_t pid, struct threads *out) {
    char path[32];
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    RP_AUTO_CLOSEDIR DIR *dir = opendir(path);
    if (!dir)
        return refusal(errno == ENOENT ? ESRCH : errno);
    out->count = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)))
        if (isdigit((unsigned char)entry->d_name[0]) &&
            !rp_vec_push(out, (pid_t)strtol(entry->d_name, NULL, 10)))
            return rp_error_nomem();
    return NULL;
}

static bool has_thread(const struct threads *threads, pid_t tid) {
    for (size_t i = 0; i < threads->count; i++)
        if (threads->items[i] == tid)
            return true;
    return false;
}

static bool are_among(const struct threads *some, const struct threads *all) {
    for (size_t i = 0; i < some->count; i++)
        if (!has_thread(all, some->items[i]))
            return false;
    return true;
}

static struct rp_error *attach_to_threads(const struct perf_event_attr *attr,
                                          const struct threads *threads, int prog_fd,
                                          struct rp_attachment *out) {
    for (size_t i = 0; i < threads->count; i++) {
        struct rp_error *err = attach_event(attr, threads->items[i], -1, prog_fd, out);
        if (err && rp_error_errno(err) != ESRCH) /* it has ended */
            return err;
        rp_error_free(err);
    }
    return out->count ? NULL : refusal(ESRCH);
}

#define TRIES_MAX 100

/* Nobody knows whether a thread that appears meanwhile has inherited an event: then all events,
 * which are not enabled yet, are closed, and opened anew. */
static struct rp_error *attach_to_process(const struct perf_event_attr *attr, pid_t pid,
                                          int prog_fd, struct rp_attachment *out) {
    for (int i = 0; i < TRIES_MAX; i++) {
        RP_AUTO(clear_threads) struct threads threads = {0}, now = {0};
        RP_TRY(list_threads(pid, &threads));
        RP_TRY(attach_to_threads(attr, &threads, prog_fd, out));
        RP_TRY(list_threads(pid, &now));
        if (are_among(&now, &threads))
            return NULL;
        rp_attachment_end(out);
    }
    return rp_probe_error(EAGAIN, "the process starts threads faster than they can be watched");
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    RP_TRY(try_here());
    AUTO_WATCH struct watch watch = NO_WATCH;
    RP_TRY(watch_of(spec, &watch));
    bool of_kernel = is_of_kernel(spec);
    uint64_t address = spec->number;
    if (!of_kernel && !spec->pid)
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "a watchpoint is in the memory of one process"),
            "say which: -p PID, or -c COMMAND to run one");
    if (!of_kernel)
        RP_TRY(process_address(spec, &watch, &address));
    RP_TRY(check_aligned(&watch, address));
    struct perf_event_attr attr = event_of(&watch, address);
    attr.inherit = spec->pid != 0;
    attr.remove_on_exec = !of_kernel; /* Linux 5.13 */
    if (spec->pid)
        RP_TRY(attach_to_process(&attr, spec->pid, prog_fd, out));
    else
        RP_TRY(attach_to_cpus(&attr, prog_fd, out));
    return rp_attachment_enable(out) ? NULL : refusal(errno);
}

/* ------------------------------------------------------------------ list */

struct visit {
    bool (*each)(void *ctx, const char *rest);
    void *ctx;
    const char *file; /* as written in the pattern */
    struct rp_names seen;
};

/* As much of the variable as one watchpoint can watch. */
static bool visit_variable(void *ctx, const char *name, uint64_t address, uint64_t size) {
    struct visit *visit = ctx;
    unsigned length = 8;
    while (length > 1 && (length > size || address % length))
        length /= 2;
    if (strspn(name, "0123456789") || !rp_names_add(&visit->seen, name, strlen(name)))
        return true;
    RP_AUTO_FREE char *rest = rp_text("%s:%s:%u:w", visit->file, name, length);
    return rest && visit->each(visit->ctx, rest);
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    RP_AUTO_FREE char *name = NULL, *path = NULL;
    RP_TRY(rp_binary_of_pattern(pattern, &name));
    RP_TRY(rp_binary_find(name, &path));
    struct visit visit = {.each = each, .ctx = ctx, .file = name};
    struct rp_error *err = rp_binary_each_variable(path, visit_variable, &visit);
    rp_names_clear(&visit.seen);
    return err;
}

/* ------------------------------------------------------------------ C */

/* What is there after a write. */
static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    AUTO_WATCH struct watch watch = NO_WATCH;
    RP_TRY(watch_of(spec, &watch));
    arguments->known = true;
    if (watch.mode->type == HW_BREAKPOINT_X)
        return NULL;
    return rp_arguments_add(arguments, strdup("value"), rp_text("u%u", 8 * watch.length));
}

static enum rp_memory memory(const struct rp_spec *spec, const struct rp_arguments *arguments) {
    (void)arguments;
    return is_of_kernel(spec) ? RP_MEMORY_KERNEL : RP_MEMORY_USER;
}

static void write_head(const struct rp_function_text *f) {
    fprintf(f->out, "int %s(struct bpf_perf_event_data *%s)\n{\n", f->name, f->context);
}

static void write_argument(const struct rp_function_text *f, size_t i) {
    const struct rp_argument *argument = &f->arguments->list[i];
    rp_write_local(f->out, argument->type, argument->name, "0");
    fprintf(f->out, "    bpf_probe_read_%s(&%s, sizeof(%s), (void *)%s->addr);\n",
            is_of_kernel(f->spec) ? "kernel" : "user", argument->name, argument->name, f->context);
}

static void describe(const struct rp_spec *spec, FILE *out) {
    AUTO_WATCH struct watch watch = NO_WATCH;
    struct rp_error *err = watch_of(spec, &watch);
    bool is_instruction = !err && watch.mode->type == HW_BREAKPOINT_X;
    rp_describe_label(out, "watched");
    if (is_instruction)
        fprintf(out, "an instruction is executed\n");
    else if (!err)
        fprintf(out, "%u byte%s %s %s\n", watch.length, watch.length == 1 ? "" : "s",
                watch.length == 1 ? "is" : "are", watch.mode->what);
    rp_error_free(err);
    rp_describe_label(out, "where");
    if (is_of_kernel(spec))
        fprintf(out, "in the kernel, for the process of -p or -c, or on every CPU\n");
    else
        fprintf(out, "in the process of -p or -c, which must be given\n");
    if (!is_instruction) {
        rp_describe_label(out, "arguments");
        fprintf(out, "u%u value, what is there afterwards\n", 8 * watch.length);
    }
}

const struct rp_probe_kind rp_watchpoint_kind = {
    .name = "watchpoint",
    .alias = "w",
    .usage = "watchpoint:[FILE:]SYMBOL[+OFFSET]:LENGTH:w|rw|x",
    .what = "memory of a process is written (w), read or written (rw), or executed (x)",
    .in_files = true,
    .parse = parse,
    .prog_type = BPF_PROG_TYPE_PERF_EVENT,
    .resolve = resolve,
    .refuses = refuses,
    .tasks = tasks,
    .is_scarce = true,
    .attach = attach,
    .list = list,
    .arguments = arguments,
    .memory = memory,
    .write_argument = write_argument,
    .write_head = write_head,
    .describe = describe,
    .target_noun = "variable",
    .feature = "watchpoints",
    .look = look,
};
