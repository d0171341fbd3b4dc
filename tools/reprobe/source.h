/* SPDX-License-Identifier: Apache-2.0 */
/* What `run`, `check`, `build` and the prompt have in common: sources, how to compile them, and
 * notes about the module. */
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

/* Whether map `i` carries events. */
bool source_is_output(const struct rp_module *module, size_t i);
/* Says on stderr that a target was given that the module does not check. */
void source_note_target(const struct rp_tool *tool, const char *name,
                        const struct rp_module *module);

#endif
