/* SPDX-License-Identifier: Apache-2.0 */
/* Attaches to one of many matches by a separate perf event, whose link tells the program which
 * match it is. */
#include <errno.h>
#include <linux/perf_event.h>

#include "probe/event_source.h"
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

int rp_match_link(const struct rp_matches *matches, size_t i, uint64_t cookie, int prog_fd,
                  bool *no_cookies, struct rp_attachment *out) {
    struct perf_event_attr attr = {0};
    *no_cookies = *no_cookies || !matches->kind->set_event(&attr, matches, i);
    if (*no_cookies)
        return attach_plain(matches, i, prog_fd, out);
    int errnum = rp_event_attach(&attr, matches->pid, &cookie, prog_fd, out);
    if (errnum != EINVAL || cookie)
        return errnum;
    /* The kernel has no such links, or refuses the program, and will then say so again. */
    errnum = attach_plain(matches, i, prog_fd, out);
    *no_cookies = !errnum;
    return errnum;
}
