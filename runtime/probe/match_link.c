/* SPDX-License-Identifier: Apache-2.0 */
/* Attaches to one of many matches by a separate perf event, whose link tells the program which
 * match it is. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe/matches.h"
#include "util/cleanup.h"

/* As the kind attaches to a single attach point. */
static int attach_plain(const struct rp_matches *matches, size_t i, int prog_fd,
                        struct rp_attachment *out) {
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {0};
    struct rp_error *err = rp_spec_parse(matches->items[i].spec, &spec);
    if (!err) {
        spec.number = matches->items[i].number;
        spec.pid = matches->pid;
        err = matches->kind->attach(&spec, prog_fd, out);
    }
    int errnum = err ? rp_error_errno(err) : 0;
    rp_error_free(err);
    return errnum;
}

/* Takes `event`, even on failure. */
static int link_event(int event, uint64_t cookie, int prog_fd, struct rp_attachment *out) {
    LIBBPF_OPTS(bpf_link_create_opts, opts, .perf_event.bpf_cookie = cookie);
    int link = bpf_link_create(prog_fd, event, BPF_PERF_EVENT, &opts);
    if (link < 0) {
        int errnum = errno;
        close(event);
        return errnum;
    }
    struct rp_error *err = rp_attachment_add_link(out, link, event);
    rp_error_free(err);
    return err ? ENOMEM : 0;
}

int rp_match_link(const struct rp_matches *matches, size_t i, uint64_t cookie, int prog_fd,
                  bool *no_cookies, struct rp_attachment *out) {
    struct perf_event_attr attr = {.size = sizeof(attr), .sample_period = 1, .wakeup_events = 1};
    *no_cookies = *no_cookies || !matches->kind->set_event(&attr, matches, i);
    if (*no_cookies)
        return attach_plain(matches, i, prog_fd, out);
    pid_t pid = matches->pid ? matches->pid : -1;
    int event =
        (int)syscall(SYS_perf_event_open, &attr, pid, pid == -1 ? 0 : -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (event < 0)
        return errno;
    int errnum = link_event(event, cookie, prog_fd, out);
    if (errnum != EINVAL || cookie)
        return errnum;
    /* The kernel has no such links, or refuses the program, and will then say so again. */
    errnum = attach_plain(matches, i, prog_fd, out);
    *no_cookies = !errnum;
    return errnum;
}
