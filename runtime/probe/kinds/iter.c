/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Iterators (Linux 5.8): the kernel calls the program for each of its tasks, open files, maps,
 * programs …, once, while somebody reads; what the program writes is what is read. Each is a
 * function bpf_iter_NAME in the kernel's BTF, and the program's context is a struct bpf_iter__NAME.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/features.h"
#include "probe/arguments.h"
#include "probe/describe.h"
#include "probe/kind.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

#define FUNCTION_PREFIX "bpf_iter_"
#define CONTEXT_PREFIX  "bpf_iter__"

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    if (strchr(rest, ':'))
        return rp_probe_error(EINVAL, "too many parts: an iterator has a name, and no more");
    return rp_spec_name(rest, strlen(rest), "iterator", "_", &spec->target);
}

/* ------------------------------------------------------------------ the kernel's types */

/* Iterators over the parts of one thing, which must be chosen when they are attached. */
static const char *thing_of(const char *name) {
    static const struct {
        const char *name, *thing;
    } parts[] = {{"bpf_map_elem", "map"},
                 {"bpf_sk_storage_map", "map"},
                 {"sockmap", "map"},
                 {"cgroup", "cgroup"}};
    for (size_t i = 0; i < RP_COUNT(parts); i++)
        if (!strcmp(parts[i].name, name))
            return parts[i].thing;
    return NULL;
}

/* The struct that the program is given; NULL: there is no such iterator. */
static const struct btf_type *context_of(const struct rp_btf *btf, const char *name) {
    RP_AUTO_FREE char *context = rp_text(CONTEXT_PREFIX "%s", name);
    uint32_t id = context ? rp_btf_find(btf, context, BTF_KIND_STRUCT) : 0;
    return id ? rp_btf_type(btf, id) : NULL;
}

static bool each_name(const struct rp_btf *btf, bool (*each)(void *ctx, const char *rest),
                      void *ctx) {
    uint32_t id = 0;
    for (const char *name; (name = rp_btf_next_named(btf, BTF_KIND_FUNC, FUNCTION_PREFIX, &id));) {
        name += strlen(FUNCTION_PREFIX);
        if (context_of(btf, name) && !thing_of(name) && !each(ctx, name))
            return false;
    }
    return true;
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    each_name(btf, each, ctx);
    return NULL;
}

/* ------------------------------------------------------------------ resolve */

static bool add_name(void *ctx, const char *name) {
    rp_nearest_add(ctx, name);
    return true;
}

static struct rp_error *no_iterator(const struct rp_btf *btf, const char *name) {
    struct rp_nearest nearest = {.wanted = name};
    each_name(btf, add_name, &nearest);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    struct rp_error *err = rp_probe_error(ENOENT, "this kernel has no iterator %s", name);
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    return rp_error_hint_set(err, "reprobe list iter shows those that it has");
}

static struct rp_error *resolve(struct rp_spec *spec) {
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    RP_AUTO_FREE char *function = rp_text(FUNCTION_PREFIX "%s", spec->target);
    if (!function)
        return rp_error_nomem();
    spec->number = rp_btf_find(btf, function, BTF_KIND_FUNC);
    if (!spec->number || !context_of(btf, spec->target))
        return no_iterator(btf, spec->target);
    const char *thing = thing_of(spec->target);
    if (!thing)
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ENOTSUP, "it goes through one %s, and a probe spec cannot say which", thing),
        "reprobe list iter shows the iterators that need no more than a name");
}

static struct rp_error *refuses(const struct rp_spec *spec) {
    RP_AUTO_CLOSE int prog = rp_kernel_load_tracing(BPF_TRACE_ITER, (uint32_t)spec->number);
    if (prog >= 0)
        return NULL;
    int errnum = errno;
    struct rp_error *err = rp_kernel_usable();
    if (err)
        return err;
    return rp_error_hint_set(
        rp_probe_error(errnum, "this kernel has no iterators (%s): they take Linux 5.8 and BTF",
                       strerror(errnum)),
        "run it in the lab, on a kernel that has them: reprobe lab -- COMMAND");
}

/* ------------------------------------------------------------------ attach */

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    int fd = bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, NULL);
    if (fd >= 0)
        return rp_attachment_add(out, fd, NULL);
    int errnum = errno;
    struct rp_error *err = refuses(spec);
    return err ? err : rp_error_new(errnum, NULL, "cannot use the probe");
}

static struct rp_error *open_iterator(const struct rp_attachment *attachment, int *fd) {
    *fd = bpf_iter_create(rp_attachment_fd(attachment));
    return *fd < 0 ? rp_error_new(errno, NULL, "cannot read the iterator") : NULL;
}

/* ------------------------------------------------------------------ arguments */

