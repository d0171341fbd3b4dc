/* SPDX-License-Identifier: Apache-2.0 */
/* The code that a process has mapped, and how to get from its functions to their callers. */
#ifndef RP_STACK_MAPPINGS_H
#define RP_STACK_MAPPINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "debug/cfi.h"
#include "debug/frames.h"
#include "util/vec.h"

/* A file that processes have mapped; it stays open, for processes that end. */
struct rp_code_file {
    char *name;                   /* "DEVICE INODE" of /proc/PID/maps */
    char *path;                   /* of the mapping where it was seen first */
    struct rp_cfi *cfi;           /* NULL: it cannot be read */
    bool has_frames, has_symbols; /* they were looked for */
    struct rp_frames *frames;
    struct rp_code_symbols *symbols;
};
/* Zeroed is empty. */
struct rp_code_files {
    RP_VEC(struct rp_code_file *) list;
    struct rp_cfi *vdso;
};
void rp_code_files_clear(struct rp_code_files *files);

enum rp_code_kind {
    RP_CODE_FILE,
    RP_CODE_MADE, /* of no file: a compiler made it in memory */
    RP_CODE_VDSO,
    RP_CODE_UPROBES, /* where the kernel has returns go that are probed */
    RP_CODE_KERNELS, /* vsyscall */
};

struct rp_mapping {
    uint64_t start, end, offset;
    enum rp_code_kind kind;
    struct rp_code_file *file;
};

/* Of one process, and of what it runs. */
struct rp_mappings {
    pid_t pid;            /* as the kernel calls it */
    uint64_t start_stack; /* tells what it runs from what it ran before an exec */
    RP_VEC(struct rp_mapping);
};

/* Reads what the process has mapped. False, and *out as it was: it has ended, or runs another
 * program than that `start_stack` is of (0: any). */
bool rp_mappings_read(struct rp_mappings *out, struct rp_code_files *files, uint64_t start_stack);
void rp_mappings_clear(struct rp_mappings *mappings);

const struct rp_mapping *rp_mappings_find(const struct rp_mappings *mappings, uint64_t address);
/* The rule at an address of the process. False: there is no code. */
bool rp_mappings_rule(const struct rp_mappings *mappings, struct rp_code_files *files,
                      uint64_t address, bool is_caller, struct rp_rule *out);
/* The functions that the address is of, and where in them; NULL: nothing tells. */
const struct rp_frame_list *rp_mappings_frames(const struct rp_mappings *mappings,
                                               uint64_t address);
/* The name of the function at the address, as far as the file tells, or "[FILE]"; malloc()ed. NULL:
 * no file is there. */
char *rp_mappings_name(const struct rp_mappings *mappings, uint64_t address);

#endif
