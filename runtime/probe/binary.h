/* SPDX-License-Identifier: Apache-2.0 */
/* Programs and libraries, as files that probes are in. */
#ifndef RP_PROBE_BINARY_H
#define RP_PROBE_BINARY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/* The file that `name` means: a path, if it has a slash; else a program of $PATH ("bash"), else a
 * library of the dynamic linker's cache ("c", "libc.so.6"). *path is malloc()ed; it is an ELF file
 * that is whole. Errors say why and a hint, as with all of these. */
struct rp_error *rp_binary_find(const char *name, char **path);

/* Calls `each` with names that rp_binary_find() knows: those of all files in the folders of $PATH,
 * and of the libraries in the dynamic linker's cache ("libc.so.6"). One may come twice. */
void rp_binary_each_name(void (*each)(void *ctx, const char *name), void *ctx);

/* Calls `each` with every function in the file, and those that its debug symbols name, until it
 * returns false; one may come twice. `address` is the file's own, as nm(1) shows it; `size` 0 is
 * not known. */
struct rp_error *rp_binary_each_function(const char *path,
                                         bool (*each)(void *ctx, const char *name, uint64_t address,
                                                      uint64_t size),
                                         void *ctx);
/* The same, of those that only choose another function when the program starts
 * (STT_GNU_IFUNC). */
void rp_binary_each_ifunc(const char *path,
                          bool (*each)(void *ctx, const char *name, uint64_t address,
                                       uint64_t size),
                          void *ctx);
/* Whether the function there is one of these. */
bool rp_binary_is_ifunc(const char *path, const char *function);
/* Whether only exported functions have names. */
bool rp_binary_is_stripped(const char *path);
/* One of the places of a USDT probe. */
struct rp_binary_usdt {
    const char *provider, *name;
    const char *arguments; /* as the file has it: sizes and where they are, "-4@%edi 8@(%rsi)" */
    uint64_t address;
    uint64_t semaphore; /* where in the file the count is that the program looks at; 0: none */
    bool has_semaphore; /* even if it is not known where */
};
/* Calls `each` with every place of every USDT probe in the file. */
struct rp_error *rp_binary_each_usdt(const char *path,
                                     void (*each)(void *ctx, const struct rp_binary_usdt *usdt),
                                     void *ctx);
/* The file that a pattern of `reprobe list` begins with: "bash" of "bash:*readline*"; *name is
 * malloc()ed. */
struct rp_error *rp_binary_of_pattern(const char *pattern, char **name);
/* Why the kernel said no to a probe at a place that is there. */
struct rp_error *rp_binary_refusal(const char *path, const char *function, int errnum);
/* Where in the file the code of `address` is; 0 when it is not code. */
uint64_t rp_binary_offset(const char *path, uint64_t address);

#endif
