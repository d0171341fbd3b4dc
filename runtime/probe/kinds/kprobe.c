/* SPDX-License-Identifier: Apache-2.0 */
/* kprobes and kretprobes: the entry, an instruction, or the return of a kernel function. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "kernel/features.h"
#include "kernel/kcore.h"
#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "probe/arguments.h"
#include "probe/attachment.h"
#include "probe/completion.h"
#include "probe/disassembler.h"
#include "probe/event_source.h"
#include "probe/kernel_function.h"
#include "probe/matches.h"
#include "util/array.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/names.h"
#include "util/nearest.h"
#include "util/text.h"

/* Registers that hold arguments, on x86-64. */
#define REGISTERS 6

/* ------------------------------------------------------------------ parse */

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    if (rp_probe_kind_sees_return(spec->kind))
        RP_TRY(rp_spec_check_return(rest, "kprobe:FUNCTION+OFFSET", spec));
    const char *colon = memchr(rest, ':', strcspn(rest, "+"));
    if (colon && memchr(colon + 1, ':', strcspn(colon + 1, "+")))
        return rp_probe_error(EINVAL, "too many parts: a %s is at one function, of one module",
                              spec->kind->name);
    if (colon)
        RP_TRY(rp_spec_name(rest, (size_t)(colon - rest), "module", "_-", &spec->category));
    return rp_spec_function(colon ? colon + 1 : rest, "_.$", spec);
}

/* ------------------------------------------------------------------ resolve */

static struct rp_error *no_kprobes(const struct rp_spec *spec) {
    struct rp_error *err = rp_probe_error(
        EOPNOTSUPP, "this kernel has no kprobes (it was built without CONFIG_KPROBES)");
    RP_AUTO_FREE char *instead = spec ? rp_suggest_tracepoint(spec) : NULL;
    if (instead)
        return rp_error_hint_set(err,
                                 "use %s instead, or run it in the lab, on a kernel that has them: "
                                 "reprobe lab -- COMMAND",
                                 instead);
    return rp_error_hint_set(
        err, "run it in the lab, on a kernel that has them: reprobe lab -- COMMAND");
}

static bool add_function(void *ctx, const char *name, const char *module, uint64_t address) {
    (void)module;
    (void)address;
    rp_nearest_add(ctx, name);
    return true;
}

static struct rp_error *no_function(const struct rp_spec *spec) {
    struct rp_nearest nearest = {.wanted = spec->target};
    rp_error_free(rp_ksyms_each(add_function, &nearest));
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    struct rp_error *err = rp_probe_error(ENOENT, "the kernel has no function of that name");
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    return rp_error_hint_set(err,
                             "the compiler may have inlined it, or its module is not loaded; "
                             "reprobe list '%s:*PART*' finds functions by a part of their names",
                             spec->kind->name);
}

/* The kernel itself would accept a probe beyond the end of the function. */
static struct rp_error *resolve(struct rp_spec *spec) {
    bool by_name = !spec->category && !rp_kernel_function_is_address(spec);
    if (!by_name)
        RP_TRY(rp_kernel_function_find(spec, &spec->number));
    else if (!rp_kernel_function_use_own_name(spec) && !rp_ksym_exists(spec->target))
        return no_function(spec);
    if (!rp_kernel_has_kprobes())
        return no_kprobes(spec);
    if (!spec->offset)
        return NULL;
    return rp_spec_check_offset(spec, by_name ? rp_ksym_size(spec->target)
                                              : rp_ksym_size_at(spec->number));
}

/* ------------------------------------------------------------------ refusals of the kernel */

/* Stops when *ctx is found, and sets it to NULL. */
static bool find_forbidden(void *ctx, const char *function) {
    const char **wanted = ctx;
    if (!strcmp(function, *wanted))
        *wanted = NULL;
    return *wanted;
}

static bool is_blacklisted(const char *function) {
    rp_kprobe_each_forbidden(find_forbidden, &function);
    return !function;
}

