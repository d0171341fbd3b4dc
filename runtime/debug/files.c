/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug information may be in a file of its own: by the build-id, or as .gnu_debuglink names it, or
 * on a server.
 * Other users' programs are looked at by root: a file beside a program is taken only if it is the
 * program's owner's, or root's, and is read, never waited for.
 */
#include "debug/files.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "debug/debuginfod.h"
#include "util/cleanup.h"
#include "util/text.h"

#define DEBUG_FOLDER "/usr/lib/debug"
#define BUILD_ID_MAX 64
/* Bytes of a section once it is decompressed. */
#define SECTION_MAX (UINT64_C(2) << 30)

static void end_elf(Elf **elf) {
    if (*elf)
        elf_end(*elf);
}
#define AUTO_ELF RP_AUTO(end_elf)

/* ------------------------------------------------------------------ what a file says of itself */

struct identity {
    unsigned char id[BUILD_ID_MAX];
    size_t id_size; /* 0: none */
    char *link;     /* NULL: none */
    GElf_Word crc;
};

static void clear_identity(struct identity *identity) {
    free(identity->link);
}

static void read_build_id(Elf_Data *data, struct identity *out) {
    GElf_Nhdr note;
    size_t name, text;
    for (size_t at = 0; data && (at = gelf_getnote(data, at, &note, &name, &text));)
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
            !memcmp((char *)data->d_buf + name, "GNU", sizeof("GNU")) &&
            note.n_descsz <= BUILD_ID_MAX) {
            out->id_size = note.n_descsz;
            memcpy(out->id, (char *)data->d_buf + text, note.n_descsz);
        }
}

/* A name, bytes up to a multiple of 4, and the checksum. */
static void read_link(const Elf_Data *data, struct identity *out) {
    size_t size = data && data->d_buf ? data->d_size : 0;
    const char *text = data ? data->d_buf : NULL;
    if (size < 8 || !memchr(text, '\0', size - sizeof(out->crc)) || out->link)
        return;
    out->link = strdup(text);
    memcpy(&out->crc, text + size - sizeof(out->crc), sizeof(out->crc));
}

/* Also whether no section of a few bytes is decompressed without end. */
static bool identify(int fd, struct identity *out) {
    elf_version(EV_CURRENT);
    AUTO_ELF Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    size_t names;
    if (!elf || elf_getshdrstrndx(elf, &names))
        return false;
    for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn; scn = elf_nextscn(elf, scn)) {
        GElf_Shdr section;
        GElf_Chdr header;
        if (!gelf_getshdr(scn, &section))
            return false;
        const char *name = elf_strptr(elf, names, section.sh_name);
        if ((section.sh_flags & SHF_COMPRESSED) &&
            (!gelf_getchdr(scn, &header) || header.ch_size > SECTION_MAX))
            return false;
        if (section.sh_type == SHT_NOTE)
            read_build_id(elf_getdata(scn, NULL), out);
        else if (name && !strcmp(name, ".gnu_debuglink"))
            read_link(elf_rawdata(scn, NULL), out);
    }
    return true;
}

/* ------------------------------------------------------------------ files that may be it */

static bool is_owned(const struct stat *file, const struct stat *program) {
    return file->st_uid == 0 || file->st_uid == geteuid() || file->st_uid == program->st_uid;
}

/* /usr/lib/debug is root's: links in it lead where root wants them to. */
static int open_file(const char *path, const struct stat *program, bool follow) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
    struct stat st;
    if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && is_owned(&st, program))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool has_checksum(int fd, GElf_Word wanted) {
    unsigned char bytes[65536];
    uLong sum = crc32(0, NULL, 0);
    ssize_t n;
    for (off_t at = 0; (n = pread(fd, bytes, sizeof(bytes), at)) > 0; at += n)
        sum = crc32(sum, bytes, (uInt)n);
    return n == 0 && sum == wanted;
}

/* By the build-id where `wanted` has one that counts, else by the checksum. */
static bool is_wanted(int fd, const struct identity *wanted, bool by_id) {
    RP_AUTO(clear_identity) struct identity found = {0};
    if (!identify(fd, &found))
        return false;
    if (by_id)
        return found.id_size == wanted->id_size && !memcmp(found.id, wanted->id, found.id_size);
    return has_checksum(fd, wanted->crc);
}

static int try_file(char *path, const struct identity *wanted, const struct stat *program,
                    bool by_id, char **name) {
    RP_AUTO_FREE char *own = path;
    bool follow = own && rp_starts_with(own, DEBUG_FOLDER "/");
    int fd = own ? open_file(own, program, follow) : -1;
    if (fd >= 0 && is_wanted(fd, wanted, by_id)) {
        *name = rp_take(own);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

struct build_id {
    char hex[2 * BUILD_ID_MAX + 1];
};

static struct build_id build_id_text(const struct identity *identity) {
    struct build_id text = {""};
    for (size_t i = 0; i < identity->id_size; i++)
        snprintf(text.hex + 2 * i, 3, "%02x", identity->id[i]);
    return text;
}

static char *build_id_path(const struct identity *wanted) {
    const struct build_id id = build_id_text(wanted);
    return rp_text(DEBUG_FOLDER "/.build-id/%.2s/%s.debug", id.hex, id.hex + 2);
}

static int open_linked(const char *path, const struct identity *wanted, const struct stat *program,
                       char **name) {
    static const char *const formats[] = {"%.*s/.debug/%s", "%.*s/%s", DEBUG_FOLDER "%.*s/%s"};
    const char *slash = strrchr(path, '/');
    int fd = -1;
    for (size_t i = 0; i < 3 && slash && fd < 0; i++) {
        char *one = rp_text(formats[i], (int)(slash - path), path, wanted->link);
        if (one && !strcmp(one, path))
            free(one);
        else
            fd = try_file(one, wanted, program, false, name);
    }
    return fd;
}

/* From a server, if that is wanted. */
static int fetch(const char *path, const struct identity *wanted, char **name) {
    RP_AUTO_FREE char *own = NULL;
    int fd = rp_debuginfod_fetch(path, build_id_text(wanted).hex, &own);
    if (fd >= 0 && is_wanted(fd, wanted, true)) {
        *name = rp_take(own);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

int rp_debug_file_open(const char *path, bool fetches, char **name) {
    RP_AUTO(clear_identity) struct identity wanted = {0};
    RP_AUTO_CLOSE int program = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (program < 0 || fstat(program, &st) || !S_ISREG(st.st_mode) || !identify(program, &wanted))
        return -1;
    int fd = wanted.id_size > 1 ? try_file(build_id_path(&wanted), &wanted, &st, true, name) : -1;
    if (fd < 0 && wanted.link && *wanted.link && !strchr(wanted.link, '/'))
        fd = open_linked(path, &wanted, &st, name);
    if (fd < 0 && fetches && wanted.id_size > 1)
        fd = fetch(path, &wanted, name);
    return fd;
}

char *rp_debug_file_build(const char *path) {
    RP_AUTO(clear_identity) struct identity own = {0};
    RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
        return NULL;
    if (identify(fd, &own) && own.id_size)
        return strdup(build_id_text(&own).hex);
    return rp_text("%jd-%jd.%09ld", (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
                   st.st_mtim.tv_nsec);
}
