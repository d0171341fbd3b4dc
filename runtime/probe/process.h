/* SPDX-License-Identifier: Apache-2.0 */
/* Where the variables and functions of a program are, in a file and in a process that runs it. */
#ifndef RP_PROBE_PROCESS_H
#define RP_PROBE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

struct rp_program_symbol {
    const char *file; /* as rp_binary_find() takes it; NULL: the program that the process runs */
    const char *name; /* of a variable, or: */
    bool is_function;
    uint64_t address; /* the file's own; given without a name, otherwise found */
    uint64_t size;    /* in bytes; 0: unknown */
};

/* Finds a name in its file, which must be given. Errors have a why and a hint. */
struct rp_error *rp_file_symbol(struct rp_program_symbol *symbol);
/* The address in the process, which must have loaded the file. */
struct rp_error *rp_process_symbol(pid_t pid, struct rp_program_symbol *symbol, uint64_t *address);

#endif