static struct rp_error *refuses(const struct rp_spec *spec) {
    if (is_blacklisted(spec->target))
        return rp_error_hint_set(
            rp_probe_error(EINVAL,
                           "the kernel forbids probes in %s: kprobes themselves depend on it "
                           "(/sys/kernel/debug/kprobes/blacklist)",
                           spec->target),
            "probe a function that calls it, or one that it calls");
    /* Linux 6.6 and stable kernels with the same change refuse an ambiguous name. */
    uint64_t address;
    return spec->number ? NULL : rp_kernel_function_find(spec, &address);
}

/* The longest instruction of x86-64 has so many bytes; of other machines none is longer. */
#define INSTRUCTION_MAX 15

/* Where the instructions around it begin, if the kernel shows its code. */
static struct rp_boundary boundary_of(const struct rp_spec *spec) {
    uint64_t start = spec->number;
    if (!start)
        rp_ksym_address(spec->target, true, &start);
    size_t size = spec->offset + INSTRUCTION_MAX;
    RP_AUTO_FREE uint8_t *code = start ? malloc(size) : NULL;
    size_t got = code ? rp_kernel_read_code(start, code, size) : 0;
    return got ? rp_find_boundary(code, got, spec->offset) : (struct rp_boundary){0};
}

static struct rp_error *not_an_instruction(const struct rp_spec *spec, int errnum) {
    struct rp_boundary at = boundary_of(spec);
    struct rp_error *err =
        rp_probe_error(errnum, "byte %" PRIu64 " of %s is not the start of an instruction",
                       spec->offset, spec->target);
    if (at.known && at.before < spec->offset)
        return rp_error_hint_set(err, "the nearest are %s+%" PRIu64 " and %s+%" PRIu64,
                                 spec->target, at.before, spec->target, at.after);
    return rp_error_hint_set(err,
                             "use the offset of an instruction, as shown by gdb or objdump -d");
}

/* Why the kernel refused an attach point that was resolved. */
static struct rp_error *explain(const struct rp_spec *spec, int errnum) {
    switch (errnum) {
    case EPERM:
    case EACCES:
        return rp_kernel_refusal(errnum);
    case EILSEQ:
        return not_an_instruction(spec, errnum);
    case E2BIG:
        return rp_error_hint_set(
            rp_probe_error(errnum, "it has as many programs attached as the kernel allows"),
            "end other tracers of this function");
    default:
        break;
    }
    struct rp_error *err = refuses(spec);
    if (err)
        return err;
    if (errnum == ENOENT)
        return no_function(spec);
    if (errnum == EINVAL && rp_arch.instruction && spec->offset % rp_arch.instruction)
        return not_an_instruction(spec, errnum);
    if (errnum == EINVAL && spec->offset)
        return rp_error_hint_set(
            rp_probe_error(errnum,
                           "the kernel cannot probe byte %" PRIu64
                           " of %s: its function tracer has a call there, or the function is "
                           "marked notrace",
                           spec->offset, spec->target),
            "use the offset of another instruction, as shown by gdb or objdump -d");
    if (errnum == EINVAL)
        return rp_error_hint_set(
            rp_probe_error(
                errnum, "the kernel cannot probe %s: it is marked notrace, or is not ordinary code",
                spec->target),
            "probe a function that calls it, or one that it calls");
    return rp_error_new(errnum, NULL, "cannot use the probe");
}

/* ------------------------------------------------------------------ attach */

/* The kernel itself counts what it misses, if it is asked by a link. */
static int attach_event(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    struct perf_event_attr attr = {0};
    if (!rp_event_source_set(&attr, "kprobe", spec->kind->is_return))
        return EOPNOTSUPP;
    if (spec->number) {
        attr.kprobe_addr = spec->number + spec->offset;
    } else {
        attr.kprobe_func = (uintptr_t)spec->target;
        attr.probe_offset = spec->offset;
    }
    return rp_event_attach(&attr, 0, NULL, prog_fd, out);
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    struct rp_breakpoint match = {
        .is_return = spec->kind->is_return, .function = spec->target, .offset = spec->offset};
    int errnum = attach_event(spec, prog_fd, out);
    if (errnum == EOPNOTSUPP && !spec->number)
        errnum = rp_breakpoint_attach(&match, prog_fd, out);
    return errnum ? explain(spec, errnum) : NULL;
}

