/* SPDX-License-Identifier: Apache-2.0 */
#include "stack/process_files.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/bcc.h"
#include "util/alarm.h"
#include "util/shim.h"

#define PERF_MAP_MAX ((off_t)256 << 20) /* bytes: a compiler writes about 100 for a function */
#define BLOCKED_MS   300

/* ------------------------------------------------------------------ files that are safe to read */

/* A perf map (/tmp/perf-PID.map, names that a just-in-time compiler wrote) is by its name
 * anybody's: it counts if the process's user or root owns it. */
static bool is_safe(const char *path, bool is_perf_map, uid_t user) {
    struct stat st;
    if (stat(path, &st))
        return true; /* libbcc cannot open it either */
    if (!S_ISREG(st.st_mode))
        return false;
    return !is_perf_map || ((st.st_uid == 0 || st.st_uid == user) && st.st_size <= PERF_MAP_MAX);
}

struct visit {
    int pid;
    uid_t user;
    bcc_procutils_modulecb callback;
    void *payload;
};

/* libbcc takes a perf map for a file at all addresses. */
static int visit_file(mod_info *file, int in_namespace, void *payload) {
    const struct visit *visit = payload;
    bool is_perf_map = file->end_addr == UINT64_MAX;
    char inside[PATH_MAX];
    int length = snprintf(inside, sizeof(inside), "/proc/%d/root%s", visit->pid, file->name);
    if (length < 0 || (size_t)length >= sizeof(inside) ||
        !is_safe(inside, is_perf_map, visit->user) ||
        !is_safe(file->name, is_perf_map, visit->user))
        return 0;
    return visit->callback(file, in_namespace, visit->payload);
}

/* Comes before libbcc's own function of this name in symbol lookup order: libbcc opens every file
 * that it is told of, also a FIFO, for which it would wait for good. */
RP_SHIM int bcc_procutils_each_module(int pid, bcc_procutils_modulecb callback, void *payload) {
    char path[64];
    struct stat st;
    snprintf(path, sizeof(path), "/proc/%d", pid);
    if (stat(path, &st))
        return -1;
    struct visit visit = {pid, st.st_uid, callback, payload};
    return rp_bcc()->bcc_procutils_each_module(pid, visit_file, &visit);
}

/* ------------------------------------------------------------------ files that were exchanged
 * since */

void rp_process_files_begin(void) {
    rp_alarm_begin(BLOCKED_MS);
}

void rp_process_files_end(void) {
    rp_alarm_end();
}
