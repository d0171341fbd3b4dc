/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of another width than the kernel's: what they call has entry points and numbers of its
 * own. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "probe/binary.h"
#include "probe/kind.h"
#include "reprobe_query.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/text.h"

static bool is_narrow(pid_t pid) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    return rp_binary_is_narrow(path);
}

/* Whether this kernel runs such programs at all. */
static bool runs_narrow(void) {
    return !rp_arch.runs_narrow || access(rp_arch.runs_narrow, F_OK) == 0;
}

/* Some process that runs one; 0: none does. */
static pid_t look_for_narrow(void) {
    RP_AUTO_CLOSEDIR DIR *proc = runs_narrow() ? opendir("/proc") : NULL;
    const struct dirent *entry;
    while (proc && (entry = readdir(proc))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && is_narrow(pid))
            return pid;
    }
    return 0;
}

/* The same, as it was found at most so long ago: there may be thousands of processes. */
static pid_t find_narrow(void) {
    static const uint64_t fresh_ns = 60000000000;
    static uint64_t looked_ns;
    static pid_t found;
    uint64_t now = rp_now_ns();
    if (looked_ns && now - looked_ns < fresh_ns && (!found || is_narrow(found)))
        return found;
    looked_ns = now;
    return found = look_for_narrow();
}

char *rp_probe_note(const char *text, pid_t pid) {
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {0};
    struct rp_error *err = rp_probe_is_pattern(text) ? NULL : rp_spec_parse(text, &spec);
    rp_error_free(err);
    if (err || !spec.kind || !spec.kind->is_native || !spec.kind->is_native(&spec))
        return NULL;
    pid_t narrow = pid ? (is_narrow(pid) ? pid : 0) : find_narrow();
    return narrow ? rp_text(
                        "process %d is a 32-bit program: what such programs call is not seen at %s",
                        narrow, text)
                  : NULL;
}

char *rp_probe_unseen(const char *text) {
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {0};
    struct rp_error *err = rp_probe_is_pattern(text) ? NULL : rp_spec_parse(text, &spec);
    rp_error_free(err);
    return err || !spec.kind || !spec.kind->unseen ? NULL : spec.kind->unseen(&spec);
}