/* ------------------------------------------------------------------ list */

struct visit {
    bool (*each)(void *ctx, const char *rest);
    void *ctx;
    struct rp_names seen; /* several static functions may share a name */
};

static bool visit_name(struct visit *visit, const char *name) {
    return !rp_names_add(&visit->seen, name, strlen(name)) || visit->each(visit->ctx, name);
}

static bool visit_function(void *ctx, const char *name, const char *module, uint64_t address) {
    (void)module;
    (void)address;
    return visit_name(ctx, name);
}

static bool visit_traceable(void *ctx, const char *name) {
    return visit_name(ctx, name);
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    if (!rp_kernel_has_kprobes())
        return no_kprobes(NULL);
    struct visit visit = {.each = each, .ctx = ctx};
    struct rp_error *err = rp_tracefs_each_function(visit_traceable, &visit);
    if (err) {
        rp_error_free(err);
        err = rp_ksyms_each(visit_function, &visit);
    }
    rp_names_clear(&visit.seen);
    return err;
}

static struct rp_error *match(const char *pattern, struct rp_matches *out) {
    if (!rp_kernel_has_kprobes())
        return no_kprobes(NULL);
    if (strchr(pattern, '+'))
        return rp_error_hint_set(
            rp_probe_error(EINVAL,
                           "a pattern of functions has no offset: functions have different code"),
            "use %s:NAMES without an offset, or one function", out->kind->name);
    return rp_kernel_functions_match(pattern, out);
}

static bool set_event(struct perf_event_attr *attr, const struct rp_matches *matches, size_t i) {
    if (matches->items[i].number)
        attr->kprobe_addr = matches->items[i].number;
    else
        attr->kprobe_func = (uintptr_t)rp_match_name(matches, i);
    return rp_event_source_set(attr, "kprobe", matches->kind->is_return);
}

/* ------------------------------------------------------------------ arguments */

/* At the return the registers have other contents. */
static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    if (spec->offset) /* the contents of the registers are unknown there */
        return NULL;
    if (rp_kernel_function_is_address(spec)) { /* whose types are not known */
        RP_TRY(rp_arguments_add_unknown(arguments));
        arguments->readable = spec->kind->is_return ? 0 : arguments->readable;
        return NULL;
    }
    bool found;
    RP_TRY(rp_arguments_add_syscall(arguments, spec->target, &found));
    if (!found)
        RP_TRY(rp_kernel_function_arguments(spec, arguments));
    if (spec->kind->is_return)
        arguments->readable = 0;
    rp_arguments_place(arguments, REGISTERS);
    return NULL;
}

/* The arguments of a syscall are in the caller's registers. */
static enum rp_memory memory(const struct rp_spec *spec, const struct rp_arguments *arguments) {
    bool syscall = spec->target && !spec->offset && rp_is_syscall_function(spec->target) &&
                   !(arguments->count && strstr(arguments->list[0].type, "struct pt_regs"));
    return syscall ? RP_MEMORY_USER : RP_MEMORY_EITHER;
}

/* The tracepoint has the syscall's arguments, as the function has. */
static char *call(const struct rp_spec *spec, enum rp_call_part part) {
    bool syscall = part == RP_CALL_COUNTED && rp_is_syscall_function(spec->target);
    if (syscall)
        return rp_text("tracepoint:syscalls:sys_exit_%s", rp_syscall_of(spec->target));
    return rp_kernel_function_call(spec, part, rp_kprobe_kind.name, rp_kretprobe_kind.name);
}

/* ------------------------------------------------------------------ C */

