/* SPDX-License-Identifier: Apache-2.0 */
#include "util/digest.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

struct rp_digest rp_digest_begin(void) {
    struct rp_digest digest;
    SHA256Init(&digest.sha);
    return digest;
}

void rp_digest_add(struct rp_digest *digest, const void *data, size_t size) {
    const uint64_t length = size;
    SHA256Update(&digest->sha, (const uint8_t *)&length, sizeof(length));
    if (size)
        SHA256Update(&digest->sha, data, size);
}

void rp_digest_text(struct rp_digest *digest, const char *text) {
    rp_digest_add(digest, text, text ? strlen(text) : 0);
}

void rp_digest_file(struct rp_digest *digest, const struct stat *file) {
    rp_digest_add(digest, &file->st_ino, sizeof(file->st_ino));
    rp_digest_add(digest, &file->st_size, sizeof(file->st_size));
    rp_digest_add(digest, &file->st_mtim, sizeof(file->st_mtim));
    rp_digest_add(digest, &file->st_ctim, sizeof(file->st_ctim));
}

void rp_digest_end(struct rp_digest *digest, char hex[65]) {
    SHA256End(&digest->sha, hex);
}

bool rp_build_id(const uint8_t *notes, size_t size, char hex[65]) {
    Elf64_Nhdr note; /* the same as Elf32_Nhdr */
    for (size_t at = 0; at + sizeof(note) <= size;) {
        memcpy(&note, notes + at, sizeof(note));
        size_t name = at + sizeof(note), id = name + ((size_t)note.n_namesz + 3) / 4 * 4;
        at = id + ((size_t)note.n_descsz + 3) / 4 * 4;
        if (at > size || note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
            memcmp(notes + name, "GNU", 4) != 0 || !note.n_descsz || note.n_descsz > 32)
            continue;
        for (size_t i = 0; i < note.n_descsz; i++)
            snprintf(hex + i * 2, 3, "%02x", notes[id + i]);
        return true;
    }
    return false;
}
