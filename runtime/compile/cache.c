/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/compiler.h"
#include "compile/object_file.h"
#include "kernel/features.h"
#include "reprobe_query.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/vec.h"

#define DEFAULT_LIMIT (64ull << 20)
#define SUFFIX        ".rpo"

/* ------------------------------------------------------------- the directory */

/* The cache's directory; false if the cache is off or has no directory. */
static bool find_path(char path[PATH_MAX]) {
    const char *own = getenv("REPROBE_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
    int len;
    if (own && *own)
        len = strcmp(own, "off") == 0 ? -1 : snprintf(path, PATH_MAX, "%s", own);
    else if (xdg && *xdg == '/')
        len = snprintf(path, PATH_MAX, "%s/reprobe/objects", xdg);
    else {
        const char *home = getenv("HOME");
        const struct passwd *user = home && *home ? NULL : getpwuid(geteuid());
        if (user)
            home = user->pw_dir;
        len =
            home && *home == '/' ? snprintf(path, PATH_MAX, "%s/.cache/reprobe/objects", home) : -1;
    }
    return len > 0 && len < PATH_MAX;
}

/* Opens the directory, and makes it if needed; -1 if there is none that only this user can use. */
static int open_directory(bool make) {
    char path[PATH_MAX];
    if (!find_path(path))
        return -1;
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags);
    if (fd < 0 && errno == ENOENT && make) {
        rp_file_make_directory(path);
        fd = open(path, flags);
    }
    struct stat st;
    if (fd >= 0 && (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 077))) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool is_entry(const char *name) {
    size_t len = strlen(name), suffix = strlen(SUFFIX);
    return len > suffix && strcmp(name + len - suffix, SUFFIX) == 0;
}

/* Whether it belongs to this user and nobody else can write to it. */
static bool is_own(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           !(st.st_mode & 022);
}

/* ------------------------------------------------------------- the key */

/* Adds the build id of the program (no name) or of libreprobe. */
static int add_build_id(struct dl_phdr_info *info, size_t size, void *ctx) {
    (void)size;
    struct rp_digest *key = ctx;
    const char *slash = strrchr(info->dlpi_name, '/'), *name = slash ? slash + 1 : info->dlpi_name;
    bool is_ours = !*name || strncmp(name, "libreprobe", strlen("libreprobe")) == 0;
    for (int i = 0; is_ours && i < info->dlpi_phnum; i++) {
        char id[65];
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        const uint8_t *notes = (const uint8_t *)(info->dlpi_addr + header->p_vaddr);
        if (header->p_type != PT_NOTE || !rp_build_id(notes, header->p_memsz, id))
            continue;
        rp_digest_text(key, id);
        return 0;
    }
    return is_ours; /* a file without a build id ends the walk */
}

bool rp_cache_key_of_build(struct rp_digest *key) {
    *key = rp_digest_begin();
    rp_digest_text(key, rp_version());
    return dl_iterate_phdr(add_build_id, key) == 0 && rp_compiler_identify(key);
}

bool rp_cache_key_begin(struct rp_digest *key) {
    if (!rp_cache_key_of_build(key))
        return false;
    struct rp_kernel_identity kernel;
    rp_kernel_identify(&kernel);
    rp_digest_text(key, kernel.name);
    rp_digest_text(key, kernel.build);
    return true;
}

/* ------------------------------------------------------------- getting and putting */

struct rp_object *rp_cache_get(const char *key) {
    char name[NAME_MAX];
    snprintf(name, sizeof(name), "%s" SUFFIX, key);
    RP_AUTO_CLOSE int dir = open_directory(false);
    RP_AUTO_CLOSE int fd =
        dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || !is_own(fd))
        return NULL;
    struct rp_object *object = NULL;
    struct rp_error *err = rp_object_read(fd, &object);
    if (err)
        unlinkat(dir, name, 0); /* a complete file will replace it */
    else
        futimens(fd, NULL); /* used just now */
    rp_error_free(err);
    return object;
}

struct entry {
    char name[NAME_MAX + 1];
    struct timespec used;
    uint64_t size;
};

struct entries {
    RP_VEC(struct entry);
    uint64_t size; /* of all of them */
};

static bool add_entry(struct entries *entries, const char *name, const struct stat *st) {
    struct entry *entry = rp_vec_add(entries);
    if (!entry)
        return false;
    snprintf(entry->name, sizeof(entry->name), "%s", name);
    entry->used = st->st_mtim;
    entry->size = (uint64_t)st->st_size;
    entries->size += entry->size;
    return true;
}