/* libbcc reads the arguments of a syscall in another way. */
static void write_head(const struct rp_function_text *f) {
    if (f->neutral && f->names_itself && !strncmp(f->spec->target, "__x64_sys_", 10) &&
        rp_function_parameters(f))
        fputs("/* a syscall */\n", f->out);
    rp_write_registers_head(f);
}

static struct rp_error *complete(struct rp_completion *completion, const char *rest) {
    if (rp_kernel_has_kprobes())
        rp_complete_function(completion, rest);
    return NULL;
}

/* "ksyscall/openat" is the function of a syscall, whatever it is called here. A section may leave
 * open where the program is attached. */
static struct rp_error *spec_of(const struct rp_probe_kind *kind, const struct rp_section *section,
                                char **spec) {
    bool syscall = strstr(section->name, "syscall") != NULL;
    if (!*section->rest)
        return NULL;
    *spec = rp_text("%s:%s%s", kind->name, syscall ? "sys_" : "", section->rest);
    return *spec ? NULL : rp_error_nomem();
}

static struct rp_error *spec_of_section(const struct rp_section *section, char **spec) {
    return spec_of(&rp_kprobe_kind, section, spec);
}

static struct rp_error *return_spec_of_section(const struct rp_section *section, char **spec) {
    return spec_of(&rp_kretprobe_kind, section, spec);
}

const struct rp_probe_kind rp_kprobe_kind = {
    .name = "kprobe",
    .alias = "k",
    .usage = "kprobe:[MODULE:]FUNCTION[+OFFSET]",
    .what = "the entry of a kernel function, or an instruction in it",
    .parse = parse,
    .use_own_name = rp_kernel_function_use_own_name,
    .function_prefix = "kprobe__",
    .sections = (const char *const[]){"kprobe", "kprobe.multi", "ksyscall", NULL},
    .spec_of_section = spec_of_section,
    .prog_type = BPF_PROG_TYPE_KPROBE,
    .multi_type = BPF_TRACE_KPROBE_MULTI,
    .resolve = resolve,
    .refuses = refuses,
    .misses = RP_MISSES_EVENTS,
    .attach = attach,
    .list = list,
    .match = match,
    .set_event = set_event,
    .suggest = rp_suggest_tracepoint,
    .arguments = arguments,
    .memory = memory,
    .has_more_arguments = "fentry",
    .of_functions = true,
    .call = call,
    .is_native = rp_kernel_function_is_native,
    .has_parameters = true,
    .write_frame = rp_write_registers_frame,
    .write_head = write_head,
    .exists = rp_kernel_function_exists,
    .describe = rp_kernel_function_describe,
    .complete = complete,
};

const struct rp_probe_kind rp_kretprobe_kind = {
    .name = "kretprobe",
    .alias = "kr",
    .usage = "kretprobe:[MODULE:]FUNCTION",
    .what = "the return of a kernel function",
    .parse = parse,
    .use_own_name = rp_kernel_function_use_own_name,
    .function_prefix = "kretprobe__",
    .sections = (const char *const[]){"kretprobe", "kretprobe.multi", "kretsyscall", NULL},
    .spec_of_section = return_spec_of_section,
    .prog_type = BPF_PROG_TYPE_KPROBE,
    .multi_type = BPF_TRACE_KPROBE_MULTI,
    .resolve = resolve,
    .refuses = refuses,
    .misses = RP_MISSES_RETURNS,
    .attach = attach,
    .list = list,
    .match = match,
    .set_event = set_event,
    .suggest = rp_suggest_tracepoint,
    .arguments = arguments,
    .memory = memory,
    .of_functions = true,
    .is_return = true,
    .call = call,
    .is_native = rp_kernel_function_is_native,
    .result = RP_RESULT_READ,
    .write_result = rp_write_register_result,
    .write_frame = rp_write_registers_frame,
    .write_head = rp_write_registers_head,
    .exists = rp_kernel_function_exists,
    .describe = rp_kernel_function_describe,
    .complete = complete,
};
