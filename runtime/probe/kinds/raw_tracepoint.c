/* SPDX-License-Identifier: Apache-2.0 */
/* Raw tracepoints (Linux 4.17): the same events with the kernel's own arguments, and cheaper. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/bcc.h"
#include "kernel/btf.h"
#include "kernel/features.h"
#include "kernel/tracefs.h"
#include "probe/arguments.h"
#include "probe/describe.h"
#include "probe/kernel_event.h"
#include "probe/kind.h"
#include "util/array.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    if (strchr(rest, ':'))
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "too many parts: a raw tracepoint has no category"),
            "usage: %s (tracepoint:CATEGORY:NAME has one)", spec->kind->usage);
    return rp_spec_name(rest, strlen(rest), "tracepoint", "_.$", &spec->target);
}

/* ------------------------------------------------------------------ list */

struct visit {
    bool (*each)(void *ctx, const char *rest);
    void *ctx;
};

/* Categories whose events are made from other events, and have no tracepoint. */
static bool is_derived(const char *event) {
    static const char *const categories[] = {"syscalls:", "kprobes:", "uprobes:", "synthetic:"};
    for (size_t i = 0; i < RP_COUNT(categories); i++)
        if (!strncmp(event, categories[i], strlen(categories[i])))
            return true;
    return false;
}

static bool visit_event(void *ctx, const char *event) {
    const struct visit *visit = ctx;
    const char *colon = strchr(event, ':');
    return !colon || is_derived(event) || visit->each(visit->ctx, colon + 1);
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    struct visit visit = {.each = each, .ctx = ctx};
    return rp_tracefs_each_event(visit_event, &visit);
}

/* ------------------------------------------------------------------ resolve */

struct search {
    const char *wanted;
    bool found;
    struct rp_nearest nearest;
};

static bool search_name(void *ctx, const char *name) {
    struct search *search = ctx;
    search->found = !strcmp(name, search->wanted);
    rp_nearest_add(&search->nearest, name);
    return !search->found;
}

/* The kernel's types name each of its raw tracepoints, even those that tracefs does not show. */
static bool in_btf(const char *name) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    RP_AUTO_FREE char *type = NULL;
    if (!btf || asprintf(&type, "btf_trace_%s", name) < 0)
        return false;
    return rp_btf_find(btf, type, BTF_KIND_TYPEDEF);
}

static bool is_syscall_event(const char *name) {
    return !strncmp(name, "sys_enter_", 10) || !strncmp(name, "sys_exit_", 9);
}

static struct rp_error *no_tracepoint(const char *name, const struct rp_nearest *nearest) {
    struct rp_error *err = rp_probe_error(ENOENT, "the kernel has no raw tracepoint %s", name);
    if (is_syscall_event(name))
        return rp_error_hint_set(err,
                                 "single syscalls are not raw tracepoints: use "
                                 "tracepoint:syscalls:%s, or rawtracepoint:%s for all syscalls",
                                 name, name[4] == 'e' && name[5] == 'n' ? "sys_enter" : "sys_exit");
    RP_AUTO_FREE char *guess = rp_nearest_text(nearest, "");
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    return rp_error_hint_set(err, "reprobe list 'rawtracepoint:*' lists what exists");
}

/* If tracefs is not readable, the kernel answers when it attaches. */
static struct rp_error *resolve(struct rp_spec *spec) {
    if (in_btf(spec->target))
        return NULL;
    struct search search = {.wanted = spec->target, .nearest = {.wanted = spec->target}};
    struct rp_error *err = list(spec->kind, NULL, search_name, &search);
    bool absent = !err && !search.found;
    rp_error_free(err);
    err = absent ? no_tracepoint(spec->target, &search.nearest) : NULL;
    rp_nearest_clear(&search.nearest);
    return err;
}

/* ------------------------------------------------------------------ attach */

static struct rp_error *explain(const struct rp_spec *spec, int errnum) {
    switch (errnum) {
    case EPERM:
    case EACCES:
        return rp_kernel_refusal(errnum);
    case ENOENT:
        return no_tracepoint(spec->target, &(struct rp_nearest){0});
    case EINVAL:
        return rp_error_hint_set(
            rp_probe_error(errnum, "the program reads more arguments than this tracepoint has"),
            "read only the arguments of the kernel's trace_%s()", spec->target);
    default:
        return rp_error_new(errnum, NULL, "cannot use the probe");
    }
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    struct rp_capture capture = rp_capture_begin();
    int fd = rp_bcc()->bpf_attach_raw_tracepoint(prog_fd, spec->target);
    int errnum = errno;
    free(rp_capture_end(&capture));
    if (fd < 0)
        return explain(spec, errnum);
    return rp_attachment_add(out, fd, NULL);
}

/* ------------------------------------------------------------------ C */

static void write_head(const struct rp_function_text *f) {
    if (!rp_function_is_macro(f, "ctx")) {
        fprintf(f->out, "int %s(struct bpf_raw_tracepoint_args *%s)\n{\n", f->name, f->context);
        return;
    }
    fprintf(f->out, "%s(", f->spec->kind->macro);
    rp_write_target(f);
    fputs(")\n{\n", f->out);
}

static void write_argument(const struct rp_function_text *f, size_t i) {
    const struct rp_argument *argument = &f->arguments->list[i];
    if (argument->is_copied) {
        RP_AUTO_FREE char *declared = rp_type_declare(argument->type, argument->name);
        fprintf(f->out, "    %s;\n    __builtin_memcpy(&%s, &%s->args[%zu], sizeof(%s));\n",
                declared ? declared : "", argument->name, f->context, i, argument->name);
        return;
    }
    RP_AUTO_FREE char *value = rp_text("(%s)%s->args[%zu]", argument->type, f->context, i);
    rp_write_local(f->out, argument->type, argument->name, value ? value : "0");
}

const struct rp_probe_kind rp_raw_tracepoint_kind = {
    .name = "rawtracepoint",
    .alias = "rt",
    .usage = "rawtracepoint:NAME",
    .what = "a static event of the kernel, with its raw arguments",
    .parse = parse,
    .function_prefix = "raw_tracepoint__",
    .macro = "RAW_TRACEPOINT_PROBE",
    .sections = (const char *const[]){"raw_tracepoint", "raw_tp", NULL},
    .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .arguments = rp_raw_event_arguments,
    .write_argument = write_argument,
    .write_head = write_head,
    .describe = rp_describe_signature,
};
