/* SPDX-License-Identifier: Apache-2.0 */
/* fentry, fexit and tp_btf (Linux 5.5): programs that the kernel calls directly, with typed
 * arguments, at a function's entry or return, or at a raw tracepoint. Each program is loaded for
 * one attach point, a type in the kernel's BTF: of the function, or of the tracepoint's arguments.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/features.h"
#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "probe/arguments.h"
#include "probe/completion.h"
#include "probe/describe.h"
#include "probe/kernel_event.h"
#include "probe/kernel_function.h"
#include "util/cleanup.h"
#include "util/names.h"
#include "util/nearest.h"

/* Words that BPF_PROG() takes from what the kernel passes to a program at a function: arguments,
 * and then the result (the kernel takes 12 arguments at most). */
#define WORDS_MAX 12

/* The prefix of the type of a tracepoint's arguments. */
#define TRACEPOINT_PREFIX "btf_trace_"

/* ------------------------------------------------------------------ parse */

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    bool function = spec->kind->of_functions;
    const char *noun = function ? "function" : "tracepoint", *colon = strchr(rest, ':');
    if (colon && (!function || strchr(colon + 1, ':')))
        return rp_probe_error(EINVAL, "too many parts: a %s is at one %s of the kernel",
                              spec->kind->name, noun);
    if (function && strchr(rest, '+'))
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "a %s is at a function's entry or return and has no offset",
                           spec->kind->name),
            "kprobe:FUNCTION+OFFSET is at an instruction");
    if (colon)
        RP_TRY(rp_spec_name(rest, (size_t)(colon - rest), "module", "_-", &spec->category));
    rest = colon ? colon + 1 : rest;
    return rp_spec_name(rest, strlen(rest), noun, "_.$", &spec->target);
}

/* BCC's KFUNC_PROBE(x) names its function kfunc__x, and since 0.31 kfunc__vmlinux__x. */
static bool use_own_name(struct rp_spec *spec) {
    static const char prefix[] = "vmlinux__";
    size_t length = sizeof(prefix) - 1;
    if (strncmp(spec->target, prefix, length) == 0 && spec->target[length])
        memmove(spec->target, spec->target + length, strlen(spec->target + length) + 1);
    return rp_kernel_function_use_own_name(spec);
}

/* ------------------------------------------------------------------ the kernel's types */

/* Calls `each` with the name of everything in BTF for which a program of that kind can be loaded,
 * until it returns false. */
static void each_name(const struct rp_btf *btf, const struct rp_probe_kind *kind,
                      bool (*each)(void *ctx, const char *name), void *ctx) {
    const char *prefix = kind->of_functions ? "" : TRACEPOINT_PREFIX;
    unsigned wanted = kind->of_functions ? BTF_KIND_FUNC : BTF_KIND_TYPEDEF;
    uint32_t id = 0;
    for (const char *name; (name = rp_btf_next_named(btf, wanted, prefix, &id));)
        if (!each(ctx, name + strlen(prefix)))
            return;
}

static bool is_in_module(const struct rp_spec *spec) {
    return spec->category && strcmp(spec->category, "vmlinux") != 0;
}

/* The type, and in the upper half the number of the module's types. */
static uint64_t find_in_module(const struct rp_spec *spec) {
    struct rp_btf *modules = rp_kernel_module_types();
    uint64_t found = 0;
    for (const struct rp_btf *btf = modules; btf && !found; btf = btf->next)
        if (btf->module && !strcmp(btf->module, spec->category))
            found = rp_btf_find(btf, spec->target, BTF_KIND_FUNC);
    rp_btf_free(modules);
    uint32_t object = found ? rp_btf_object_of(spec->category) : 0;
    return object ? found | (uint64_t)object << 32 : 0;
}