/* A member is in a union of its own, which makes it eight bytes on every machine. */
static const struct btf_member *inner(const struct rp_btf *btf, const struct btf_member *member) {
    const struct btf_type *type = rp_btf_base_type(btf, member->type);
    bool wrapped = !*rp_btf_string(btf, member->name_off) && btf_is_union(type) && btf_vlen(type);
    return wrapped ? btf_members(type) : member;
}

/* All members but the first, which is about the iterator itself. */
static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    const struct btf_type *context = context_of(btf, spec->target);
    if (!context || thing_of(spec->target))
        return rp_spec_check(spec);
    arguments->known = true;
    for (unsigned i = 1; i < btf_vlen(context); i++) {
        const struct btf_member *member = inner(btf, &btf_members(context)[i]);
        RP_TRY(rp_arguments_add(arguments, strdup(rp_btf_string(btf, member->name_off)),
                                rp_type_declaration(btf, member->type)));
    }
    return NULL;
}

static const char *task(const struct rp_arguments *arguments) {
    for (size_t i = 0; i < arguments->count; i++)
        if (!strcmp(arguments->list[i].type, "struct task_struct *"))
            return arguments->list[i].name;
    return "";
}

/* ------------------------------------------------------------------ C */

static bool is_pointer(const struct rp_argument *argument) {
    return strchr(argument->type, '*');
}

/* Two iterators that have an argument of the same name may have it in different places. */
static void write_local(const struct rp_function_text *f, size_t i) {
    const struct rp_argument *argument = &f->arguments->list[i];
    RP_AUTO_FREE char *value = rp_text("%s->%s", f->context, argument->name);
    rp_write_local(f->out, argument->type, argument->name, value ? value : "0");
    if (f->neutral)
        fprintf(f->out, "    /* argument %zu */\n", i);
}

/* When it has gone through all, the kernel calls the program once more, with nothing: so the first
 * pointer is always looked at. */
static void write_head(const struct rp_function_text *f) {
    const char *subject = task(f->arguments);
    bool any = false;
    fprintf(f->out, "int %s(struct " CONTEXT_PREFIX "%s *%s)\n{\n", f->name,
            f->neutral ? "PLACE" : f->spec->target, f->context);
    for (size_t i = 0; i < f->arguments->count; i++) {
        const struct rp_argument *argument = &f->arguments->list[i];
        if (!is_pointer(argument) ||
            (any && !rp_function_reads(f, argument->name) && strcmp(argument->name, subject) != 0))
            continue;
        write_local(f, i);
        fprintf(f->out, "    if (!%s)\n        return 0;%s\n", argument->name,
                any ? "" : " /* that was all */");
        any = true;
    }
}

static void write_argument(const struct rp_function_text *f, size_t i) {
    if (!is_pointer(&f->arguments->list[i]))
        write_local(f, i);
}

static void write_row(const struct rp_function_text *f, const char *record) {
    fprintf(f->out, "    bpf_seq_write(%s->meta->seq, &%s, sizeof(%s));\n", f->context, record,
            record);
}

static void describe(const struct rp_spec *spec, FILE *out) {
    rp_describe_signature(spec, out);
    rp_describe_label(out, "context");
    fprintf(out, "struct " CONTEXT_PREFIX "%s *\n", spec->target);
}

static bool count_name(void *ctx, const char *name) {
    (void)name;
    ++*(unsigned *)ctx;
    return true;
}

static bool look(char *detail, size_t size) {
    struct rp_spec spec = {.target = (char *)"task"};
    struct rp_error *err = resolve(&spec);
    if (!err)
        err = refuses(&spec);
    unsigned count = 0;
    if (!err)
        each_name(rp_kernel_types_or_null(), count_name, &count);
    bool present = !err;
    if (present)
        snprintf(detail, size, "%u of them", count);
    else
        snprintf(detail, size, "%s", rp_error_why(err));
    rp_error_free(err);
    return present;
}

const struct rp_probe_kind rp_iter_kind = {
    .name = "iter",
    .alias = "it",
    .usage = "iter:NAME",
    .what = "each of the kernel's tasks, files, maps, …, once",
    .parse = parse,
    .function_prefix = "iter__",
    .sections = (const char *const[]){"iter", NULL},
    .prog_type = BPF_PROG_TYPE_TRACING,
    .attach_type = BPF_TRACE_ITER,
    .resolve = resolve,
    .refuses = refuses,
    .attach = attach,
    .open = open_iterator,
    .list = list,
    .arguments = arguments,
    .task = task,
    .write_argument = write_argument,
    .write_head = write_head,
    .write_row = write_row,
    .describe = describe,
    .target_noun = "iterator",
    .feature = "iterators",
    .look = look,
};
