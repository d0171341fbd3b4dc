/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of data that is added piece by piece; and build ids, which are digests made by others. */
#ifndef RP_UTIL_DIGEST_H
#define RP_UTIL_DIGEST_H

#include <sha2.h> /* libmd */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct rp_digest {
    SHA2_CTX sha;
};

struct rp_digest rp_digest_begin(void);
/* Each piece counts with its length: "ab", "c" is not "a", "bc". */
void rp_digest_add(struct rp_digest *digest, const void *data, size_t size);
void rp_digest_text(struct rp_digest *digest, const char *text); /* NULL is "" */
/* What tells a file from another, and from itself before it was written: a file that stat() saw. */
void rp_digest_file(struct rp_digest *digest, const struct stat *file);
void rp_digest_end(struct rp_digest *digest, char hex[65]);

/* The GNU build id in a table of ELF notes, as lower-case hexadecimal. */
bool rp_build_id(const uint8_t *notes, size_t size, char hex[65]);

#endif
