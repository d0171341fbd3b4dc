/* SPDX-License-Identifier: Apache-2.0 */
#include "stack/mappings.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/pids.h"
#include "stack/code_symbols.h"
#include "util/cleanup.h"
#include "util/demangle.h"
#include "util/file.h"
#include "util/text.h"

/* A line of /proc/PID/maps. */
struct line {
    struct rp_mapping mapping;
    char flags[5], file[64];
    const char *path; /* "": none */
};

/* ------------------------------------------------------------------ files */

static void free_file(struct rp_code_file *file) {
    if (!file)
        return;
    rp_frames_free(file->frames);
    rp_code_symbols_free(file->symbols);
    rp_cfi_free(file->cfi);
    free(file->name);
    free(file->path);
    free(file);
}

void rp_code_files_clear(struct rp_code_files *files) {
    for (size_t i = 0; i < files->list.count; i++)
        free_file(files->list.items[i]);
    rp_vec_clear(&files->list);
    rp_cfi_free(files->vdso);
    files->vdso = NULL;
}

/* What is mapped there, whatever its path leads to by now, also in a container; or, of who may not
 * do that, what its path leads to. Nothing that it would have to wait for. */
static int open_mapped(pid_t pid, uint64_t start, uint64_t end, const char *path) {
    char name[PATH_MAX + 64];
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct stat st;
    snprintf(name, sizeof(name), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, start, end);
    int fd = open(name, flags);
    if (fd < 0) {
        snprintf(name, sizeof(name), "/proc/%d/root%s", pid, rp_path_behind_root(pid, path));
        fd = open(name, flags);
    }
    if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static struct rp_code_file *find_file(const struct rp_code_files *files, const char *name) {
    for (size_t i = 0; i < files->list.count; i++)
        if (!strcmp(files->list.items[i]->name, name))
            return files->list.items[i];
    return NULL;
}

/* NULL without memory. */
static struct rp_code_file *take_file(struct rp_code_files *files, const struct line *line,
                                      int fd) {
    struct rp_code_file *file = calloc(1, sizeof(*file));
    if (file) {
        file->name = strdup(line->file);
        file->path = strdup(line->path);
    }
    if (!file || !file->name || !file->path || !rp_vec_push(&files->list, file)) {
        free_file(file);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    file->cfi = fd < 0 ? NULL : rp_cfi_open(fd);
    return file;
}

/* ------------------------------------------------------------------ what is mapped */

static bool parse_line(char *text, struct line *out) {
    unsigned major, minor;
    uint64_t inode;
    int at = 0;
    text[strcspn(text, "\n")] = '\0';
    *out = (struct line){0};
    struct rp_mapping *m = &out->mapping;
    if (sscanf(text, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &m->start,
               &m->end, out->flags, &m->offset, &major, &minor, &inode, &at) < 7)
        return false;
    snprintf(out->file, sizeof(out->file), "%x:%x %" PRIu64, major, minor, inode);
    out->path = text + at;
    m->kind = *out->path == '/'                  ? RP_CODE_FILE
              : !strcmp(out->path, "[vdso]")     ? RP_CODE_VDSO
              : !strcmp(out->path, "[uprobes]")  ? RP_CODE_UPROBES
              : !strcmp(out->path, "[vsyscall]") ? RP_CODE_KERNELS
                                                 : RP_CODE_MADE;
    return out->flags[2] == 'x';
}

static bool add_line(struct rp_mappings *to, pid_t here, struct rp_code_files *files,
                     struct line *line) {
    struct rp_mapping *m = &line->mapping;
    if (m->kind == RP_CODE_FILE) {
        m->file = find_file(files, line->file);
        if (!m->file)
            m->file = take_file(files, line, open_mapped(here, m->start, m->end, line->path));
        if (!m->file)
            return false;
    }
    return rp_vec_push(to, *m);
}

/* Field 28 of /proc/PID/stat, behind the name, which may have whatever in it; 0: it is not told. */
static uint64_t start_stack_of(pid_t pid) {
    char text[2048];
    RP_AUTO_FCLOSE FILE *file = rp_file_of_process(pid, "stat");
    size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    text[size] = '\0';
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < 28; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* `here` is the process's number in /proc. */
static bool read_lines(struct rp_mappings *to, pid_t here, struct rp_code_files *files) {
    RP_AUTO_FCLOSE FILE *maps = rp_file_of_process(here, "maps");
    RP_AUTO_FREE char *text = NULL;
    size_t size = 0;
    while (maps && getline(&text, &size, maps) > 0) {
        struct line line;
        if (parse_line(text, &line) && !add_line(to, here, files, &line))
            return false;
    }
    return to->count;
}

bool rp_mappings_read(struct rp_mappings *out, struct rp_code_files *files, uint64_t start_stack) {
    pid_t here = rp_pid_here(out->pid);
    struct rp_mappings now = {.pid = out->pid, .start_stack = start_stack_of(here)};
    bool ok = now.start_stack && (!start_stack || start_stack == now.start_stack) &&
              read_lines(&now, here, files) && start_stack_of(here) == now.start_stack;
    if (!ok) {
        rp_vec_clear(&now);
        return false;
    }
    rp_vec_clear(out);
    *out = now;
    return true;
}

void rp_mappings_clear(struct rp_mappings *mappings) {
    rp_vec_clear(mappings);
}

const struct rp_mapping *rp_mappings_find(const struct rp_mappings *mappings, uint64_t address) {
    for (size_t i = 0; i < mappings->count; i++)
        if (address >= mappings->items[i].start && address < mappings->items[i].end)
            return &mappings->items[i];
    return NULL;
}

/* ------------------------------------------------------------------ rules */

/* The kernel's, which is the same in all processes of 64 bits: this process has it, too. */
static struct rp_cfi *vdso_of(struct rp_code_files *files, const struct rp_mapping *mapping) {
    const void *own = (const void *)getauxval(AT_SYSINFO_EHDR); // NOLINT(performance-no-int-to-ptr)
    if (!files->vdso && own)
        files->vdso = rp_cfi_of_memory(own, mapping->end - mapping->start);
    return files->vdso;
}

static const struct rp_rule probed = {.kind = RP_RULE_PROBED};
static const struct rp_rule cut = {.kind = RP_RULE_CUT};

/* Code that no file describes has frame pointers, or nothing can be said. */
static struct rp_rule rule_of(struct rp_cfi *cfi, const struct rp_mapping *mapping,
                              uint64_t address, bool is_caller) {
    struct rp_rule rule;
    uint64_t there;
    return !cfi ? cut
           : rp_cfi_address(cfi, address - mapping->start + mapping->offset, &there) &&
                   rp_cfi_rule(cfi, there, is_caller, &rule)
               ? rule
               : rp_rule_of_bp;
}

bool rp_mappings_rule(const struct rp_mappings *mappings, struct rp_code_files *files,
                      uint64_t address, bool is_caller, struct rp_rule *out) {
    const struct rp_mapping *mapping = rp_mappings_find(mappings, address);
    if (mapping && mapping->kind == RP_CODE_UPROBES) { /* no call is before it */
        *out = probed;
        return true;
    }
    mapping = rp_mappings_find(mappings, address - is_caller);
    if (!mapping)
        return false;
    switch (mapping->kind) {
    case RP_CODE_FILE:
        *out = rule_of(mapping->file->cfi, mapping, address, is_caller);
        return true;
    case RP_CODE_VDSO:
        *out = rule_of(vdso_of(files, mapping), mapping, address, is_caller);
        return true;
    case RP_CODE_MADE:
        *out = rp_rule_of_bp;
        return true;
    default:
        *out = cut;
        return true;
    }
}

/* ------------------------------------------------------------------ functions */

static struct rp_frames *frames_of(struct rp_code_file *file) {
    if (!file->has_frames && file->cfi)
        file->frames = rp_frames_open(rp_cfi_fd(file->cfi));
    file->has_frames = true;
    return file->frames;
}

static const struct rp_code_symbols *symbols_of(struct rp_code_file *file) {
    if (!file->has_symbols && file->cfi)
        file->symbols = rp_code_symbols_read(rp_cfi_fd(file->cfi));
    file->has_symbols = true;
    return file->symbols;
}

/* The file at the address, and where in it, as the file counts them; NULL: none that can be read.
 */
static struct rp_code_file *find_code(const struct rp_mappings *mappings, uint64_t address,
                                      uint64_t *there) {
    const struct rp_mapping *mapping = rp_mappings_find(mappings, address);
    if (!mapping || mapping->kind != RP_CODE_FILE || !mapping->file->cfi ||
        !rp_cfi_address(mapping->file->cfi, address - mapping->start + mapping->offset, there))
        return NULL;
    return mapping->file;
}

const struct rp_frame_list *rp_mappings_frames(const struct rp_mappings *mappings,
                                               uint64_t address) {
    uint64_t there;
    struct rp_code_file *file = find_code(mappings, address, &there);
    struct rp_frames *frames = file ? frames_of(file) : NULL;
    return frames ? rp_frames_at(frames, there) : NULL;
}

char *rp_mappings_name(const struct rp_mappings *mappings, uint64_t address) {
    uint64_t there;
    struct rp_code_file *file = find_code(mappings, address, &there);
    const struct rp_code_symbols *symbols = file ? symbols_of(file) : NULL;
    const char *symbol = symbols ? rp_code_symbols_find(symbols, there) : NULL;
    if (!file)
        return NULL;
    if (!symbol)
        return rp_text("[%s]", rp_last_name(file->path));
    char *name = rp_demangle(symbol);
    return name ? name : strdup(symbol);
}
