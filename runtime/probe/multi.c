/* SPDX-License-Identifier: Apache-2.0 */
/* One link for many attach points: attached and closed as fast as one. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/features.h"
#include "probe/matches.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Younger than the headers that this is built with may be. */
#define UPROBE_MULTI_RETURN 1U
/* The parts of union bpf_attr that BPF_LINK_CREATE reads for a link to kprobes, or to uprobes. */
struct kprobe_multi_attr {
    uint32_t prog_fd, target_fd, attach_type, flags;
    uint32_t multi_flags, count;
    uint64_t names, addresses, cookies;
};
struct uprobe_multi_attr {
    uint32_t prog_fd, target_fd, attach_type, flags;
    uint64_t path, offsets, counters, cookies;
    uint32_t count, multi_flags, pid, unused;
};

/* Of one kind of link: its type, and whether the program is to run at the returns alone. */
struct how {
    enum bpf_attach_type type;
    bool returns;
};

static int kprobe_multi(int prog_fd, struct how how, const char *const *names,
                        const uint64_t *addresses, const uint64_t *cookies, size_t count) {
    struct kprobe_multi_attr attr = {.prog_fd = (uint32_t)prog_fd,
                                     .attach_type = how.type,
                                     .multi_flags = how.returns ? BPF_F_KPROBE_MULTI_RETURN : 0,
                                     .count = (uint32_t)count,
                                     .names = addresses ? 0 : (uintptr_t)names,
                                     .addresses = (uintptr_t)addresses,
                                     .cookies = (uintptr_t)cookies};
    return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

static int uprobe_multi(int prog_fd, struct how how, const char *path, pid_t pid,
                        const uint64_t *offsets, const uint64_t *cookies, size_t count) {
    struct uprobe_multi_attr attr = {.prog_fd = (uint32_t)prog_fd,
                                     .attach_type = how.type,
                                     .path = (uintptr_t)path,
                                     .offsets = (uintptr_t)offsets,
                                     .cookies = (uintptr_t)cookies,
                                     .count = (uint32_t)count,
                                     .multi_flags = how.returns ? UPROBE_MULTI_RETURN : 0,
                                     .pid = (uint32_t)pid};
    return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

/* Asked for an impossible attach point, a kernel with such links says that it does not exist; other
 * kernels say that they do not know or support that kind of link. */
bool rp_multi_link_exists(enum bpf_attach_type type) {
    RP_AUTO_CLOSE int prog = rp_kernel_load_trivial(BPF_PROG_TYPE_KPROBE, type);
    if (prog < 0)
        return false;
    const char *nowhere = "?";
    uint64_t offset = 0;
    const struct how how = {.type = type};
    bool in_kernel = type == BPF_TRACE_KPROBE_MULTI || type == RP_TRACE_KPROBE_SESSION;
    RP_AUTO_CLOSE int link = in_kernel ? kprobe_multi(prog, how, &nowhere, NULL, NULL, 1)
                                       : uprobe_multi(prog, how, "/", 0, &offset, NULL, 1);
    return link < 0 && errno == (in_kernel ? ESRCH : EBADF);
}

int rp_multi_link(const struct rp_matches *matches, size_t first, size_t count, uint64_t cookie,
                  int prog_fd, int *link) {
    RP_AUTO_FREE const char **names = calloc(count, sizeof(*names));
    RP_AUTO_FREE uint64_t *numbers = calloc(count, sizeof(*numbers));
    RP_AUTO_FREE uint64_t *cookies = calloc(count, sizeof(*cookies));
    if (!names || !numbers || !cookies)
        return ENOMEM;
    for (size_t i = 0; i < count; i++) {
        names[i] = rp_match_name(matches, first + i);
        numbers[i] = matches->items[first + i].number;
        cookies[i] = cookie + i;
    }
    const struct how how = {matches->kind->multi_type, matches->kind->is_return};
    *link = matches->path
                ? uprobe_multi(prog_fd, how, matches->path, matches->pid, numbers, cookies, count)
                : kprobe_multi(prog_fd, how, names, numbers[0] ? numbers : NULL, cookies, count);
    return *link < 0 ? errno : 0;
}
