/* SPDX-License-Identifier: Apache-2.0 */
/* What a program can read at a place: BTF tells it of the kernel's functions, tracefs of its
 * tracepoints, nobody of functions in files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "query/arguments.h"
#include "query/query.h"
#include "util/cleanup.h"

/* As many as are in registers on every architecture. */
#define UNKNOWN_COUNT 6

#define AUTO_ARGUMENTS RP_AUTO(cleanup_arguments)
static void cleanup_arguments(struct rp_arguments **arguments) {
    rp_arguments_free(*arguments);
}

#define AUTO_SPEC RP_AUTO(rp_spec_clear)

void rp_arguments_free(struct rp_arguments *arguments) {
    if (!arguments)
        return;
    for (size_t i = 0; i < arguments->count; i++) {
        free((char *)arguments->list[i].name);
        free((char *)arguments->list[i].type);
    }
    free(arguments->list);
    free((char *)arguments->result);
    free(arguments);
}

/* Takes both strings, also when it fails: they may be NULL for want of memory. */
static bool add(struct rp_arguments *arguments, char *name, char *type) {
    struct rp_argument *longer =
        name && type ? reallocarray(arguments->list, arguments->count + 1, sizeof(*longer)) : NULL;
    if (!longer) {
        free(name);
        free(type);
        return false;
    }
    longer[arguments->count++] = (struct rp_argument){name, type};
    arguments->list = longer;
    return true;
}

static char *numbered(size_t i) {
    char *name = NULL;
    return asprintf(&name, "arg%zu", i) < 0 ? NULL : name;
}

static struct rp_error *add_unknown(struct rp_arguments *arguments) {
    for (size_t i = 0; i < UNKNOWN_COUNT; i++)
        if (!add(arguments, numbered(i), strdup("long")))
            return rp_error_nomem();
    arguments->result = strdup("long");
    return arguments->result ? NULL : rp_error_nomem();
}

/* ------------------------------------------------------------------ functions of the kernel */

static struct rp_error *add_prototype(struct rp_arguments *arguments, const struct rp_btf *btf,
                                      uint32_t proto, unsigned first) {
    const struct btf_type *t = rp_btf_type(btf, proto);
    const struct btf_param *p = btf_params(t);
    arguments->known = true;
    for (unsigned i = first; i < btf_vlen(t); i++) {
        const char *name = rp_btf_string(btf, p[i].name_off);
        if (!p[i].type) /* "…" */
            break;
        if (!add(arguments, *name ? strdup(name) : numbered(i - first),
                 rp_type_declaration(btf, p[i].type)))
            return rp_error_nomem();
    }
    if (!t->type)
        return NULL;
    arguments->result = rp_type_declaration(btf, t->type);
    return arguments->result ? NULL : rp_error_nomem();
}

/* The function's prototype, in vmlinux or in one of `modules`; *in is where. */
static uint32_t find_function(const char *name, const struct rp_btf *modules,
                              const struct rp_btf **in) {
    uint32_t id = 0;
    *in = rp_kernel_types_or_null();
    if (*in)
        id = rp_btf_find(*in, name, BTF_KIND_FUNC);
    for (const struct rp_btf *btf = modules; btf && !id; btf = btf->next) {
        id = rp_btf_find(btf, name, BTF_KIND_FUNC);
        *in = btf;
    }
    return id ? rp_btf_type(*in, id)->type : 0;
}

static struct rp_error *add_fields(struct rp_arguments *arguments, const char *format);

/* The kernel's function of a syscall has one argument, the caller's registers: what is in them, its
 * tracepoint tells. *found is whether there is one. */