static int by_use(const void *a, const void *b) {
    const struct timespec *x = &((const struct entry *)a)->used;
    const struct timespec *y = &((const struct entry *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* All entries, the least recently used first. */
static struct entries read_entries(int dir) {
    struct entries entries = {0};
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    RP_AUTO_CLOSEDIR DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    struct stat st;
    for (const struct dirent *entry; stream && (entry = readdir(stream));)
        if (is_entry(entry->d_name) && fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && !add_entry(&entries, entry->d_name, &st))
            break;
    if (entries.count)
        qsort(entries.items, entries.count, sizeof(*entries.items), by_use);
    return entries;
}

uint64_t rp_cache_limit(void) {
    const char *own = getenv("REPROBE_CACHE_LIMIT");
    char *end;
    uint64_t bytes = own ? strtoull(own, &end, 10) : 0;
    return own && *own && !*end ? bytes : DEFAULT_LIMIT;
}

/* Returns what is left, in bytes. */
static uint64_t shrink(int dir, uint64_t most) {
    struct entries entries = read_entries(dir);
    for (size_t i = 0; i < entries.count && entries.size > most; i++) {
        unlinkat(dir, entries.items[i].name, 0);
        entries.size -= entries.items[i].size;
    }
    free(entries.items);
    return entries.size;
}

/* To look at all entries takes a microsecond each, and there are thousands: a file has what they
 * were together when somebody last looked, and what came since. Two processes may both forget what
 * the other adds, but for what a later look finds. */
static void shrink_when_full(int dir, uint64_t added) {
    RP_AUTO_CLOSE int fd =
        openat(dir, "size", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    uint64_t size, limit = rp_cache_limit();
    bool is_ours = fd >= 0 && is_own(fd);
    bool known = is_ours && pread(fd, &size, sizeof(size), 0) == sizeof(size);
    size = known && size <= limit ? size + added : limit + 1;
    if (size > limit)
        size = shrink(dir, limit);
    if (is_ours && pwrite(fd, &size, sizeof(size), 0) != sizeof(size))
        unlinkat(dir, "size", 0);
}

void rp_cache_put(const char *key, const struct rp_object *object) {
    RP_AUTO_CLOSE int dir = open_directory(true);
    /* Foreign maps belong to this process; modules and their types come and go. */
    if (dir < 0 || object->has_foreign_maps || object->origin.uses_modules)
        return;
    /* Has another name until it is complete. A file left by a killed process has the suffix too, so
     * it ages like the others. */
    char name[NAME_MAX], whole[NAME_MAX];
    snprintf(name, sizeof(name), "%d" SUFFIX, getpid());
    snprintf(whole, sizeof(whole), "%s" SUFFIX, key);
    RP_AUTO_CLOSE int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        if (errno == EEXIST)
            unlinkat(dir, name, 0);
        return;
    }
    struct rp_error *err = rp_object_write(object, fd);
    struct stat st = {0};
    if (err || fstat(fd, &st) || renameat(dir, name, dir, whole))
        unlinkat(dir, name, 0);
    rp_error_free(err);
    shrink_when_full(dir, (uint64_t)st.st_size);
}

/* ------------------------------------------------------------- for the user */

void rp_cache_clear(void) {
    RP_AUTO_CLOSE int dir = open_directory(false);
    if (dir < 0)
        return;
    shrink(dir, 0);
    unlinkat(dir, "size", 0);
}

bool rp_cache_path(char *path, size_t size) {
    char whole[PATH_MAX];
    return find_path(whole) && (size_t)snprintf(path, size, "%s", whole) < size;
}

void rp_cache_each(void (*each)(void *ctx, const struct rp_cache_entry *entry), void *ctx) {
    RP_AUTO_CLOSE int dir = open_directory(false);
    if (dir < 0)
        return;
    struct entries entries = read_entries(dir);
    for (size_t i = entries.count; i-- > 0;) {
        RP_AUTO_CLOSE int fd =
            openat(dir, entries.items[i].name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct rp_object *object = NULL;
        struct rp_error *err = fd < 0 ? NULL : rp_object_read(fd, &object);
        const struct rp_cache_entry entry = {.file = entries.items[i].name,
                                             .source = object ? object->origin.source : NULL,
                                             .kernel = object ? object->origin.kernel : NULL,
                                             .used = entries.items[i].used.tv_sec,
                                             .size = entries.items[i].size};
        each(ctx, &entry);
        rp_error_free(err);
        rp_object_free(object);
    }
    free(entries.items);
}
