/* SPDX-License-Identifier: Apache-2.0 */
/* Programs before a function of the kernel that may make it fail (Linux 5.7): if one returns an
 * error, the function itself is not called. The kernel allows that of security hooks, and of
 * functions whose authors say that they may fail. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>

#include "kernel/btf.h"
#include "kernel/features.h"
#include "probe/kernel_function.h"
#include "probe/kind.h"
#include "util/cleanup.h"
#include "util/text.h"

#define HOOKS "security_"
/* Lines "FUNCTION [MODULE]\tKIND". */
#define OTHERS "/sys/kernel/debug/error_injection/list"

/* Calls `each` with every function of BTF that the kernel allows; of modules none. */
static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    bool more = true;
    uint32_t id = 0;
    for (const char *hook; more && (hook = rp_btf_next_named(btf, BTF_KIND_FUNC, HOOKS, &id));)
        more = each(ctx, hook);
    RP_AUTO_FCLOSE FILE *others = more ? fopen(OTHERS, "re") : NULL;
    char line[512], name[256];
    while (more && others && fgets(line, sizeof(line), others))
        if (sscanf(line, "%255s", name) == 1 && !rp_starts_with(name, HOOKS) &&
            rp_btf_find(btf, name, BTF_KIND_FUNC))
            more = each(ctx, name);
    return NULL;
}

/* The kernel has no fentry at all, or none there; or the function is not one of those. */
static struct rp_error *refuses(const struct rp_spec *spec) {
    bool loaded;
    int errnum = rp_kernel_try_tracing(BPF_MODIFY_RETURN, spec->number, &loaded);
    if (!errnum)
        return NULL;
    struct rp_spec plain = *spec;
    plain.kind = &rp_fentry_kind;
    RP_TRY(rp_fentry_kind.refuses(&plain));
    return rp_error_hint_set(
        rp_probe_error(
            errnum,
            "the kernel lets no program decide what %s returns: only what its functions " HOOKS
            "* return, and those that are marked for that",
            spec->target),
        "reprobe list fmod_ret; fentry:%s sees the calls", spec->target);
}

/* All else is as at the entry of a function. */
static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    return rp_fentry_kind.parse(rest, spec);
}

static struct rp_error *resolve(struct rp_spec *spec) {
    return rp_fentry_kind.resolve(spec);
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    return rp_fentry_kind.attach(spec, prog_fd, out);
}

const struct rp_probe_kind rp_fmod_ret_kind = {
    .name = "fmod_ret",
    .usage = "fmod_ret:[MODULE:]FUNCTION",
    .what = "before a kernel function that may fail, with typed arguments",
    .sections = (const char *const[]){"fmod_ret", NULL},
    .decides = "whether the function is called",
    .prog_type = BPF_PROG_TYPE_TRACING,
    .attach_type = BPF_MODIFY_RETURN,
    .parse = parse,
    .use_own_name = rp_kernel_function_use_own_name,
    .resolve = resolve,
    .refuses = refuses,
    .attach = attach,
    .list = list,
    .of_functions = true,
    .target_noun = "function",
};