static struct rp_error *add_syscall(struct rp_arguments *arguments, const char *function,
                                    bool *found) {
    RP_AUTO_FREE char *known = rp_syscall_function(function);
    const char *syscall = known ? rp_syscall_of(known) : NULL;
    RP_AUTO_FREE char *event = NULL;
    if (!syscall || asprintf(&event, "sys_enter_%s", syscall) < 0)
        event = NULL;
    RP_AUTO_FREE char *format = event ? rp_tracefs_event_format("syscalls", event) : NULL;
    *found = format;
    if (!format)
        return NULL;
    arguments->result = strdup("long");
    return arguments->result ? add_fields(arguments, format) : rp_error_nomem();
}

static struct rp_error *of_function(const struct rp_spec *spec, struct rp_arguments *arguments) {
    if (spec->offset) /* what the registers hold there is anybody's guess */
        return NULL;
    bool found = spec->kind == &rp_kprobe_kind || spec->kind == &rp_kretprobe_kind;
    if (found) /* fentry and fexit have what the function itself has */
        RP_TRY(add_syscall(arguments, spec->target, &found));
    if (found)
        return NULL;
    const struct rp_btf *btf;
    uint32_t proto = find_function(spec->target, NULL, &btf);
    if (proto)
        return add_prototype(arguments, btf, proto, 0);
    if (!rp_ksym_exists(spec->target)) {
        RP_AUTO_FREE char *text = rp_spec_text(spec);
        struct rp_error *err = text ? rp_probe_check(text) : rp_error_nomem();
        return err ? err : add_unknown(arguments);
    }
    struct rp_btf *modules = rp_kernel_module_types();
    proto = find_function(spec->target, modules, &btf);
    struct rp_error *err = proto ? add_prototype(arguments, btf, proto, 0) : add_unknown(arguments);
    rp_btf_free(modules);
    return err;
}

/* ------------------------------------------------------------------ tracepoints */

/* Splits "char prev_comm[16]" and "__data_loc char[] filename" into name and type. */
static struct rp_error *add_field(struct rp_arguments *arguments, const char *text, size_t length) {
    static const char loc[] = "__data_loc ";
    bool is_loc = !strncmp(text, loc, sizeof(loc) - 1);
    if (is_loc) {
        text += sizeof(loc) - 1;
        length -= sizeof(loc) - 1;
    }
    if (!strncmp(text, "__rel_loc ", 10)) /* user events only; BCC does not know them */
        return NULL;
    const char *end = text + length, *array = memchr(text, '[', length);
    const char *name_end = array && !is_loc ? array : end, *name = name_end;
    while (name > text && !strchr(" *", name[-1]))
        name--;
    const char *type_end = name;
    while (type_end > text && type_end[-1] == ' ')
        type_end--;
    if (name == name_end || type_end == text || !strncmp(name, "common_", 7) ||
        !strncmp(name, "__syscall_nr", 12))
        return NULL;
    char *type = NULL;
    int suffix = name_end == end ? 0 : (int)(end - name_end);
    if (asprintf(&type, "%.*s%s%.*s", (int)(type_end - text), text, suffix ? " " : "", suffix,
                 name_end) < 0)
        type = NULL;
    return add(arguments, strndup(name, (size_t)(name_end - name)), type) ? NULL : rp_error_nomem();
}

static struct rp_error *add_fields(struct rp_arguments *arguments, const char *format) {
    static const char mark[] = "\tfield:";
    arguments->known = true;
    for (const char *at = format; (at = strstr(at, mark));) {
        at += sizeof(mark) - 1;
        RP_TRY(add_field(arguments, at, strcspn(at, ";\n")));
    }
    return NULL;
}

static struct rp_error *of_tracepoint(const struct rp_spec *spec, struct rp_arguments *arguments) {
    RP_AUTO_FREE char *format = rp_tracefs_event_format(spec->category, spec->target);
    if (format)
        return add_fields(arguments, format);
    RP_AUTO_FREE char *text = rp_spec_text(spec);
    return text ? rp_probe_check(text) : rp_error_nomem();
}

