/* SPDX-License-Identifier: Apache-2.0 */
/* What kprobes and uprobes have in common: libbcc attaches them, by a perf event or by tracefs. */
#include <bcc/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/breakpoint.h"
#include "util/array.h"
#include "util/capture.h"
#include "util/cleanup.h"

/* If there is no event source for it, or the event source refuses, libbcc makes an event in
 * tracefs, which stays after our end unless it is deleted. */
static bool event_exists(const char *event) {
    static const char *const folders[] = {
        "/sys/kernel/debug/tracing/events/kprobes", "/sys/kernel/debug/tracing/events/uprobes",
        "/sys/kernel/tracing/events/kprobes", "/sys/kernel/tracing/events/uprobes"};
    for (size_t i = 0; i < RP_COUNT(folders); i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s_bcc_%d", folders[i], event, getpid());
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static int attach(const struct rp_breakpoint *match, const char *event, int prog_fd) {
    enum bpf_probe_attach_type type = match->is_return ? BPF_PROBE_RETURN : BPF_PROBE_ENTRY;
    if (!match->path)
        return bpf_attach_kprobe(prog_fd, type, event, match->function, match->offset, 0);
    return bpf_attach_uprobe(prog_fd, type, event, match->path, match->offset,
                             match->pid ? match->pid : -1, match->counter);
}

int rp_breakpoint_attach(const struct rp_breakpoint *match, int prog_fd,
                         struct rp_attachment *out) {
    static unsigned attached;
    RP_AUTO_FREE char *event = NULL;
    if (asprintf(&event, "reprobe_%u", ++attached) < 0)
        return ENOMEM;
    struct rp_capture capture = rp_capture_begin();
    int fd = attach(match, event, prog_fd);
    int errnum = errno;
    bool left = event_exists(event);
    /* An event in tracefs does not know the counter. */
    if (fd >= 0 && left && match->counter) {
        close(fd);
        fd = -1;
        errnum = EOPNOTSUPP;
    }
    free(rp_capture_end(&capture));
    if (fd < 0 && left)
        rp_attachment_delete_event(event);
    if (fd < 0)
        return errnum;
    struct rp_error *err = rp_attachment_add(out, fd, left ? rp_take(event) : NULL);
    rp_error_free(err);
    return err ? ENOMEM : 0;
}