static uint64_t find_type(const struct rp_btf *btf, const struct rp_spec *spec) {
    if (is_in_module(spec))
        return find_in_module(spec);
    if (spec->kind->of_functions)
        return rp_btf_find(btf, spec->target, BTF_KIND_FUNC);
    RP_AUTO_FREE char *name = NULL;
    if (asprintf(&name, TRACEPOINT_PREFIX "%s", spec->target) < 0)
        return 0;
    return rp_btf_find(btf, name, BTF_KIND_TYPEDEF);
}

/* ------------------------------------------------------------------ resolve */

/* The kind that needs less from the kernel, for the same attach point. */
static const struct rp_probe_kind *plainer(const struct rp_probe_kind *kind) {
    return !kind->of_functions ? &rp_raw_tracepoint_kind
           : kind->is_return   ? &rp_kretprobe_kind
                               : &rp_kprobe_kind;
}

static bool add_name(void *ctx, const char *name) {
    rp_nearest_add(ctx, name);
    return true;
}

static struct rp_error *no_type(const struct rp_btf *btf, const struct rp_spec *spec) {
    uint64_t address;
    if (is_in_module(spec))
        RP_TRY(rp_kernel_function_find(spec, &address));
    const char *noun = !spec->kind->of_functions ? "tracepoint" : "function";
    if (spec->kind->of_functions && rp_ksym_exists(spec->target))
        return rp_error_hint_set(
            rp_probe_error(ENOENT,
                           "the kernel's BTF does not describe the function %s: it is in a module, "
                           "or the compiler changed its arguments",
                           spec->target),
            "use %s:%s", plainer(spec->kind)->name, spec->target);
    struct rp_nearest nearest = {.wanted = spec->target};
    each_name(btf, spec->kind, add_name, &nearest);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    struct rp_error *err =
        rp_probe_error(ENOENT, "the kernel's BTF has no %s %s", noun, spec->target);
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    return rp_error_hint_set(err, "reprobe list '%s:*PART*' lists what exists", spec->kind->name);
}

static struct rp_error *resolve(struct rp_spec *spec) {
    const struct rp_btf *btf;
    struct rp_error *err = rp_kernel_types(&btf);
    if (err)
        return rp_error_hint_set(err, "use %s:%s, which needs no BTF", plainer(spec->kind)->name,
                                 spec->target);
    if (spec->kind->use_own_name)
        spec->kind->use_own_name(spec);
    spec->number = find_type(btf, spec);
    if (!spec->number)
        return no_type(btf, spec);
    uint64_t address; /* the kernel would take the first of that name */
    return spec->kind->of_functions ? rp_kernel_function_find(spec, &address) : NULL;
}

/* ------------------------------------------------------------------ refusals of the kernel */

/* Whether the kernel supports it: 0 or the errno of a trial at the kernel's own test function. */
static int try_kind(const struct rp_probe_kind *kind) {
    struct rp_spec own = {
        .kind = kind,
        .target = (char *)(!kind->of_functions ? "sched_process_exec" : RP_KERNEL_TEST_FUNCTION)};
    const struct rp_btf *btf = rp_kernel_types_or_null();
    uint64_t id = btf ? find_type(btf, &own) : 0;
    bool loaded;
    return id ? rp_kernel_try_tracing(kind->attach_type, id, &loaded) : ENOENT;
}

/* What can be used instead; without kprobes, perhaps a tracepoint. */
static char *instead_of(const struct rp_probe_kind *kind, const char *target) {
    struct rp_spec plain = {.kind = plainer(kind), .target = (char *)target};
    return !kind->of_functions || rp_kernel_has_kprobes() ? rp_spec_text(&plain)
                                                          : rp_suggest_tracepoint(&plain);
}

