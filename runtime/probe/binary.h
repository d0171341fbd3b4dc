/* SPDX-License-Identifier: Apache-2.0 */
/* Programs and libraries, as files that probes are in. */
#ifndef RP_PROBE_BINARY_H
#define RP_PROBE_BINARY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"
#include "util/nearest.h"

/* Finds the file `name`: a path, if it has a slash; otherwise a program in $PATH ("bash") or a
 * library in the dynamic linker's cache ("c", "libc.so.6"). *path is malloc()ed; it is a complete
 * ELF file. Errors have a why and a hint, as for all of these functions. */
struct rp_error *rp_binary_find(const char *name, char **path);

/* What is wrong with the file at that path, if anything, for the functions below. */
struct rp_error *rp_binary_check(const char *path);

/* Calls `each` with the names that rp_binary_find() finds: of all files in the folders of $PATH,
 * and of the libraries in the dynamic linker's cache ("libc.so.6"). A name may come twice. */
void rp_binary_each_name(void (*each)(void *ctx, const char *name), void *ctx);

/* Calls `each` with every function in the file and in its debug symbols, until it returns false; a
 * function may come twice. `address` is the file's own, as nm(1) shows it; a `size` of 0 is
 * unknown. */
struct rp_error *rp_binary_each_function(const char *path,
                                         bool (*each)(void *ctx, const char *name, uint64_t address,
                                                      uint64_t size),
                                         void *ctx);
/* The same for indirect functions, which only choose another function when the program starts
 * (STT_GNU_IFUNC). */
void rp_binary_each_ifunc(const char *path,
                          bool (*each)(void *ctx, const char *name, uint64_t address,
                                       uint64_t size),
                          void *ctx);
/* Whether the function at that address is an indirect function. */
bool rp_binary_is_ifunc(const char *path, const char *function);
/* The same for variables. */
struct rp_error *rp_binary_each_variable(const char *path,
                                         bool (*each)(void *ctx, const char *name, uint64_t address,
                                                      uint64_t size),
                                         void *ctx);
/* Whether only exported functions have names. */
bool rp_binary_is_stripped(const char *path);
/* Whether it is a program or library of 32 bits. */
bool rp_binary_is_narrow(const char *path);
/* Whether the file has a section whose name ends with that. */
bool rp_binary_has_section(const char *path, const char *end);
/* Whether the file has a symbol of that name; `imported`: one of another file that it needs. */
bool rp_binary_has_symbol(const char *path, const char *name, bool imported);
/* One location of a USDT probe. */
struct rp_binary_usdt {
    const char *provider, *name;
    const char *arguments; /* as in the file: sizes and locations, "-4@%edi 8@(%rsi)" */
    uint64_t address;
    uint64_t semaphore; /* the file offset of the count that the program checks; 0: none */
    bool has_semaphore; /* even if its location is unknown */
};
/* Calls `each` with every location of every USDT probe in the file. */
struct rp_error *rp_binary_each_usdt(const char *path,
                                     void (*each)(void *ctx, const struct rp_binary_usdt *usdt),
                                     void *ctx);
/* The file that a pattern of `reprobe list` begins with: "bash" of "bash:*readline*"; *name is
 * malloc()ed. */
struct rp_error *rp_binary_of_pattern(const char *pattern, char **name);
/* Why the kernel refused a probe at an attach point that exists. */
struct rp_error *rp_binary_refusal(const char *path, const char *function, int errnum);
/* The file offset of the code at `address`; 0 if it is not code. */
uint64_t rp_binary_offset(const char *path, uint64_t address);
/* Where the section begins that has the code at `address`; 0: there is none. */
uint64_t rp_binary_section(const char *path, uint64_t address);
/* Reads up to `size` bytes of code from `address` on; returns how many. */
size_t rp_binary_read_code(const char *path, uint64_t address, uint8_t *code, size_t size);

/* For the functions above: looks for the symbols of one name. Zero all but `wanted` and
 * `nearest.wanted` to begin; ended with rp_nearest_clear(). */
struct rp_symbol_search {
    const char *wanted;
    uint64_t address, size; /* of the first */
    uint64_t other;         /* another one of the same name; 0: none */
    size_t seen;
    struct rp_nearest nearest;
};
bool rp_symbol_search_one(void *search, const char *name, uint64_t address, uint64_t size);

/* For the same functions: looks for the symbol that has the code at `wanted`. Zero all but that to
 * begin; `name` is malloc()ed. */
struct rp_symbol_at {
    uint64_t wanted, address, size;
    char *name; /* NULL: there is none */
};
bool rp_symbol_at_one(void *at, const char *name, uint64_t address, uint64_t size);

#endif
