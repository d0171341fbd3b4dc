/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object as a file: ELF for BPF, which readelf and llvm-objdump can read. Its sections are the
 * instructions of each function under its name, .BTF, and .reprobe for the rest. The last 64
 * characters of the file are the SHA-256 of everything before them.
 */
#ifndef RP_COMPILE_OBJECT_FILE_H
#define RP_COMPILE_OBJECT_FILE_H

#include "compile/object.h"

struct rp_error;

/* Writes the object to `fd`, an empty file open for reading and writing. Errors say why. */
struct rp_error *rp_object_write(const struct rp_object *object, int fd);
/* Reads one from `fd`. Refuses a file that is cut short, altered or of another format with EBADMSG,
 * any other file with ENOEXEC. */
struct rp_error *rp_object_read(int fd, struct rp_object **out);
/* The same for the file at `path`, which must belong to the user or root and be writable only by
 * them. Saving replaces an old file at once, or not at all. Errors are complete. */
struct rp_error *rp_object_load(const char *path, struct rp_object **out);
struct rp_error *rp_object_save(const struct rp_object *object, const char *path);
/* Whether the file begins like one (any ELF file does). */
bool rp_object_file_is(const char *path);

#endif