/* EPERM may not be about privileges here: a kernel may lack the whole type of program. */
static struct rp_error *not_in_kernel(const struct rp_probe_kind *kind, const char *target,
                                      int errnum) {
    struct rp_error *err = rp_kernel_usable();
    if (err)
        return err;
    err = rp_probe_error(errnum, "this kernel has no %s (%s): that needs Linux 5.5, %s and BTF",
                         kind->name, strerror(errnum),
                         !kind->of_functions ? "BPF tracing programs"
                                             : "CONFIG_FUNCTION_TRACER with direct calls");
    RP_AUTO_FREE char *instead = target ? instead_of(kind, target) : NULL;
    return rp_error_hint_set(err,
                             "%s%s%srun it in the lab, on a kernel that has it: reprobe lab -- "
                             "COMMAND",
                             instead ? "use " : "", instead ? instead : "", instead ? ", or " : "");
}

static struct rp_error *refuses(const struct rp_spec *spec) {
    bool loaded;
    int errnum = rp_kernel_try_tracing(spec->kind->attach_type, spec->number, &loaded);
    if (!errnum || errnum == E2BIG || errnum == EBUSY) /* others are attached, too many perhaps */
        return NULL;
    int general = try_kind(spec->kind);
    if (general)
        return not_in_kernel(spec->kind, spec->target, general);
    return rp_error_hint_set(
        rp_probe_error(errnum,
                       "the kernel does not accept %s there: %s is not ordinary code, is marked "
                       "notrace, or has arguments that it cannot pass on (%s)",
                       spec->kind->name, spec->target, strerror(errnum)),
        "probe a function that calls it, or one that it calls");
}

/* ------------------------------------------------------------------ attach */

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    int fd = bpf_raw_tracepoint_open(NULL, prog_fd);
    if (fd >= 0)
        return rp_attachment_add(out, fd, NULL);
    int errnum = errno;
    struct rp_error *err = spec->kind->refuses(spec);
    if (err)
        return err;
    if (errnum == E2BIG || errnum == EBUSY)
        return rp_error_hint_set(
            rp_probe_error(errnum,
                           "%s has as many programs of fentry, fexit and their like attached "
                           "as the kernel allows (38 on x86)",
                           spec->target),
            "end other tracers of %s, or use a kprobe", spec->target);
    return rp_error_new(errnum, NULL, "cannot use the probe");
}

/* ------------------------------------------------------------------ list */

struct visit {
    bool (*each)(void *ctx, const char *rest);
    void *ctx;
    struct rp_names traceable; /* empty: unknown */
    struct rp_names seen;      /* several static functions may share a name */
};

static bool add_traceable(void *ctx, const char *function) {
    rp_names_add(ctx, function, strlen(function));
    return true;
}

static bool visit_name(void *ctx, const char *name) {
    struct visit *visit = ctx;
    if (visit->traceable.count && !rp_names_has(&visit->traceable, name))
        return true;
    return !rp_names_add(&visit->seen, name, strlen(name)) || visit->each(visit->ctx, name);
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)pattern;
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    int errnum = try_kind(kind);
    struct rp_error *unusable = errnum ? rp_kernel_usable() : NULL;
    if (errnum && !unusable)
        return not_in_kernel(kind, NULL, errnum);
    rp_error_free(unusable); /* who may not try it can still read what the types have */
    struct visit visit = {.each = each, .ctx = ctx};
    if (kind->of_functions)
        rp_error_free(rp_tracefs_each_function(add_traceable, &visit.traceable));
    each_name(btf, kind, visit_name, &visit);
    rp_names_clear(&visit.traceable);
    rp_names_clear(&visit.seen);
    return NULL;
}

/* ------------------------------------------------------------------ arguments */

static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    RP_TRY(rp_kernel_function_arguments(spec, arguments));
    rp_arguments_limit(arguments, WORDS_MAX - spec->kind->is_return);
    return NULL;
}

static char *call(const struct rp_spec *spec, enum rp_call_part part) {
    return rp_kernel_function_call(spec, part, rp_fentry_kind.name, rp_fexit_kind.name);
}

/* ------------------------------------------------------------------ C */

static void write_program(const struct rp_function_text *f) {
    fprintf(f->out, "BPF_PROG(%s", f->name);
    rp_write_parameters(f);
    fputs(")\n{\n", f->out);
}

