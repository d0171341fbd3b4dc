/* SPDX-License-Identifier: Apache-2.0 */
/* Security hooks of the kernel (Linux 5.7). What a program returns decides whether the operation is
 * allowed, so it is an author's own. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "probe/kind.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

/* Of the kernel's functions that stand for the hooks. */
#define PREFIX "bpf_lsm_"

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    return rp_spec_name(rest, strlen(rest), "hook", "_", &spec->target);
}

/* Calls `each` with every hook that the kernel's types name. */
static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    uint32_t id = 0;
    for (const char *name; (name = rp_btf_next_named(btf, BTF_KIND_FUNC, PREFIX, &id));)
        if (!each(ctx, name + strlen(PREFIX)))
            break;
    return NULL;
}

static bool add_name(void *ctx, const char *name) {
    rp_nearest_add(ctx, name);
    return true;
}

static struct rp_error *no_hook(const struct rp_spec *spec) {
    struct rp_nearest nearest = {.wanted = spec->target};
    rp_error_free(list(spec->kind, NULL, add_name, &nearest));
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    struct rp_error *err = rp_probe_error(ENOENT, "the kernel has no LSM hook %s", spec->target);
    return guess ? rp_error_hint_set(err, "did you mean %s?", guess)
                 : rp_error_hint_set(err, "reprobe list 'lsm:*' lists what exists");
}

static struct rp_error *resolve(struct rp_spec *spec) {
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    RP_AUTO_FREE char *name = rp_text(PREFIX "%s", spec->target);
    if (!name)
        return rp_error_nomem();
    spec->number = rp_btf_find(btf, name, BTF_KIND_FUNC);
    return spec->number ? NULL : no_hook(spec);
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    (void)spec;
    int fd = bpf_raw_tracepoint_open(NULL, prog_fd);
    if (fd >= 0)
        return rp_attachment_add(out, fd, NULL);
    return rp_error_hint_set(
        rp_error_new(errno, NULL, "cannot use the probe"),
        "the kernel needs CONFIG_BPF_LSM, and bpf in /sys/kernel/security/lsm");
}

const struct rp_probe_kind rp_lsm_kind = {
    .name = "lsm",
    .usage = "lsm:HOOK",
    .what = "a security hook of the kernel, with typed arguments",
    .parse = parse,
    .sections = (const char *const[]){"lsm", NULL},
    .decides = "whether the kernel allows the operation",
    .prog_type = BPF_PROG_TYPE_LSM,
    .attach_type = BPF_LSM_MAC,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .target_noun = "hook",
};
