/* SPDX-License-Identifier: Apache-2.0 */
/* What clang gets beside a text in libbpf's dialect: a vmlinux.h with the types that it uses,
 * headers, arguments. */
#ifndef RP_COMPILE_CLANG_SOURCE_H
#define RP_COMPILE_CLANG_SOURCE_H

#include "compile/absent.h"
#include "compile/clang_headers.h"
#include "compile/source.h"

/* Where the types come from. */
enum rp_clang_against {
    RP_CLANG_UAPI, /* the installed headers of the kernel's interface: it includes <linux/bpf.h> or
                      the like, and no vmlinux.h */
    RP_CLANG_VMLINUX, /* the kernel's BTF */
    RP_CLANG_MODULES, /* that, and the BTF of loaded modules */
};

struct rp_clang_source {
    struct rp_source source; /* `types` is the vmlinux.h */
    struct rp_clang_files files;
    struct rp_texts args;
    char *path;       /* the name of the text for clang */
    bool on_disk;     /* the text is what is in the file of that name */
    bool has_vmlinux; /* it includes a vmlinux.h */
    bool has_uapi;    /* and if not, headers of the kernel's interface that are installed */
    /* It has CO-RE relocations, because it asks what the running kernel has, or declares kernel
     * types of its own. Without them the offsets are the running kernel's. */
    bool relocates;
    bool asks;               /* the kernel whether it has a member or a type, before it uses it */
    struct rp_absent absent; /* what it asks for and the kernel lacks, as far as is known */
    bool untyped; /* without the types of outputs: set when their macros do not take the text */
};

/* Reads `text` and the author's headers that it includes. */
struct rp_error *rp_clang_source_scan(struct rp_clang_source *source, const char *text,
                                      const struct rp_compile_opts *opts);
/* Makes files and arguments; may be called again, for other types. `text` must live as long. */
struct rp_error *rp_clang_source_prepare(struct rp_clang_source *source, const char *text,
                                         const struct rp_compile_opts *opts,
                                         enum rp_clang_against against);
/* The headers that it includes and that are nowhere, so that they were taken for empty ones of the
 * kernel: "a.h, b.h", malloc()ed; NULL if there are none. */
char *rp_clang_source_missing(const struct rp_clang_source *source);
/* Adds which installed headers the text includes. */
void rp_clang_source_identify(const struct rp_clang_source *source, struct rp_digest *digest);
void rp_clang_source_clear(struct rp_clang_source *source);

#endif
