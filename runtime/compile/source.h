/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler gets besides the author's text: types, macros, flags. */
#ifndef RP_COMPILE_SOURCE_H
#define RP_COMPILE_SOURCE_H

#include "compile/object.h"
#include "compile/scan.h"
#include "reprobe.h"
#include "util/digest.h"
#include "util/text.h"

/* Writes the C that the kind of PROBE, of "FUNCTION=PROBE", wants before FUNCTION, whose name it
 * adds to `done`; nothing for most kinds. Given by those who know of probes. */
typedef struct rp_error *(*rp_write_before_fn)(const char *attach, struct rp_names *done,
                                               FILE *out);

struct rp_source {
    struct rp_scan scan;       /* of the text and of the author's own headers */
    struct rp_names stubs;     /* included kernel headers, which are empty files */
    struct rp_texts dirs;      /* where the author's headers may be */
    char *base;                /* read before libbcc's headers */
    char *types;               /* read after them */
    char *usdt;                /* the same for the traced programs; or NULL */
    bool has_unshown_syscalls; /* some of its TRACEPOINT_PROBE are of unshown_syscalls.h */
    char *unknown_tracepoint; /* a tracepoint that the source names and this kernel does not show */
    bool uses_modules;        /* some types come from loaded modules, which come and go */
    bool whole;               /* see rp_source_prepare() */
    char headers[65];         /* digest of the author's headers */
    char tracepoints[65];     /* digest of the formats of the tracepoints that it names */
};

/* Reads `text` and those of the author's headers that it includes (found through -I and next to
 * `opts->path`). */
struct rp_error *rp_source_scan(struct rp_source *source, const char *text,
                                const struct rp_compile_opts *opts);
/* Writes code that reads the arguments of USDT probes, if the source reads any. */
struct rp_error *rp_source_read_usdt(struct rp_source *source, const struct rp_compile_opts *opts,
                                     rp_write_before_fn before);
/* Adds the types in the formats of its tracepoints, when all are known. */
void rp_source_scan_tracepoints(struct rp_source *source);
/* Writes base and types for the running kernel. `whole`: with all of libbcc's own headers, not just
 * the parts that the source uses, and with the types of loaded modules. */
struct rp_error *rp_source_prepare(struct rp_source *source, bool whole);
void rp_source_clear(struct rp_source *source);
/* Writes the pieces of snippets.h that the source needs to `out`; what they mention counts. A piece
 * may need an earlier one, so this repeats until nothing is added. */
void rp_source_write_snippets(struct rp_source *source, FILE *out);
/* Adds the names in snippets.h. */
void rp_source_snippet_names(struct rp_names *names);

/* `name` is the name of the source; `source` is as prepared, NULL: compiled against installed
 * headers. */
struct rp_error *rp_origin_fill(struct rp_object_origin *origin, const char *name,
                                const struct rp_source *source);
/* Checks whether an object of that origin, from a file, can be used here; the error says why not.
 */
struct rp_error *rp_origin_fits(const struct rp_object_origin *origin);

/* Frees what is kept from one source to the next, including the kernel's types. The next one reads
 * it again. */
void rp_source_release(void);

#endif
