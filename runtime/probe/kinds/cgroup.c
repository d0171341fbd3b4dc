/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of a cgroup: at what its processes do with sockets, packets, devices and kernel
 * settings. What they return decides whether that is allowed, so they are an author's own. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/kind.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

/* What there is, and the section by which libbpf knows the type of program. */
static const struct action {
    const char *name, *section;
} actions[] = {
    {"ingress", "cgroup_skb/ingress"},
    {"egress", "cgroup_skb/egress"},
    {"sockops", "sockops"},
    {"sock_create", "cgroup/sock_create"},
    {"sock_create", "cgroup/sock"}, /* as it was called first */
    {"sock_release", "cgroup/sock_release"},
    {"bind4", "cgroup/bind4"},
    {"bind6", "cgroup/bind6"},
    {"post_bind4", "cgroup/post_bind4"},
    {"post_bind6", "cgroup/post_bind6"},
    {"connect4", "cgroup/connect4"},
    {"connect6", "cgroup/connect6"},
    {"getpeername4", "cgroup/getpeername4"},
    {"getpeername6", "cgroup/getpeername6"},
    {"getsockname4", "cgroup/getsockname4"},
    {"getsockname6", "cgroup/getsockname6"},
    {"sendmsg4", "cgroup/sendmsg4"},
    {"sendmsg6", "cgroup/sendmsg6"},
    {"recvmsg4", "cgroup/recvmsg4"},
    {"recvmsg6", "cgroup/recvmsg6"},
    {"getsockopt", "cgroup/getsockopt"},
    {"setsockopt", "cgroup/setsockopt"},
    {"sysctl", "cgroup/sysctl"},
    {"dev", "cgroup/dev"},
};

static const struct action *find_action(const char *name, size_t length) {
    for (size_t i = 0; i < RP_COUNT(actions); i++)
        if (strlen(actions[i].name) == length && !strncmp(actions[i].name, name, length))
            return &actions[i];
    return NULL;
}

/* The root of cgroup v2, where all processes are; malloc()ed, NULL without memory. */
static char *find_root(void) {
    FILE *mounts = setmntent("/proc/mounts", "re");
    const struct mntent *mount = NULL;
    while (mounts && (mount = getmntent(mounts)) && strcmp(mount->mnt_type, "cgroup2") != 0)
        ;
    char *root = strdup(mount ? mount->mnt_dir : "/sys/fs/cgroup");
    if (mounts)
        endmntent(mounts);
    return root;
}

static struct rp_error *unknown_action(const char *rest) {
    RP_AUTO_FREE char *all = NULL;
    for (size_t i = 0; i < RP_COUNT(actions) && rp_text_list(&all, actions[i].name); i++)
        ;
    return rp_error_hint_set(rp_probe_error(EINVAL,
                                            "`%.*s` is not what a program of a cgroup is at",
                                            (int)strcspn(rest, ":"), rest),
                             "it is one of %s", all ? all : "");
}

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    size_t length = strcspn(rest, ":");
    const struct action *action = find_action(rest, length);
    if (!action)
        return unknown_action(rest);
    if (rest[length] && rest[length + 1] != '/')
        return rp_probe_error(EINVAL, "the cgroup is not a path that begins with /");
    spec->category = strdup(action->name);
    spec->target = rest[length] ? strdup(rest + length + 1) : find_root();
    return spec->category && spec->target ? NULL : rp_error_nomem();
}

static struct rp_error *resolve(struct rp_spec *spec) {
    if (access(spec->target, F_OK) == 0)
        return NULL;
    return rp_error_hint_set(rp_probe_error(errno, "there is no cgroup %s", spec->target),
                             "use its directory (systemd-cgls lists them)");
}

/* libbpf's own table. */
static void set_program(const struct rp_spec *spec, struct rp_program_kind *program) {
    const struct action *action = find_action(spec->category, strlen(spec->category));
    if (action)
        libbpf_prog_type_by_name(action->section, &program->type, &program->attach_type);
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    struct rp_program_kind program = {0};
    RP_AUTO_CLOSE int cgroup = open(spec->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    set_program(spec, &program);
    int fd = cgroup < 0 ? -1 : bpf_link_create(prog_fd, cgroup, program.attach_type, NULL);
    if (fd >= 0)
        return rp_attachment_add(out, fd, NULL);
    if (cgroup >= 0 && errno == EBADF)
        return rp_probe_error(EINVAL, "%s is not the directory of a cgroup v2", spec->target);
    return rp_error_new(errno, NULL, "cannot use the probe");
}

/* Of the root; any other cgroup may stand behind. */
static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    for (size_t i = 0; i < RP_COUNT(actions); i++)
        if ((i == 0 || strcmp(actions[i].name, actions[i - 1].name) != 0) &&
            !each(ctx, actions[i].name))
            break;
    return NULL;
}

static struct rp_error *spec_of_section(const struct rp_section *section, char **spec) {
    RP_AUTO_FREE char *whole =
        rp_text("%s%s%s", section->name, *section->rest ? "/" : "", section->rest);
    if (!whole)
        return rp_error_nomem();
    for (size_t i = 0; i < RP_COUNT(actions); i++)
        if (strcmp(actions[i].section, whole) == 0) {
            *spec = rp_text("%s:%s%s%s", rp_cgroup_kind.name, actions[i].name,
                            section->cgroup ? ":" : "", section->cgroup ? section->cgroup : "");
            return *spec ? NULL : rp_error_nomem();
        }
    RP_AUTO(rp_nearest_clear) struct rp_nearest nearest = {.wanted = whole};
    for (size_t i = 0; i < RP_COUNT(actions); i++)
        rp_nearest_add(&nearest, actions[i].section);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    struct rp_error *err =
        rp_probe_error(ENOTSUP, "reprobe does not attach programs of the section %s", whole);
    return guess ? rp_error_hint_set(err, "did you mean %s?", guess) : err;
}

const struct rp_probe_kind rp_cgroup_kind = {
    .name = "cgroup",
    .usage = "cgroup:ACTION[:DIRECTORY]",
    .what = "what the processes of a cgroup do with sockets, packets, devices and settings",
    .has_category = true,
    .decides = "what the processes of the cgroup may do",
    .parse = parse,
    .sections = (const char *const[]){"cgroup", "cgroup_skb", "sockops", NULL},
    .spec_of_section = spec_of_section,
    .set_program = set_program,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .cannot_move = "each action of a cgroup has a type of program of its own",
};
