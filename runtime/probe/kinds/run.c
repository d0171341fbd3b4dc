/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that no event runs (SEC("syscall")): they run once, when all else is attached, as
 * iterators are read. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "probe/kind.h"

#define ONCE "once"

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    if (strcmp(rest, ONCE) != 0)
        return rp_probe_error(EINVAL, "a program runs once, not `%s`", rest);
    spec->target = strdup(ONCE);
    return spec->target ? NULL : rp_error_nomem();
}

static struct rp_error *resolve(struct rp_spec *spec) {
    (void)spec;
    return NULL;
}

/* Nothing holds the program but its own descriptor. */
static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    (void)spec;
    int fd = fcntl(prog_fd, F_DUPFD_CLOEXEC, 0);
    return fd < 0 ? rp_error_new(errno, NULL, "cannot use the probe")
                  : rp_attachment_add(out, fd, NULL);
}

/* Runs it; there is nothing to read. */
static struct rp_error *run(const struct rp_attachment *attachment, int *fd) {
    LIBBPF_OPTS(bpf_test_run_opts, opts);
    if (bpf_prog_test_run_opts(rp_attachment_fd(attachment), &opts))
        return rp_error_new(errno, NULL, "cannot use the probe");
    int result = (int)opts.retval;
    if (result < 0)
        return rp_probe_error(-result, "the program returned %d", result);
    *fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return *fd < 0 ? rp_error_new(errno, NULL, "cannot use the probe") : NULL;
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    each(ctx, ONCE);
    return NULL;
}

/* "syscall" has no place behind it. */
static struct rp_error *spec_of_section(const struct rp_section *section, char **spec) {
    (void)section;
    *spec = strdup("run:" ONCE);
    return *spec ? NULL : rp_error_nomem();
}

const struct rp_probe_kind rp_run_kind = {
    .name = "run",
    .usage = "run:" ONCE,
    .what = "a program that no event runs: it runs once (SEC(\"syscall\"))",
    .parse = parse,
    .sections = (const char *const[]){"syscall", NULL},
    .spec_of_section = spec_of_section,
    .prog_type = BPF_PROG_TYPE_SYSCALL,
    .resolve = resolve,
    .attach = attach,
    .open = run,
    .list = list,
    .cannot_move = "it runs once",
};
