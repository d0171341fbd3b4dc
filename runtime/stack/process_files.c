/* SPDX-License-Identifier: Apache-2.0 */
#include "stack/process_files.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/bcc.h"
#include "util/alarm.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/file.h"
#include "util/shim.h"
#include "util/text.h"

#define PERF_MAP_MAX ((off_t)256 << 20) /* bytes: a compiler writes about 100 for a function */
#define BLOCKED_MS   300

/* ------------------------------------------------------------------ files that are safe to read */

/* A perf map (/tmp/perf-PID.map, names that a just-in-time compiler wrote) is by its name
 * anybody's: it counts if the process's user or root owns it. */
static bool is_safe_perf_map(const struct stat *st, uid_t user) {
    return S_ISREG(st->st_mode) && (st->st_uid == 0 || st->st_uid == user) &&
           st->st_size <= PERF_MAP_MAX;
}

static bool is_safe(const char *path, bool is_perf_map, uid_t user) {
    struct stat st;
    if (stat(path, &st))
        return true; /* libbcc cannot open it either */
    return is_perf_map ? is_safe_perf_map(&st, user) : S_ISREG(st.st_mode);
}

static bool user_of(pid_t pid, uid_t *user) {
    char path[64];
    struct stat st;
    snprintf(path, sizeof(path), "/proc/%d", pid);
    if (stat(path, &st))
        return false;
    *user = st.st_uid;
    return true;
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
    /* /tmp/perf-PID.map of our root: in the process's root it has come already, or is another's.
     * libbcc (up to 0.31) keeps no descriptor of such a file, and closes one all the same that it
     * never set: any of ours. */
    if (!in_namespace)
        return 0;
    /* libbcc opens it in the process's root. */
    file->name += rp_path_behind_root(visit->pid, file->name) - file->name;
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
    struct visit visit = {.pid = pid, .callback = callback, .payload = payload};
    if (!user_of(pid, &visit.user))
        return -1;
    return rp_bcc()->bcc_procutils_each_module(pid, visit_file, &visit);
}

/* ------------------------------------------------------------------ perf maps that grow */

/* What the process calls itself, in the innermost PID namespace: what it names its perf map after.
 */
static long own_pid(pid_t pid) {
    RP_AUTO_FCLOSE FILE *status = rp_file_of_process(pid, "status");
    RP_AUTO_FREE char *line = NULL;
    size_t size = 0;
    while (status && getline(&line, &size, status) > 0) {
        const char *last = rp_starts_with(line, "NSpid:") ? strrchr(line, '\t') : NULL;
        if (last)
            return strtol(last, NULL, 10);
    }
    return pid;
}

void rp_process_files_digest_perf_map(pid_t pid, struct rp_digest *digest) {
    char path[96], state[128];
    struct stat st;
    uid_t user;
    snprintf(path, sizeof(path), "/proc/%d/root/tmp/perf-%ld.map", pid, own_pid(pid));
    if (!user_of(pid, &user) || stat(path, &st) || !is_safe_perf_map(&st, user))
        return;
    snprintf(state, sizeof(state), "%ju %jd %jd.%09ld\n", (uintmax_t)st.st_ino,
             (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    rp_digest_text(digest, state);
}

/* ------------------------------------------------------------------ files that were exchanged
 * since */

void rp_process_files_begin(void) {
    rp_alarm_begin(BLOCKED_MS);
}

void rp_process_files_end(void) {
    rp_alarm_end();
}
