/* SPDX-License-Identifier: Apache-2.0 */
/* Finds a tracepoint that shows the same as a kprobe, for kernels without kprobes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "probe/kernel_function.h"
#include "util/array.h"
#include "util/cleanup.h"

/* "tracepoint:syscalls:sys_enter_read" if this kernel has it, else NULL. malloc()ed. */
static char *syscall_tracepoint(const struct rp_spec *spec, const char *syscall) {
    const char *when = spec->kind->is_return ? "exit" : "enter";
    RP_AUTO_FREE char *name = NULL;
    if (asprintf(&name, "sys_%s_%s", when, syscall) < 0)
        name = NULL;
    RP_AUTO_FREE char *format = name ? rp_tracefs_event_format("syscalls", name) : NULL;
    char *text = NULL;
    if (!format || asprintf(&text, "tracepoint:syscalls:%s", name) < 0)
        return NULL;
    return text;
}

/* Functions that do the work of one or several syscalls, with the syscall that programs use most.
 */
static const struct {
    const char *function, *syscall;
} workers[] = {
    {"do_sys_open", "openat"},        {"do_sys_openat2", "openat"}, {"do_filp_open", "openat"},
    {"vfs_open", "openat"},           {"kernel_clone", "clone"},    {"_do_fork", "clone"},
    {"do_execveat_common", "execve"}, {"bprm_execve", "execve"},    {"do_exit", "exit_group"},
    {"do_group_exit", "exit_group"},  {"vfs_unlink", "unlinkat"},   {"vfs_rename", "renameat2"},
    {"inet_csk_accept", "accept4"},   {"vfs_mkdir", "mkdirat"},     {"vfs_statx", "newfstatat"},
};

/* Prefixes of a syscall's name in functions that implement it, besides the syscall prefixes. */
static const char *const worker_prefixes[] = {"do_sys_", "ksys_", "__sys_", "vfs_", "do_"};

static char *suggest_syscall(const struct rp_spec *spec) {
    const char *function = spec->target;
    for (size_t i = 0; i < RP_COUNT(workers); i++)
        if (!strcmp(function, workers[i].function))
            return syscall_tracepoint(spec, workers[i].syscall);
    const char *syscall = rp_syscall_of(function);
    if (syscall)
        return syscall_tracepoint(spec, syscall);
    for (size_t i = 0; i < RP_COUNT(worker_prefixes); i++) {
        size_t length = strlen(worker_prefixes[i]);
        char *found = strncmp(function, worker_prefixes[i], length)
                          ? NULL
                          : syscall_tracepoint(spec, function + length);
        if (found)
            return found;
    }
    return NULL;
}

/* ------------------------------------------------------------------ by words */

/* The length of the common prefix of `a` and `b`, in whole words (between _). */
static size_t common_words(const char *a, const char *b) {
    size_t whole = 0;
    for (size_t i = 0;; i++) {
        bool a_ends = a[i] == '_' || !a[i];
        if (a_ends && (b[i] == '_' || !b[i]))
            whole = i;
        if (a[i] != b[i] || !a[i])
            return whole;
    }
}

static const char *next_word(const char *text) {
    const char *gap = strchr(text, '_');
    return gap ? gap + 1 : NULL;
}

/* The length of the longest run of words that both have. */
static size_t shared_words(const char *a, const char *b) {
    size_t longest = 0;
    for (const char *from_a = a; from_a; from_a = next_word(from_a))
        for (const char *from_b = b; from_b; from_b = next_word(from_b)) {
            size_t length = common_words(from_a, from_b);
            if (length > longest)
                longest = length;
        }
    return longest;
}

/* Of two events that share equally much, prefers a syscall, because programs use these, or else the
 * shorter one. */
static bool is_plainer(const char *event, const char *than) {
    bool syscall = !strncmp(event, "syscalls:", 9), than_syscall = !strncmp(than, "syscalls:", 9);
    return syscall == than_syscall ? strlen(event) < strlen(than) : syscall;
}

struct search {
    const struct rp_spec *spec;
    const char *wrong_end; /* of syscalls: their exit for a kprobe, their entry for a kretprobe */
    char *best;            /* "category:name" */
    size_t shared;
};

static bool search_event(void *ctx, const char *event) {
    struct search *search = ctx;
    const char *colon = strchr(event, ':');
    if (!colon || !strncmp(event, search->wrong_end, strlen(search->wrong_end)))
        return true;
    size_t shared = shared_words(search->spec->target, colon + 1);
    if (shared < search->shared)
        return true;
    if (shared == search->shared && search->best && !is_plainer(event, search->best))
        return true;
    char *copy = strdup(event);
    if (!copy)
        return false;
    free(search->best);
    search->best = copy;
    search->shared = shared;
    return true;
}

/* Sharing less than half of the name is by chance. */
static char *suggest_by_words(const struct rp_spec *spec) {
    bool returns = spec->kind->is_return;
    struct search search = {.spec = spec,
                            .wrong_end = returns ? "syscalls:sys_enter_" : "syscalls:sys_exit_",
                            .shared = (strlen(spec->target) + 1) / 2};
    rp_error_free(rp_tracefs_each_event(search_event, &search));
    char *text = NULL;
    if (search.best && asprintf(&text, "tracepoint:%s", search.best) < 0)
        text = NULL;
    free(search.best);
    return text;
}

char *rp_suggest_tracepoint(const struct rp_spec *spec) {
    char *text = suggest_syscall(spec);
    return text ? text : suggest_by_words(spec);
}
