/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object as a file: ELF for BPF, so that readelf and llvm-objdump can look inside. Sections:
 * each function's instructions under its name, .BTF, and .reprobe for all the rest. Behind the ELF
 * image stand 64 characters, the SHA-256 of all that is before them.
 */
#ifndef RP_COMPILE_OBJECT_FILE_H
#define RP_COMPILE_OBJECT_FILE_H

#include "compile/object.h"

struct rp_error;

/* Writes the object to `fd`, an empty file open for reading and writing. Errors say why. */
struct rp_error *rp_object_write(const struct rp_object *object, int fd);
/* Reads one from `fd`. What is cut short, altered or of another format is refused: EBADMSG; what is
 * something else: ENOEXEC. */
struct rp_error *rp_object_read(int fd, struct rp_object **out);
/* The same, of the file at `path`: one that is the user's or root's, and that only they can write.
 * Saving replaces what is there at once, or not at all. Errors are whole. */
struct rp_error *rp_object_load(const char *path, struct rp_object **out);
struct rp_error *rp_object_save(const struct rp_object *object, const char *path);
/* Whether the file begins like one (any ELF file does). */
bool rp_object_file_is(const char *path);

#endif
