/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that see packets at a network interface: before the network stack (xdp), as traffic
 * control does (tc, Linux 6.6), or as a packet socket does (socket). What the first two return
 * decides what becomes of the packet, so they run an author's own program only. All end with the
 * process. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/kind.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

/* BPF_TCX_INGRESS, BPF_TCX_EGRESS (Linux 6.6), which may be newer than the headers of the build. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS  ((enum bpf_attach_type)47)

/* ------------------------------------------------------------------ specs */

static const char *const directions[] = {"ingress", "egress"};

static bool is_egress(const struct rp_spec *spec) {
    return strcmp(spec->category, directions[1]) == 0;
}

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    if (strchr(rest, ':'))
        return rp_probe_error(EINVAL, "too many parts: a %s is at an interface", spec->kind->name);
    return rp_spec_name(rest, strlen(rest), "interface", "_.-@", &spec->target);
}

static struct rp_error *parse_direction(const char *rest, struct rp_spec *spec) {
    size_t length = strcspn(rest, ":");
    for (size_t i = 0; i < 2; i++)
        if (strlen(directions[i]) == length && !strncmp(rest, directions[i], length))
            spec->category = strdup(directions[i]);
    if (!spec->category || !rest[length])
        return rp_probe_error(EINVAL, "it does not say whether it is at ingress or egress");
    return parse(rest + length + 1, spec);
}

static struct rp_error *no_interface(const struct rp_spec *spec) {
    struct rp_nearest nearest = {.wanted = spec->target};
    struct if_nameindex *all = if_nameindex();
    for (size_t i = 0; all && all[i].if_index; i++)
        rp_nearest_add(&nearest, all[i].if_name);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    if_freenameindex(all);
    struct rp_error *err = rp_probe_error(ENODEV, "there is no network interface %s", spec->target);
    return guess ? rp_error_hint_set(err, "did you mean %s?", guess)
                 : rp_error_hint_set(err, "reprobe list %s lists what exists", spec->kind->name);
}

static struct rp_error *resolve(struct rp_spec *spec) {
    spec->number = if_nametoindex(spec->target);
    return spec->number ? NULL : no_interface(spec);
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)pattern;
    struct if_nameindex *all = if_nameindex();
    bool more = true;
    for (size_t i = 0; all && more && all[i].if_index; i++)
        for (size_t d = 0; more && d < (kind->has_category ? 2U : 1U); d++) {
            RP_AUTO_FREE char *rest =
                kind->has_category ? rp_text("%s:%s", directions[d], all[i].if_name) : NULL;
            more = each(ctx, rest ? rest : all[i].if_name);
        }
    if_freenameindex(all);
    return NULL;
}

/* ------------------------------------------------------------------ attach */

static struct rp_error *refused(const struct rp_spec *spec, int errnum) {
    if (errnum == EBUSY || errnum == EEXIST)
        return rp_error_hint_set(
            rp_probe_error(errnum, "another program is at %s already", spec->target),
            "bpftool net shows which");
    if (errnum == EINVAL)
        return rp_error_hint_set(
            rp_probe_error(errnum, "this kernel does not attach such a program by a link"),
            "xdp needs Linux 5.9, tc needs Linux 6.6");
    return rp_error_new(errnum, NULL, "cannot use the probe");
}

static struct rp_error *attach_link(const struct rp_spec *spec, int prog_fd,
                                    enum bpf_attach_type type, struct rp_attachment *out) {
    int fd = bpf_link_create(prog_fd, (int)spec->number, type, NULL);
    return fd < 0 ? refused(spec, errno) : rp_attachment_add(out, fd, NULL);
}

static struct rp_error *attach_xdp(const struct rp_spec *spec, int prog_fd,
                                   struct rp_attachment *out) {
    return attach_link(spec, prog_fd, BPF_XDP, out);
}

static struct rp_error *attach_tc(const struct rp_spec *spec, int prog_fd,
                                  struct rp_attachment *out) {
    return attach_link(spec, prog_fd, is_egress(spec) ? TCX_EGRESS : TCX_INGRESS, out);
}

