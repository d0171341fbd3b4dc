/* SPDX-License-Identifier: Apache-2.0 */
/* One program at a call and at its return: of functions of the kernel (Linux 6.10), and of programs
 * and libraries (Linux 6.13). bpf_session_is_return() tells it which of the two it is at, and if it
 * returns 1 at the call, it does not see the return. The kernel has only links to many for them, so
 * one attach point is a list of one. */
#include <errno.h>

#include "probe/binary.h"
#include "probe/matches.h"
#include "probe/program_function.h"
#include "util/cleanup.h"
#include "util/text.h"

/* ------------------------------------------------------------------ resolve */

/* The kind of an entry alone, whose names and places these have. */
static const struct rp_probe_kind *plain(const struct rp_probe_kind *kind) {
    return kind->in_files ? &rp_uprobe_kind : &rp_kprobe_kind;
}

static struct rp_error *check_kernel(const struct rp_probe_kind *kind) {
    if (rp_multi_link_exists(kind->multi_type))
        return NULL;
    return rp_error_hint_set(rp_probe_error(ENOTSUP, "this kernel has no %s: that needs Linux %s%s",
                                            kind->name, kind->in_files ? "6.13" : "6.10",
                                            kind->in_files ? "" : ", and CONFIG_FPROBE"),
                             "write a program for %s and one for the return", plain(kind)->name);
}

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    return plain(spec->kind)->parse(rest, spec);
}

static const char *find_name(const char *rest) {
    return rp_uprobe_kind.find_name(rest);
}

static char *risk(const char *rest) {
    return rp_uretprobe_kind.risk(rest);
}

static bool has_name(const char *rest) {
    return rp_uprobe_kind.has_name(rest);
}

static struct rp_error *resolve(struct rp_spec *spec) {
    RP_TRY(check_kernel(spec->kind));
    return plain(spec->kind)->resolve(spec);
}

static struct rp_error *match(const char *pattern, struct rp_matches *out) {
    RP_TRY(check_kernel(out->kind));
    return plain(out->kind)->match(pattern, out);
}

/* ------------------------------------------------------------------ list */

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    RP_TRY(check_kernel(kind));
    return plain(kind)->list(kind, pattern, each, ctx);
}

static struct rp_error *complete_function(struct rp_completion *completion, const char *rest) {
    return rp_kprobe_kind.complete(completion, rest);
}

/* ------------------------------------------------------------------ attach */

static void set_program(const struct rp_spec *spec, struct rp_program_kind *program) {
    program->attach_type = spec->kind->multi_type;
}

static struct rp_error *refused(const struct rp_spec *spec, int errnum) {
    if (spec->path)
        return rp_binary_refusal(spec->path, spec->target, errnum);
    struct rp_error *err = rp_kprobe_kind.refuses(spec);
    return err ? err : rp_error_new(errnum, NULL, "cannot use the probe");
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    RP_AUTO(rp_matches_clear) struct rp_matches one = {0};
    RP_TRY(rp_matches_of_spec(spec, &one));
    int link, errnum = rp_multi_link(&one, 0, 1, 0, prog_fd, &link);
    return errnum ? refused(spec, errnum) : rp_attachment_add(out, link, NULL);
}

/* ------------------------------------------------------------------ the kinds */

const struct rp_probe_kind rp_kprobe_session_kind = {
    .name = "kprobe.session",
    .usage = "kprobe.session:[MODULE:]FUNCTION",
    .what = "the entry and the return of a kernel function, for one program",
    .parse = parse,
    .sections = (const char *const[]){"kprobe.session", NULL},
    .prog_type = BPF_PROG_TYPE_KPROBE,
    .multi_type = RP_TRACE_KPROBE_SESSION,
    .is_both = true,
    .set_program = set_program,
    .resolve = resolve,
    .misses = RP_MISSES_RETURNS,
    .attach = attach,
    .list = list,
    .match = match,
    .complete = complete_function,
    .target_noun = "function",
};

const struct rp_probe_kind rp_uprobe_session_kind = {
    .name = "uprobe.session",
    .usage = "uprobe.session:PATH:FUNCTION",
    .what = "the entry and the return of a function of a program or library, for one program",
    .in_files = true,
    .parse = parse,
    .find_name = find_name,
    .has_name = has_name,
    .sections = (const char *const[]){"uprobe.session", NULL},
    .prog_type = BPF_PROG_TYPE_KPROBE,
    .multi_type = RP_TRACE_UPROBE_SESSION,
    .is_both = true,
    .risk = risk,
    .unseen = rp_program_function_copies,
    .set_program = set_program,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .match = match,
    .target_noun = "function",
};
