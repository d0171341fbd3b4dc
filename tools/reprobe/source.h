/* SPDX-License-Identifier: Apache-2.0 */
/* What `run`, `check` and `build` have in common: the file, and how it is to be compiled. */
#ifndef REPROBE_SOURCE_H
#define REPROBE_SOURCE_H

#include <argp.h>

#include "reprobe_tool.h"

#define MAX_CFLAGS 256

struct source {
    const char *file;
    const char *cflags[MAX_CFLAGS];
    struct rp_compile_opts opts; /* complete once the command line is parsed */
};

/* An argp child with a `struct source` as its input: FILE, -D, -I, --types, -- CFLAGS…. */
extern const struct argp source_argp;

/* Says of a text that root is about to run, or to take commands from, who else can change it; an
 * object file is refused. */
void note_file(const char *path);

/* What to say of a function of an ELF file that is not attached: lines, malloc()ed; NULL: no
 * memory.
 */
char *text_left_out(const char *function, const struct rp_error *why);

#endif
