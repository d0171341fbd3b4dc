/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One system call, at the raw tracepoint of all of them (Linux 4.17): what its own tracepoint
 * shows, for who cannot read tracefs, where such tracepoints have their numbers, and for kernels
 * without them (CONFIG_FTRACE_SYSCALLS). The program looks at the number of each call that anybody
 * makes, so it costs more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "kernel/ksyms.h"
#include "kernel/syscalls.h"
#include "kernel/tracefs.h"
#include "probe/arguments.h"
#include "probe/describe.h"
#include "probe/kernel_event.h"
#include "probe/kind.h"
#include "probe/kinds/exec.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    bool at_return;
    if (!rp_syscall_of_event(rest, &at_return))
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "it is neither sys_enter_NAME nor sys_exit_NAME"),
            "usage: %s, as rawsyscall:sys_enter_openat", spec->kind->usage);
    return rp_spec_name(rest, strlen(rest), "system call", "_", &spec->target);
}

static const char *name_of(const struct rp_spec *spec) {
    bool at_return;
    const char *name = rp_syscall_of_event(spec->target, &at_return);
    return name ? name : "";
}

static bool returns(const struct rp_spec *spec) {
    bool at_return;
    return rp_syscall_of_event(spec->target, &at_return) && at_return;
}

/* ------------------------------------------------------------------ attach points */

static bool is_known(const char *name) {
    RP_AUTO_FREE char *event = rp_text("sys_enter_%s", name);
    RP_AUTO_FREE char *format = event ? rp_event_format("syscalls", event) : NULL;
    return format && rp_syscall_number(name) >= 0 && rp_kernel_has_syscall(name);
}

static bool add_near(void *ctx, const char *name) {
    if (rp_syscall_number(name) >= 0)
        rp_nearest_add(ctx, name);
    return true;
}

static struct rp_error *no_syscall(const char *name) {
    RP_AUTO(rp_nearest_clear) struct rp_nearest nearest = {.wanted = name};
    rp_syscalls_each(add_near, &nearest);
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, "");
    struct rp_error *err =
        rp_kernel_has_syscall(name)
            ? rp_probe_error(ENOENT,
                             "the number or the arguments of the system call %s are not "
                             "known",
                             name)
            : rp_probe_error(ENOENT, "the kernel has no system call %s", name);
    return near ? rp_error_hint_set(err, "did you mean %s?", near)
                : rp_error_hint_set(err, "reprobe list 'rawsyscall:*' lists what exists");
}

static struct rp_error *resolve(struct rp_spec *spec) {
    const char *name = name_of(spec);
    if (!rp_arch.number || !rp_arch.narrow_member)
        return rp_error_hint_set(
            rp_probe_error(ENOTSUP, "where this processor has a system call's arguments is not "
                                    "known"),
            "tracepoint:syscalls:%s, as root, has them", spec->target);
    return is_known(name) ? NULL : no_syscall(name);
}

/* The raw tracepoint of all calls. */
static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    const struct rp_spec all = {.kind = &rp_raw_tracepoint_kind,
                                .target = returns(spec) ? "sys_exit" : "sys_enter"};
    return rp_raw_tracepoint_kind.attach(&all, prog_fd, out);
}

struct visit {
    bool (*each)(void *ctx, const char *rest);
    void *ctx;
};

static bool visit_call(void *ctx, const char *name) {
    const struct visit *visit = ctx;
    RP_AUTO_FREE char *enter = rp_text("sys_enter_%s", name), *leave = rp_text("sys_exit_%s", name);
    return !enter || !leave || !is_known(name) ||
           (visit->each(visit->ctx, enter) && visit->each(visit->ctx, leave));
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    struct visit visit = {.each = each, .ctx = ctx};
    rp_syscalls_each(visit_call, &visit);
    return NULL;
}

/* ------------------------------------------------------------------ arguments */

static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    RP_AUTO_FREE char *format = rp_event_format("syscalls", spec->target);
    return format ? rp_arguments_add_fields(arguments, format) : rp_spec_check(spec);
}

static enum rp_memory memory(const struct rp_spec *spec, const struct rp_arguments *arguments) {
    (void)arguments;
    return returns(spec) ? RP_MEMORY_EITHER : RP_MEMORY_USER;
}

static bool is_native(const struct rp_spec *spec) {
    (void)spec;
    return true;
}

static char *call(const struct rp_spec *spec, enum rp_call_part part) {
    const char *name = name_of(spec);
    if (part == RP_CALL_WHOLE || part == RP_CALL_COUNTED)
        return NULL;
    return rp_text("%s:sys_%s_%s", spec->kind->name, part == RP_CALL_ENTRY ? "enter" : "exit",
                   name);
}

/* ------------------------------------------------------------------ C */

static void write_head(const struct rp_function_text *f) {
    const char *name = name_of(f->spec);
    fprintf(f->out, "int %s(struct bpf_raw_tracepoint_args *%s)\n{\n", f->name, f->context);
    fprintf(f->out, "    if (!%s_syscall(%s, %ld)) /* %s */\n        return 0;\n",
            returns(f->spec) ? "leaves" : "enters", f->context, rp_syscall_number(name), name);
}

static void write_argument(const struct rp_function_text *f, size_t i) {
    const struct rp_argument *argument = &f->arguments->list[i];
    RP_AUTO_FREE char *value =
        returns(f->spec) ? rp_text("(%s)%s->args[1]", argument->type, f->context)
                         : rp_text("(%s)syscall_argument(%s, %zu)", argument->type, f->context, i);
    rp_write_local(f->out, argument->type, argument->name, value ? value : "0");
}

const struct rp_probe_kind rp_raw_syscall_kind = {
    .name = "rawsyscall",
    .usage = "rawsyscall:sys_enter_NAME|sys_exit_NAME",
    .what = "a system call, where its tracepoint cannot be read",
    .parse = parse,
    .function_prefix = "rawsyscall__",
    .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .arguments = arguments,
    .memory = memory,
    .returns = returns,
    .call = call,
    /* kernel/entry/common.c: as the tracepoint of the call */
    .may_lack_entry = true,
    .is_native = is_native,
    .write_head = write_head,
    .write_argument = write_argument,
    .write_count = rp_write_count_of_exec,
    .write_kept = rp_write_kept_of_exec,
    .result = RP_RESULT_ARGUMENT,
    .result_member = "args[1]",
    .cannot_move = "it looks for the number of one system call",
    .describe = rp_describe_signature,
    .target_noun = "system call",
};
