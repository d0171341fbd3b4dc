/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel holds for a program at its attach points, how kprobes and uprobes get there (by
 * libbcc), and how it ends. */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/bcc.h"
#include "probe/attachment.h"
#include "probe/missed.h"
#include "util/array.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/closer.h"

struct rp_attached {
    int fd;
    int event_fd; /* what `fd` is a link to; -1: it is not a link */
    char *event;
};

/* Each one looks for it in its own list. */
void rp_attachment_delete_event(const char *event) {
    struct rp_capture capture = rp_capture_begin();
    rp_bcc()->bpf_detach_kprobe(event);
    rp_bcc()->bpf_detach_uprobe(event);
    free(rp_capture_end(&capture));
}

/* Nothing of what has been closed. */
static uint64_t missed_at(const struct rp_attachment *attachment, const struct rp_attached *match,
                          bool *known) {
    uint64_t missed = 0;
    if (attachment->counts_missed && match->fd >= 0)
        *known = rp_missed_read(match->fd, match->event_fd, &missed) && *known;
    return missed;
}

/* Before it is closed. */
static void see_missed(struct rp_attachment *attachment, struct rp_attached *match) {
    bool known = true;
    attachment->missed += missed_at(attachment, match, &known);
    attachment->unsure |= !known;
}

static void end_place(struct rp_attachment *attachment, struct rp_attached *match) {
    see_missed(attachment, match);
    if (match->fd >= 0)
        close(match->fd);
    if (match->event_fd >= 0)
        close(match->event_fd);
    if (match->event)
        rp_attachment_delete_event(match->event);
    free(match->event);
}

/* Takes what `place` holds. */
static struct rp_error *add(struct rp_attachment *attachment, struct rp_attached match) {
    if (rp_vec_push(attachment, match))
        return NULL;
    end_place(attachment, &match);
    return rp_error_nomem();
}

struct rp_error *rp_attachment_add(struct rp_attachment *attachment, int fd, char *event) {
    return add(attachment, (struct rp_attached){.fd = fd, .event_fd = -1, .event = event});
}

struct rp_error *rp_attachment_add_link(struct rp_attachment *attachment, int link, int event_fd) {
    return add(attachment, (struct rp_attached){.fd = link, .event_fd = event_fd});
}

bool rp_attachment_enable(const struct rp_attachment *attachment) {
    for (size_t i = 0; i < attachment->count; i++)
        if (ioctl(attachment->items[i].fd, PERF_EVENT_IOC_ENABLE, 0))
            return false;
    return true;
}

int rp_attachment_fd(const struct rp_attachment *attachment) {
    return attachment->count ? attachment->items[0].fd : -1;
}

/* PERF_EVENT_IOC_DISABLE is not enough: the kernel calls the programs of a tracepoint or kprobe
 * even if their perf event is disabled. Closing detaches the program first and then waits, so
 * threads do the waiting. For a link, closing the event waits, and meanwhile the kernel holds the
 * lock that all of them need: so all links are closed first. */
void rp_attachment_disable(struct rp_attachment *attachment) {
    int *fds = attachment->closer ? NULL : calloc(attachment->count + 1, sizeof(*fds));
    if (!fds)
        return;
    for (size_t i = 0; i < attachment->count; i++) {
        struct rp_attached *match = &attachment->items[i];
        bool is_link = match->event_fd >= 0;
        see_missed(attachment, match);
        if (is_link && match->fd >= 0)
            close(match->fd);
        fds[i] = is_link ? match->event_fd : match->fd;
        match->fd = match->event_fd = -1;
    }
    attachment->closer = rp_closer_start(fds, attachment->count);
}

void rp_attachment_end(struct rp_attachment *attachment) {
    if (attachment->count > 1)
        rp_attachment_disable(attachment);
    rp_closer_wait(attachment->closer);
    for (size_t i = 0; i < attachment->count; i++)
        end_place(attachment, &attachment->items[i]);
    rp_vec_clear(attachment);
    *attachment = (struct rp_attachment){
        .missed = attachment->missed, .given = attachment->given, .unsure = attachment->unsure};
}

/* ------------------------------------------------------------------ what the kernel missed */

void rp_attachment_count_missed(struct rp_attachment *attachment) {
    attachment->counts_missed = true;
    rp_missed_prepare();
}

uint64_t rp_attachment_missed(const struct rp_attachment *attachment, bool *known) {
    uint64_t missed = attachment->missed - attachment->given;
    *known = !attachment->unsure;
    for (size_t i = 0; i < attachment->count; i++)
        missed += missed_at(attachment, &attachment->items[i], known);
    return missed;
}

uint64_t rp_attachment_take_missed(struct rp_attachment *attachment, bool *known) {
    uint64_t missed = rp_attachment_missed(attachment, known);
    attachment->given += missed;
    return missed;
}

/* ------------------------------------------------------------------ kprobes and uprobes
 *
 * libbcc attaches them, by a perf event or by tracefs. */

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
        return rp_bcc()->bpf_attach_kprobe(prog_fd, type, event, match->function, match->offset, 0);
    return rp_bcc()->bpf_attach_uprobe(prog_fd, type, event, match->path, match->offset,
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
