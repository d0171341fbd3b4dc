/* SPDX-License-Identifier: Apache-2.0 */
/* How a value is shown where nobody says it: by what the kernel calls it, or its type. */
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
    {"umode_t", NULL, "oct"}, {"dev_t", NULL, "dev"},
};

static const char *by_type(const struct rp_node *node) {
    for (size_t i = 0; i < RP_COUNT(of_types); i++)
        if (has_type(node->type, of_types[i].type) &&
            (!of_types[i].name || is_called(node, of_types[i].name)))
            return of_types[i].look;
    return NULL;
}

/* ------------------------------------------------------------------ by its name */

/* Of syscalls, as of their functions: what the kernel calls them is the same at all of them. */
static const struct {
    const char *argument, *call, *look; /* `call`: a part of the attach point's name */
} of_arguments[] = {
    {"flags", "open", "open"}, {"sig", "kill", "signal"}, {"sig", "signal", "signal"},
    {"sig", "sig", "signal"},  {"dev", "mknod", "dev"},   {"st_dev", "stat", "dev"},
};

static bool is_syscall(const struct rp_spec *spec) {
    return spec->target && (!strncmp(spec->target, "sys_enter_", 10) ||
                            !strncmp(spec->target, "sys_exit_", 9) || strstr(spec->target, "sys_"));
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
    const struct rp_spec *spec = &p->points[0].spec;
    const char *printed = variable->origin == RP_OF_TASK ? NULL : by_format(p, variable);
    if (printed)
        return printed;
    if (variable->origin == RP_OF_PROBE)
        for (size_t i = 0; i < RP_COUNT(of_arguments); i++)
            if (!strcmp(variable->name, of_arguments[i].argument) && spec->target &&
                !spec->kind->in_files && strstr(spec->target, of_arguments[i].call))
                return of_arguments[i].look;
    if (variable->origin != RP_OF_RETURN)
        return NULL;
    if (!strcmp(variable->name, RP_DURATION))
        return "duration";
    return is_syscall(spec) && variable->type->is_signed ? "errno" : NULL;
}

const char *rp_plan_look(const struct rp_query_plan *plan, const struct rp_node *node) {
    struct rp_query_plan *p = (struct rp_query_plan *)plan; /* its arena has the texts */
    while (node->kind == RP_NODE_MOMENT && !node->look)
        node = node->a;
    if (node->look || !rp_c_is_integer(node->type))
        return node->look;
    if (node->kind == RP_NODE_VARIABLE) {
        const char *look = by_name(p, node->variable);
        return look ? look : by_type(node);
    }
    return node->kind == RP_NODE_MEMBER ? by_type(node) : NULL;
}