/* The macro's name has no place for a module. */
static void write_macro(const struct rp_function_text *f) {
    if (!f->names_itself) {
        write_program(f);
        return;
    }
    fprintf(f->out, "%s(", f->spec->kind->macro);
    rp_write_target(f);
    rp_write_parameters(f);
    fputs(")\n{\n", f->out);
}

/* Programs at both ends get their arguments in the same place of the stack, which is the call's own
 * (arch/x86/net/bpf_jit_comp.c: arch_prepare_bpf_trampoline()). */
static void write_frame(const struct rp_function_text *f) {
    fprintf(f->out, "(u64)%s", f->context);
}

/* Only loading a program as a trial can tell. */
static struct rp_error *complete(struct rp_completion *completion, const char *rest) {
    static enum { UNKNOWN, ABSENT, PRESENT } seen;
    if (seen == UNKNOWN)
        seen = try_kind(&rp_fentry_kind) ? ABSENT : PRESENT;
    if (seen == PRESENT)
        rp_complete_function(completion, rest);
    return NULL;
}

/* ------------------------------------------------------------------ the kinds */

const struct rp_probe_kind rp_fentry_kind = {
    .name = "fentry",
    .alias = "f",
    .also = "kfunc",
    .usage = "fentry:[MODULE:]FUNCTION",
    .what = "the entry of a kernel function, with typed arguments; cheaper than a kprobe",
    .parse = parse,
    .use_own_name = use_own_name,
    .function_prefix = "kfunc__",
    .macro = "KFUNC_PROBE",
    .sections = (const char *const[]){"fentry", NULL},
    .prog_type = BPF_PROG_TYPE_TRACING,
    .attach_type = BPF_TRACE_FENTRY,
    .resolve = resolve,
    .refuses = refuses,
    .attach = attach,
    .list = list,
    .arguments = arguments,
    .of_functions = true,
    .call = call,
    .is_native = rp_kernel_function_is_native,
    .has_parameters = true,
    .write_frame = write_frame,
    .write_head = write_macro,
    .exists = rp_kernel_function_exists,
    .describe = rp_kernel_function_describe,
    .complete = complete,
};

const struct rp_probe_kind rp_fexit_kind = {
    .name = "fexit",
    .alias = "fr",
    .also = "kretfunc",
    .usage = "fexit:[MODULE:]FUNCTION",
    .what = "the return of a kernel function, with its arguments and its return value",
    .parse = parse,
    .use_own_name = use_own_name,
    .function_prefix = "kretfunc__",
    .macro = "KRETFUNC_PROBE",
    .sections = (const char *const[]){"fexit", NULL},
    .prog_type = BPF_PROG_TYPE_TRACING,
    .attach_type = BPF_TRACE_FEXIT,
    .resolve = resolve,
    .refuses = refuses,
    .attach = attach,
    .list = list,
    .arguments = arguments,
    .of_functions = true,
    .is_return = true,
    .call = call,
    .is_native = rp_kernel_function_is_native,
    .has_parameters = true,
    .result = RP_RESULT_PARAMETER,
    .write_frame = write_frame,
    .write_head = write_macro,
    .exists = rp_kernel_function_exists,
    .describe = rp_kernel_function_describe,
    .complete = complete,
};

const struct rp_probe_kind rp_tp_btf_kind = {
    .name = "tp_btf",
    .usage = "tp_btf:NAME",
    .what = "a static event of the kernel, with typed arguments",
    .parse = parse,
    .function_prefix = "tp_btf__",
    .sections = (const char *const[]){"tp_btf", NULL},
    .prog_type = BPF_PROG_TYPE_TRACING,
    .attach_type = BPF_TRACE_RAW_TP,
    .resolve = resolve,
    .refuses = refuses,
    .attach = attach,
    .list = list,
    .arguments = rp_raw_event_arguments,
    .has_parameters = true,
    .write_head = write_program,
    .describe = rp_describe_signature,
};
