/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions, in the kernel and in processes. */
#include "stack/symbols.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/bcc.h"
#include "kernel/ksyms.h"
#include "kernel/pids.h"
#include "stack/process_files.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"
#include "util/vec.h"

#define KERNEL (-1) /* libbcc's pid of it */

struct space {
    pid_t pid;
    char code[65];   /* digest of executable mappings and the perf map; "" for the kernel */
    void *cache;     /* libbcc's; reads the names from the files on first use */
    bool is_partial; /* the process ended meanwhile */
    bool is_over;    /* it has ended: it maps nothing any more */
};

struct rp_symbols {
    RP_VEC(struct space) spaces;
    RP_VEC(pid_t) unseen; /* processes that had ended */
    char *name;           /* the last name found */
};

struct rp_error *rp_symbols_new(struct rp_symbols **out) {
    *out = calloc(1, sizeof(**out));
    return *out ? NULL : rp_error_nomem();
}

void rp_symbols_free(struct rp_symbols *symbols) {
    if (!symbols)
        return;
    for (size_t i = 0; i < symbols->spaces.count; i++)
        rp_bcc()->bcc_free_symcache(symbols->spaces.items[i].cache, symbols->spaces.items[i].pid);
    rp_vec_clear(&symbols->spaces);
    rp_vec_clear(&symbols->unseen);
    free(symbols->name);
    free(symbols);
}

/* ------------------------------------------------------------------ address spaces */

/* False for a process that has ended or has no memory of its own. */
static bool digest_of_code(pid_t pid, char hex[65]) {
    RP_AUTO_FCLOSE FILE *maps = rp_file_of_process(pid, "maps");
    RP_AUTO_FREE char *line = NULL;
    size_t size = 0;
    bool any = false;
    struct rp_digest digest = rp_digest_begin();
    while (maps && getline(&line, &size, maps) > 0) {
        const char *flags = strchr(line, ' ');
        if (!flags || strlen(flags) < 4 || flags[3] != 'x')
            continue;
        rp_digest_text(&digest, line);
        any = true;
    }
    if (any)
        rp_process_files_digest_perf_map(pid, &digest);
    rp_digest_end(&digest, hex);
    return any;
}

static struct space *find(struct rp_symbols *symbols, pid_t pid) {
    for (size_t i = 0; i < symbols->spaces.count; i++)
        if (symbols->spaces.items[i].pid == pid)
            return &symbols->spaces.items[i];
    return NULL;
}

/* What the process has mapped now, by its files in its root, as libbcc opens that; NULL: it cannot.
 * `here` is its number in /proc. */
static void *read_files(pid_t here) {
    struct rp_capture capture =
        rp_capture_begin(); /* libbcc complains about processes that have ended */
    rp_process_files_begin();
    void *cache = rp_bcc()->bcc_symcache_new(here, NULL);
    rp_process_files_end();
    free(rp_capture_end(&capture));
    return cache;
}

static struct space *add(struct rp_symbols *symbols, pid_t pid, pid_t here) {
    if (!rp_vec_reserve(&symbols->spaces, 1))
        return NULL;
    void *cache = read_files(here);
    struct space *space = cache ? rp_vec_add(&symbols->spaces) : NULL;
    if (space)
        *space = (struct space){.pid = pid, .cache = cache};
    return space;
}

/* Anew, since libbcc keeps the root that it has opened, and the process may have another one now
 * (chroot(2), pivot_root(2)). */
static void renew(struct space *space, pid_t here) {
    void *cache = read_files(here);
    if (!cache)
        return;
    rp_bcc()->bcc_free_symcache(space->cache, space->pid);
    space->cache = cache;
}

void rp_symbols_notice(struct rp_symbols *symbols, pid_t pid) {
    char code[65];
    pid_t here = rp_pid_here(pid);
    struct space *space = find(symbols, pid);
    if (!digest_of_code(here, code) || (space && !strcmp(space->code, code)))
        return; /* for a process that has ended, keep what was noted before */
    if (space) {
        renew(space, here);
    } else {
        char after[65];
        space = add(symbols, pid, here);
        if (space)
            space->is_partial = !digest_of_code(here, after);
    }
    if (space) {
        memcpy(space->code, code, sizeof(code));
        space->is_over = false;
    }
}

void rp_symbols_notice_again(struct rp_symbols *symbols) {
    for (size_t i = 0; i < symbols->spaces.count; i++) {
        struct space *space = &symbols->spaces.items[i];
        if (space->pid == KERNEL || space->is_over)
            continue;
        space->is_over = rp_pid_has_ended(space->pid);
        if (!space->is_over)
            rp_symbols_notice(symbols, space->pid);
    }
}

/* ------------------------------------------------------------------ names */

/* Without a symbol, as in a stripped program, the name of the file is better than nothing:
 * "[libfoo.so]". */
static char *describe(const struct bcc_symbol *symbol, bool found) {
    char *name = NULL;
    if (found && symbol->demangle_name)
        return strdup(symbol->demangle_name);
    if (!symbol->module)
        return strdup(RP_SYMBOL_UNKNOWN);
    return asprintf(&name, "[%s]", rp_last_name(symbol->module)) < 0 ? NULL : name;
}

static bool resolve(const struct space *space, uint64_t address, struct bcc_symbol *symbol) {
    if (space->pid == KERNEL)
        return !rp_bcc()->bcc_symcache_resolve(space->cache, address, symbol);
    rp_process_files_begin(); /* libbcc reads a file when it first needs it */
    bool found = !rp_bcc()->bcc_symcache_resolve(space->cache, address, symbol);
    rp_process_files_end();
    return found;
}

static void note_unseen(struct rp_symbols *symbols, pid_t pid) {
    for (size_t i = 0; i < symbols->unseen.count; i++)
        if (symbols->unseen.items[i] == pid)
            return;
    rp_vec_push(&symbols->unseen, pid); /* without memory it is not counted */
}

size_t rp_symbols_unseen(const struct rp_symbols *symbols) {
    return symbols->unseen.count;
}

bool rp_symbols_knows(struct rp_symbols *symbols, pid_t pid) {
    return find(symbols, pid);
}

bool rp_symbols_sees(struct rp_symbols *symbols, pid_t pid) {
    if (!find(symbols, pid))
        rp_symbols_notice(symbols, pid);
    const struct space *space = find(symbols, pid);
    return space && !space->is_partial;
}

const char *rp_symbols_find(struct rp_symbols *symbols, pid_t pid, uint64_t address,
                            uint64_t *offset) {
    *offset = 0;
    if (!pid && rp_ksyms_hidden()) /* libbcc would read them all again, for each address */
        return "[kernel, names hidden]";
    if (pid)
        rp_symbols_sees(symbols, pid);
    struct space *space = find(symbols, pid ? pid : KERNEL);
    if (!space && !pid)
        space = add(symbols, KERNEL, KERNEL);
    struct bcc_symbol symbol = {0};
    bool found = space && resolve(space, address, &symbol);
    if (pid && !found && (!space || space->is_partial))
        note_unseen(symbols, pid);
    free(symbols->name);
    symbols->name = describe(&symbol, found);
    if (found && symbol.demangle_name)
        *offset = symbol.offset;
    if (found)
        rp_bcc()->bcc_symbol_free_demangle_name(&symbol);
    return symbols->name ? symbols->name : RP_SYMBOL_UNKNOWN;
}

const char *rp_symbols_name(struct rp_symbols *symbols, pid_t pid, uint64_t address) {
    uint64_t offset;
    return rp_symbols_find(symbols, pid, address, &offset);
}
