/* SPDX-License-Identifier: Apache-2.0 */
/* How a value is shown where nobody says it: by what the kernel calls it, or its type. */
#include <stdio.h>
#include <string.h>

#include "kernel/btf.h"
#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ by its type */

/* The last word of what it was typed as: "skc_dport" of "sk->__sk_common.skc_dport". */
static bool is_called(const struct rp_node *node, const char *part) {
    const char *end = node->text + node->length, *from = end;
    while (from > node->text && strchr("abcdefghijklmnopqrstuvwxyz_0123456789", from[-1]))
        from--;
    size_t length = strlen(part);
    for (; (size_t)(end - from) >= length; from++)
        if (!memcmp(from, part, length))
            return true;
    return false;
}

static bool has_type(const struct rp_c_type *type, const char *name) {
    const struct btf_type *t = type->btf ? rp_btf_type(type->btf, type->id) : NULL;
    for (unsigned i = 0; t && i < 8 && (btf_is_typedef(t) || btf_is_mod(t)); i++) {
        if (btf_is_typedef(t) && !strcmp(rp_btf_name(type->btf, t), name))
            return true;
        t = rp_btf_type(type->btf, t->type);
    }
    return false;
}

static const struct {
    const char *type, *name, *look; /* `name`: a part of what it is called, or NULL */
} of_types[] = {
    {"__be16", NULL, "port"}, {"__be32", "addr", "ip"}, {"__be32", NULL, "port"},
    {"umode_t", NULL, "oct"}, {"dev_t", NULL, "dev"},   {"uid_t", NULL, "user"},
};

/* Bytes of an address: "saddr_v6" of a tracepoint, "u6_addr8" of a struct in6_addr. */
static const char *by_bytes(const struct rp_node *node) {
    if (node->type->kind != RP_C_ARRAY || node->is_text || !is_called(node, "addr"))
        return NULL;
    return node->type->size == 4 && node->type->elements == 4     ? "ip"
           : node->type->size == 16 && node->type->elements == 16 ? "ip6"
                                                                  : NULL;
}

static const char *by_type(const struct rp_node *node) {
    for (size_t i = 0; i < RP_COUNT(of_types); i++)
        if (has_type(node->type, of_types[i].type) &&
            (!of_types[i].name || is_called(node, of_types[i].name)))
            return of_types[i].look;
    return NULL;
}

/* ------------------------------------------------------------------ by its name */

/* Of syscalls, by their names, and of a few tracepoints. */
static const struct {
    const char *call, *argument, *look;
} of_arguments[] = {
    {"open", "flags", "open"},
    {"openat", "flags", "open"},
    {"open_by_handle_at", "flags", "open"},
    {"mq_open", "oflag", "open"},
    {"kill", "sig", "signal"},
    {"tkill", "sig", "signal"},
    {"tgkill", "sig", "signal"},
    {"pidfd_send_signal", "sig", "signal"},
    {"rt_sigaction", "sig", "signal"},
    {"rt_sigqueueinfo", "sig", "signal"},
    {"rt_tgsigqueueinfo", "sig", "signal"},
    {"signal_generate", "sig", "signal"},
    {"signal_deliver", "sig", "signal"},
};

static const char *by_call(const struct rp_spec *spec, const char *argument) {
    const char *call = rp_question_call_name(spec->target);
    for (size_t i = 0; i < RP_COUNT(of_arguments); i++)
        if (!strcmp(of_arguments[i].call, call) && !strcmp(of_arguments[i].argument, argument))
            return of_arguments[i].look;
    return NULL;
}

/* What it returns is an error below 0. */
static bool is_syscall(const struct rp_spec *spec) {
    return !strncmp(spec->target, "sys_", 4) || strstr(spec->target, "_sys_") ||
           !strncmp(spec->target, "ksys_", 5);
}

/* As the kernel itself prints it. */
static const char *by_format(struct rp_query_plan *p, const struct rp_variable *variable) {
    for (size_t i = p->point_count; i-- > 0;) {
        const struct rp_attach_point *point = &p->points[i];
        bool has = !point->is_pattern && point->spec.kind->symbols &&
                   rp_argument_find(point->arguments, variable->name);
        RP_AUTO_FREE char *look =
            has ? point->spec.kind->symbols(&point->spec, variable->name) : NULL;
        if (look)
            return rp_arena_copy(&p->scope.types.arena, look, strlen(look));
    }
    return NULL;
}

static const char *by_name(struct rp_query_plan *p, const struct rp_variable *variable) {
    const struct rp_attach_point *place = rp_plan_place(p, variable);
    const struct rp_spec *spec = place ? &place->spec : &p->points[0].spec;
    const char *printed = variable->origin == RP_OF_TASK ? NULL : by_format(p, variable);
    if (printed)
        return printed;
    if (!place && !strcmp(variable->name, RP_DURATION))
        return "duration";
    if (!spec->target || spec->kind->in_files)
        return NULL;
    if (place)
        return by_call(spec, variable->name);
    bool result = variable->origin == RP_OF_RETURN && !strcmp(variable->name, "ret");
    return result && is_syscall(spec) && variable->type->is_signed ? "errno" : NULL;
}

/* ------------------------------------------------------------------ enums of programs */

#define ENUMERATORS_MAX 1024

/* "enum:0=FAST,1=SLOW": these names could have another meaning in the program that is written. */
static const char *by_enumerators(struct rp_query_plan *p, const struct rp_c_type *type) {
    const struct btf_type *t = rp_btf_type(type->btf, type->plain);
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs("enum:", out);
    for (unsigned i = 0; i < btf_vlen(t) && i < ENUMERATORS_MAX; i++) {
        const struct rp_btf_enumerator one = rp_btf_enumerator(type->btf, t, i);
        fprintf(out, "%s%jd=%s", i ? "," : "", (intmax_t)one.value, one.name);
    }
    fclose(out);
    return text ? rp_arena_copy(&p->scope.types.arena, text, size) : NULL;
}

static const char *find_look(const struct rp_query_plan *plan, const struct rp_node *node) {
    struct rp_query_plan *p = (struct rp_query_plan *)plan; /* its arena has the texts */
    while (node->kind == RP_NODE_MOMENT && !node->look)
        node = node->a;
    if (node->look || !rp_c_is_integer(node->type))
        return node->look ? node->look : by_bytes(node);
    if (node->type->kind == RP_C_ENUM && node->type->btf && node->type->btf->of_program)
        return by_enumerators(p, node->type);
    if (node->kind == RP_NODE_VARIABLE) {
        const char *look = by_name(p, node->variable);
        return look ? look : by_type(node);
    }
    return node->kind == RP_NODE_MEMBER ? by_type(node) : NULL;
}

/* A program's dev_t has other bits than the kernel's. */
const char *rp_plan_look(const struct rp_query_plan *plan, const struct rp_node *node) {
    const char *look = find_look(plan, node);
    bool is_of_program = node->type->btf && node->type->btf->of_program;
    return look && !strcmp(look, "dev") && is_of_program ? "udev" : look;
}