char *rp_tracepoint_field(const struct rp_spec *spec, const char *name) {
    RP_AUTO_FREE char *format = rp_tracefs_event_format(spec->category, spec->target);
    static const char mark[] = "\tfield:";
    for (const char *at = format; at && (at = strstr(at, mark));) {
        at += sizeof(mark) - 1;
        const char *end = at + strcspn(at, ";\n"), *last = end;
        if (memchr(at, '[', (size_t)(end - at)) && end[-1] == ']')
            last = memchr(at, '[', (size_t)(end - at));
        size_t length = strlen(name);
        if ((size_t)(last - at) > length && !memcmp(last - length, name, length) &&
            strchr(" *", last[-(ptrdiff_t)length - 1]))
            return strndup(at, strcspn(at, "\n"));
    }
    return NULL;
}

/* The kernel gives each tracepoint a function that has its arguments, by name (since Linux 5.10),
 * and a type that has them without (since 4.17). The first of them is none of the event's. */
static struct rp_error *of_raw_tracepoint(const struct rp_spec *spec,
                                          struct rp_arguments *arguments) {
    const struct rp_btf *btf;
    RP_AUTO_FREE char *function = NULL, *type = NULL;
    if (asprintf(&function, "__traceiter_%s", spec->target) < 0 ||
        asprintf(&type, "btf_trace_%s", spec->target) < 0)
        return rp_error_nomem();
    uint32_t proto = find_function(function, NULL, &btf);
    uint32_t named = btf && !proto ? rp_btf_find(btf, type, BTF_KIND_TYPEDEF) : 0;
    if (named)
        proto = rp_btf_type(btf, rp_btf_type(btf, named)->type)->type;
    if (proto) {
        struct rp_error *err = add_prototype(arguments, btf, proto, 1);
        free((char *)arguments->result);
        arguments->result = NULL;
        return err;
    }
    RP_AUTO_FREE char *text = rp_spec_text(spec);
    return text ? rp_probe_check(text) : rp_error_nomem();
}

/* ------------------------------------------------------------------ any place */

bool rp_spec_is_kernel_function(const struct rp_spec *spec) {
    return spec->kind == &rp_kprobe_kind || spec->kind == &rp_kretprobe_kind ||
           spec->kind == &rp_fentry_kind || spec->kind == &rp_fexit_kind;
}

bool rp_spec_is_in_file(const struct rp_spec *spec) {
    return spec->kind == &rp_uprobe_kind || spec->kind == &rp_uretprobe_kind ||
           spec->kind == &rp_usdt_kind;
}

struct rp_error *rp_arguments_of_spec(const struct rp_spec *spec, struct rp_arguments **out) {
    AUTO_ARGUMENTS struct rp_arguments *arguments = calloc(1, sizeof(*arguments));
    if (!arguments)
        return rp_error_nomem();
    if (rp_spec_is_kernel_function(spec))
        RP_TRY(of_function(spec, arguments));
    else if (spec->kind == &rp_tracepoint_kind)
        RP_TRY(of_tracepoint(spec, arguments));
    else if (spec->kind == &rp_raw_tracepoint_kind || spec->kind == &rp_tp_btf_kind)
        RP_TRY(of_raw_tracepoint(spec, arguments));
    else if (rp_spec_is_in_file(spec))
        RP_TRY(add_unknown(arguments));
    else
        arguments->known = true; /* a sample has none */
    *out = rp_take(arguments);
    return NULL;
}

struct rp_error *rp_arguments_of(const char *text, struct rp_arguments **out) {
    AUTO_SPEC struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    return rp_arguments_of_spec(&spec, out);
}

char *rp_arguments_signature(const char *spec, const struct rp_arguments *arguments) {
    RP_AUTO_FREE char *list = rp_arguments_declare(arguments, arguments->count);
    char *text = NULL;
    if (!list || asprintf(&text, "%s(%s)", spec, arguments->known ? list : "") < 0)
        return NULL;
    return text;
}
