/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/features.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/tracefs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"

/* ------------------------------------------------------------------ small checks */

void rp_kernel_read_line(const char *path, char *line, size_t size) {
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    if (!file || !fgets(line, (int)size, file))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

bool rp_kernel_has_in_tracefs(const char *name) {
    const char *root = rp_tracefs_path_or_null();
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", root ? root : "", name);
    return root && exists(path);
}

bool rp_kernel_has_kprobes(void) {
    return exists("/sys/bus/event_source/devices/kprobe") ||
           rp_kernel_has_in_tracefs("kprobe_events");
}

bool rp_kernel_at_least(unsigned major, unsigned minor) {
    struct utsname name;
    unsigned its_major = 0, its_minor = 0;
    uname(&name);
    sscanf(name.release, "%u.%u", &its_major, &its_minor);
    return its_major > major || (its_major == major && its_minor >= minor);
}

/* ------------------------------------------------------------------ privileges */

bool rp_kernel_has_capability(unsigned bit) {
    RP_AUTO_FCLOSE FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t effective = 0;
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "CapEff: %" SCNx64, &effective) == 1)
            break;
    return effective >> bit & 1;
}

/* CAP_BPF and CAP_PERFMON are parts of CAP_SYS_ADMIN (Linux 5.8). */
bool rp_kernel_may_trace(void) {
    return rp_kernel_has_capability(RP_CAP_SYS_ADMIN) ||
           (rp_kernel_has_capability(RP_CAP_BPF) && rp_kernel_has_capability(RP_CAP_PERFMON));
}

void rp_kernel_lockdown(char *level, size_t size) {
    char line[128];
    rp_kernel_read_line("/sys/kernel/security/lockdown", line, sizeof(line));
    const char *open = strchr(line, '[');
    snprintf(level, size, "%.*s", open ? (int)strcspn(open + 1, "]") : 0, open ? open + 1 : "");
}

bool rp_kernel_is_locked_down(void) {
    char level[32];
    rp_kernel_lockdown(level, sizeof(level));
    return !strcmp(level, "confidentiality");
}

/* Debian's kernels have one more step, 3: perf events are for CAP_SYS_ADMIN alone. */
static bool is_paranoid(void) {
    char line[16];
    rp_kernel_read_line("/proc/sys/kernel/perf_event_paranoid", line, sizeof(line));
    return atoi(line) > 2;
}

struct rp_error *rp_kernel_refusal(int errnum) {
    if (!rp_kernel_may_trace())
        return rp_error_hint_set(
            rp_error_new(errnum, "the kernel does not allow it for this user", "cannot trace"),
            RP_AS_ROOT);
    if (rp_kernel_is_locked_down())
        return rp_error_hint_set(
            rp_error_new(errnum, "the kernel is locked down (confidentiality)", "cannot trace"),
            "boot without lockdown=confidentiality, or use the lab: reprobe lab -- COMMAND");
    if (!rp_kernel_has_capability(RP_CAP_SYS_ADMIN))
        return rp_error_hint_set(
            rp_error_new(errnum, "the kernel does not allow it with CAP_BPF and CAP_PERFMON alone",
                         "cannot trace"),
            "run as root (sudo)%s",
            is_paranoid() ? ", or let perf events be: sysctl kernel.perf_event_paranoid=2" : "");
    return rp_error_hint_set(
        rp_error_new(errnum, "the kernel does not allow it here, not even with privileges",
                     "cannot trace"),
        "a container or a seccomp filter may forbid it: run outside, or use the lab: "
        "reprobe lab -- COMMAND");
}

/* ------------------------------------------------------------------ trying bpf() */

static const struct bpf_insn trivial[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT},
};

/* Loads "return 0". A descriptor, or -1 with errno. */
static int load_trivial(enum bpf_prog_type type, struct bpf_prog_load_opts *opts) {
    return bpf_prog_load(type, NULL, "GPL", trivial, RP_COUNT(trivial), opts);
}

int rp_kernel_load_trivial(enum bpf_prog_type type, enum bpf_attach_type attach_type) {
    LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type);
    return load_trivial(type, &opts);
}

int rp_kernel_load_tracing(enum bpf_attach_type type, uint64_t btf) {
    LIBBPF_OPTS(bpf_prog_load_opts, load, .attach_btf_id = (uint32_t)btf,
                .attach_btf_obj_fd = (uint32_t)rp_btf_object_fd((uint32_t)(btf >> 32)),
                .expected_attach_type = type);
    return load_trivial(BPF_PROG_TYPE_TRACING, &load);
}

int rp_kernel_try_tracing(enum bpf_attach_type type, uint64_t btf, bool *loaded) {
    RP_AUTO_CLOSE int prog = rp_kernel_load_tracing(type, btf);
    *loaded = prog >= 0;
    if (prog < 0)
        return errno;
    RP_AUTO_CLOSE int link = bpf_raw_tracepoint_open(NULL, prog);
    return link < 0 ? errno : 0;
}

struct rp_error *rp_kernel_usable(void) {
    RP_AUTO_CLOSE int fd = load_trivial(BPF_PROG_TYPE_TRACEPOINT, NULL);
    if (fd >= 0)
        return NULL;
    int errnum = errno;
    if (errnum == EPERM || errnum == EACCES)
        return rp_error_what_set(rp_kernel_refusal(errnum), "cannot load BPF programs");
    if (errnum == ENOSYS)
        return rp_error_hint_set(
            rp_error_new(errnum,
                         "this kernel has no bpf() (it was built without CONFIG_BPF_SYSCALL)",
                         "cannot load BPF programs"),
            RP_IN_LAB);
    return rp_error_hint_set(rp_error_new(errnum, NULL, "cannot load BPF programs"),
                             "tracing programs need CONFIG_BPF_EVENTS; the lab's kernel has it: "
                             "reprobe lab -- COMMAND");
}

/* ------------------------------------------------------------------ which one it is */

/* /sys/kernel/notes (Linux 2.6.23) has ELF notes, each padded to 4 bytes. */
static bool read_build_id(char hex[65]) {
    uint8_t notes[4096];
    RP_AUTO_CLOSE int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, notes, sizeof(notes));
    return size > 0 && rp_build_id(notes, (size_t)size, hex);
}

void rp_kernel_identify(struct rp_kernel_identity *out) {
    struct utsname kernel = {0};
    uname(&kernel);
    snprintf(out->name, sizeof(out->name), "%s %s %s", kernel.sysname, kernel.release,
             kernel.machine);
    if (read_build_id(out->build))
        return;
    struct rp_digest digest = rp_digest_begin();
    rp_digest_text(&digest, kernel.release);
    rp_digest_text(&digest, kernel.version);
    rp_digest_text(&digest, kernel.machine);
    rp_digest_end(&digest, out->build);
}
