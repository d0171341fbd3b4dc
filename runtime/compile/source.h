/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler is given around the author's text: types, macros, flags. */
#ifndef RP_COMPILE_SOURCE_H
#define RP_COMPILE_SOURCE_H

#include "compile/scan.h"
#include "reprobe.h"
#include "util/digest.h"

/* Writes the C that the kind of PROBE, of "FUNCTION=PROBE", wants before FUNCTION, whose name it
 * adds to `done`; nothing for most kinds. Given by those who know of probes. */
typedef struct rp_error *(*rp_write_before_fn)(const char *attach, struct rp_names *done,
                                               FILE *out);

struct rp_source {
    struct rp_scan scan;      /* of the text and of the author's own headers */
    struct rp_names stubs;    /* included headers that are the kernel's: empty files stand in */
    char *base;               /* read before libbcc's headers */
    char *types;              /* read after them */
    char *usdt;               /* the same, of the programs that are traced; or NULL */
    char *unknown_tracepoint; /* one that the source names and this kernel does not tell about */
    bool uses_modules;        /* some types are those of loaded modules, which come and go */
    bool whole;               /* see rp_source_prepare() */
    char headers[65];         /* digest of the author's headers */
    char tracepoints[65];     /* digest of the formats of the tracepoints that it names */
};

/* Reads `text` and the headers of the author's that it includes (found through -I and beside
 * `opts->path`). */
struct rp_error *rp_source_scan(struct rp_source *source, const char *text,
                                const struct rp_compile_opts *opts);
/* Writes how the arguments of USDT probes are read, if the source reads some. */
struct rp_error *rp_source_read_usdt(struct rp_source *source, const struct rp_compile_opts *opts,
                                     rp_write_before_fn before);
/* Adds the types in the formats of its tracepoints, once all are known. */
void rp_source_scan_tracepoints(struct rp_source *source);
/* Digest of the kernel's part in what rp_source_prepare() wrote: another kernel for which it is the
 * same can run what was compiled with it. */
void rp_source_types_digest(const struct rp_source *source, char hex[65]);
/* Writes base and types for the running kernel. `whole`: with all of libbcc's own headers, not just
 * what the source reaches of them, and with the types of loaded modules. */
struct rp_error *rp_source_prepare(struct rp_source *source, bool whole);
void rp_source_clear(struct rp_source *source);
/* Adds the names that snippets.h has something for. */
void rp_source_snippet_names(struct rp_names *names);
/* Frees what is kept from one source to the next, the kernel's types with it. The next one reads it
 * again. */
void rp_source_release(void);

#endif
