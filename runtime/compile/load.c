/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Defined ahead of libbcc's own (see interpose.c), which after EINVAL tries again without the line
 * information, so that the log lacks the source, and after E2BIG prints no log at all.
 */
#include "compile/load.h"

#include <bcc/libbpf.h>
#include <bpf/bpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/array.h"

#define LOG_INSTRUCTIONS 1 /* kernel/bpf/verifier.c: BPF_LOG_LEVEL1 */
#define LOG_STATISTICS   4 /* BPF_LOG_STATS: what is refused, but no instructions */

static char **wanted_log;

void rp_program_load_watch(char **log) {
    wanted_log = log;
}

/* "kprobe__vfs_read" is shown by bpftool and perf as "vfs_read": a name has 15 bytes. */
static void set_name(char name[BPF_OBJ_NAME_LEN], const char *function) {
    const char *prefix_end = strstr(function, "__");
    snprintf(name, BPF_OBJ_NAME_LEN, "%s", prefix_end && prefix_end[2] ? prefix_end + 2 : function);
}

struct program {
    enum bpf_prog_type type;
    char name[BPF_OBJ_NAME_LEN];
    const char *license;
    const struct bpf_insn *insns;
    size_t count;
    const struct bpf_prog_load_opts *opts;
};

static int load(const struct program *p, unsigned level, char *log, unsigned size) {
    struct bpf_prog_load_opts opts = *p->opts;
    opts.sz = sizeof(opts);
    opts.log_level = level;
    opts.log_buf = log;
    opts.log_size = size;
    return bpf_prog_load(p->type, p->name, p->license, p->insns, p->count, &opts);
}

/* Kernels before 6.4 keep the beginning of a log that does not fit, later ones its end. */
static bool is_whole(const char *log) {
    return strstr(log, "\nprocessed ") || strncmp(log, "processed ", 10) == 0;
}

/* The log of a program that was refused; of one that is long, at least the reason. NULL when it is
 * not refused now, or without memory. */
static char *log_of(const struct program *p, int errnum) {
    static const struct {
        unsigned level, size;
    } tries[] = {
        {LOG_INSTRUCTIONS, 1 << 20}, {LOG_INSTRUCTIONS, 1 << 24}, {LOG_STATISTICS, 1 << 16}};
    for (size_t i = 0; i < RP_COUNT(tries); i++) {
        if (i == 1 && errnum == E2BIG) /* a million instructions: it will not fit either */
            continue;
        char *log = calloc(1, tries[i].size);
        if (!log)
            return NULL;
        int fd = load(p, tries[i].level, log, tries[i].size);
        if (fd >= 0)
            close(fd);
        if (is_whole(log) || !*log || i + 1 == RP_COUNT(tries))
            return log;
        free(log);
    }
    return NULL;
}

int bcc_prog_load_xattr(enum bpf_prog_type prog_type, const char *prog_name, const char *license,
                        const struct bpf_insn *insns, struct bpf_prog_load_opts *opts, int prog_len,
                        char *log_buf, unsigned log_buf_size, bool allow_rlimit) {
    bool has_target = prog_type == BPF_PROG_TYPE_TRACING || prog_type == BPF_PROG_TYPE_LSM;
    if (!wanted_log || has_target) { /* the target libbcc finds by the name */
        int (*libbccs)(enum bpf_prog_type, const char *, const char *, const struct bpf_insn *,
                       struct bpf_prog_load_opts *, int, char *, unsigned, bool) =
            dlsym(RTLD_NEXT, "bcc_prog_load_xattr");
        return libbccs(prog_type, prog_name, license, insns, opts, prog_len, log_buf, log_buf_size,
                       allow_rlimit);
    }
    struct program p = {.type = prog_type,
                        .license = license,
                        .insns = insns,
                        .count = (size_t)prog_len / sizeof(*insns),
                        .opts = opts};
    set_name(p.name, prog_name ? prog_name : "");
    int fd = load(&p, 0, NULL, 0);
    int errnum = errno;
    if (fd < 0)
        *wanted_log = log_of(&p, errnum);
    errno = errnum;
    return fd;
}