/* What the filter lets through nobody reads: the socket's queue takes as little as it can. */
static struct rp_error *attach_socket(const struct rp_spec *spec, int prog_fd,
                                      struct rp_attachment *out) {
    const struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                        .sll_protocol = htons(ETH_P_ALL),
                                        .sll_ifindex = (int)spec->number};
    int least = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return rp_error_new(errno, NULL, "cannot use the probe");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) ||
        setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &prog_fd, sizeof(prog_fd)) ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
        struct rp_error *err = rp_error_new(errno, NULL, "cannot use the probe");
        close(fd);
        return err;
    }
    return rp_attachment_add(out, fd, NULL);
}

static void set_xdp(const struct rp_spec *spec, struct rp_program_kind *program) {
    (void)spec;
    program->attach_type = BPF_XDP;
}

static void set_tc(const struct rp_spec *spec, struct rp_program_kind *program) {
    program->attach_type = is_egress(spec) ? TCX_EGRESS : TCX_INGRESS;
}

/* ------------------------------------------------------------------ sections */

static struct rp_error *needs_interface(void) {
    return rp_error_hint_set(rp_probe_error(EINVAL, "its section does not name an interface"),
                             "--interface NAME says which");
}

static struct rp_error *section_of(const struct rp_probe_kind *kind, const char *category,
                                   const struct rp_section *section, char **spec) {
    if (!section->interface)
        return needs_interface();
    *spec = rp_text("%s:%s%s%s", kind->name, category, *category ? ":" : "", section->interface);
    return *spec ? NULL : rp_error_nomem();
}

static struct rp_error *xdp_section(const struct rp_section *section, char **spec) {
    if (!strcmp(section->rest, "devmap") || !strcmp(section->rest, "cpumap"))
        return rp_probe_error(ENOTSUP, "it runs where a map sends packets to, not at an interface");
    return section_of(&rp_xdp_kind, "", section, spec);
}

static struct rp_error *tc_section(const struct rp_section *section, char **spec) {
    bool out = strcmp(section->rest, directions[1]) == 0;
    return section_of(&rp_tc_kind, directions[out], section, spec);
}

static struct rp_error *socket_section(const struct rp_section *section, char **spec) {
    return section_of(&rp_socket_kind, "", section, spec);
}

/* ------------------------------------------------------------------ the kinds */

const struct rp_probe_kind rp_xdp_kind = {
    .name = "xdp",
    .usage = "xdp:INTERFACE",
    .what = "each packet that an interface receives, before the network stack",
    .parse = parse,
    .sections = (const char *const[]){"xdp", "xdp.frags", NULL},
    .spec_of_section = xdp_section,
    .decides = "what becomes of packets",
    .prog_type = BPF_PROG_TYPE_XDP,
    .set_program = set_xdp,
    .resolve = resolve,
    .attach = attach_xdp,
    .list = list,
    .target_noun = "interface",
};

const struct rp_probe_kind rp_tc_kind = {
    .name = "tc",
    .usage = "tc:ingress|egress:INTERFACE",
    .what = "each packet that an interface receives or sends, with its socket buffer",
    .has_category = true,
    .parse = parse_direction,
    .sections = (const char *const[]){"tc", "tcx", "classifier", NULL},
    .spec_of_section = tc_section,
    .decides = "what becomes of packets",
    .prog_type = BPF_PROG_TYPE_SCHED_CLS,
    .set_program = set_tc,
    .resolve = resolve,
    .attach = attach_tc,
    .list = list,
    .target_noun = "interface",
};

const struct rp_probe_kind rp_socket_kind = {
    .name = "socket",
    .usage = "socket:INTERFACE",
    .what = "each packet of an interface, as a packet socket sees it",
    .parse = parse,
    .sections = (const char *const[]){"socket", NULL},
    .spec_of_section = socket_section,
    .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
    .resolve = resolve,
    .attach = attach_socket,
    .list = list,
    .target_noun = "interface",
};
