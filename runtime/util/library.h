/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries that are opened when they are first needed: LLVM, clang and libbcc's compiler
 * cost a process more than all else that it does, and most runs compile nothing.
 *
 * The functions that are used of one are a list, `#define X_FUNCTIONS(F) F(name) F(other)`, and its
 * struct has a member of the same name and type for each: RP_LIBRARY_MEMBER. */
#ifndef RP_UTIL_LIBRARY_H
#define RP_UTIL_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "util/array.h"

#define RP_LIBRARY_MEMBER(name) __typeof__(name) *name;
#define RP_LIBRARY_NAME(name)   RP_LIBRARY_TEXT(name),
#define RP_LIBRARY_TEXT(name)   #name

struct rp_library {
    const char *const *files; /* names or paths; the first that opens is taken */
    size_t file_count;
    int mode; /* of dlopen() */
    const char *const *functions;
    size_t function_count;
    bool is_open;
};

/* Within a function: the variable NAME, a library of one file, with its list of functions. */
#define RP_LIBRARY_OF_FILE(NAME, FILE, MODE, FUNCTIONS)                                            \
    static const char *const NAME##_file = FILE;                                                   \
    static const char *const NAME##_functions[] = {FUNCTIONS(RP_LIBRARY_NAME)};                    \
    static struct rp_library NAME = {.files = &NAME##_file,                                        \
                                     .file_count = 1,                                              \
                                     .mode = MODE,                                                 \
                                     .functions = NAME##_functions,                                \
                                     .function_count = RP_COUNT(NAME##_functions)}

/* Opens it once, for the rest of the process, and writes the functions' addresses one after another
 * to `table`, a struct of RP_LIBRARY_MEMBERs. NULL if it has them all; otherwise why not: the text
 * is the dynamic linker's, or in `why`, and `table` is undefined. */
const char *rp_library_open(struct rp_library *library, void *table, char why[128]);

#endif
