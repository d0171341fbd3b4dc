/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/event_source.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

#define SOURCES "/sys/bus/event_source/devices/"

/* The number in a file such as "6" or "config:0", after `before`; -1 if there is none. */
static int read_number(const char *path, const char *before) {
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    char line[64] = "";
    int number = -1;
    if (file && fgets(line, sizeof(line), file) && !strncmp(line, before, strlen(before)))
        sscanf(line + strlen(before), "%d", &number);
    return number;
}

bool rp_event_source_set(struct perf_event_attr *attr, const char *source, bool returns) {
    char path[128];
    snprintf(path, sizeof(path), SOURCES "%s/type", source);
    int type = read_number(path, "");
    snprintf(path, sizeof(path), SOURCES "%s/format/retprobe", source);
    int bit = read_number(path, "config:");
    if (type < 0 || bit < 0 || bit > 63)
        return false;
    attr->type = (uint32_t)type;
    attr->config = returns ? 1ULL << (unsigned)bit : 0;
    return true;
}

/* Without a link. Takes `event`, even on failure. */
static int run_at(int event, int prog_fd, struct rp_attachment *out) {
    if (ioctl(event, PERF_EVENT_IOC_SET_BPF, prog_fd) || ioctl(event, PERF_EVENT_IOC_ENABLE, 0)) {
        int errnum = errno;
        close(event);
        return errnum;
    }
    struct rp_error *err = rp_attachment_add(out, event, NULL);
    rp_error_free(err);
    return err ? ENOMEM : 0;
}

int rp_event_attach(struct perf_event_attr *attr, pid_t pid, const uint64_t *cookie, int prog_fd,
                    struct rp_attachment *out) {
    attr->size = sizeof(*attr);
    attr->sample_period = 1;
    attr->wakeup_events = 1;
    int event = (int)syscall(SYS_perf_event_open, attr, pid ? pid : -1, pid ? -1 : 0, -1,
                             PERF_FLAG_FD_CLOEXEC);
    if (event < 0)
        return errno;
    LIBBPF_OPTS(bpf_link_create_opts, opts, .perf_event.bpf_cookie = cookie ? *cookie : 0);
    int link = bpf_link_create(prog_fd, event, BPF_PERF_EVENT, &opts);
    int errnum = link < 0 ? errno : 0;
    if (link < 0 && !cookie)
        return run_at(event, prog_fd, out);
    if (link < 0) {
        close(event);
        return errnum;
    }
    struct rp_error *err = rp_attachment_add_link(out, link, event);
    rp_error_free(err);
    return err ? ENOMEM : 0;
}
