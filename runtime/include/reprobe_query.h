/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libreprobe: questions, completion, and what there is to see. The rules of reprobe.h hold.
 *
 *   line -> question -> generated program (source text for rp_module_compile())
 */
#ifndef REPROBE_QUERY_H
#define REPROBE_QUERY_H

#include "reprobe.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ------------------------------------------------------------------ questions */

enum rp_verb {
    RP_VERB_TRACE,   /* trace PROBE [EXPR…] [if COND] */
    RP_VERB_COUNT,   /* count PROBE… [by KEY…] [if COND] */
    RP_VERB_HIST,    /* hist PROBE EXPR [linear(lo,hi,step)] [by KEY] [if COND] */
    RP_VERB_LATENCY, /* latency FUNC [by KEY] [if COND] */
    RP_VERB_STACK,   /* stack PROBE [by KEY…] [if COND] */
    RP_VERB_PROFILE, /* profile [HZ] [by KEY…] [if COND] */
};

/* The parts of a question as it is typed at the prompt. */
struct rp_question {
    enum rp_verb verb;
    char **probes, **exprs, **keys;
    size_t probe_count, expr_count, key_count;
    char *predicate; /* or NULL */
    bool linear;     /* low, high and step are set */
    int64_t low, high, step;
    bool ask_target; /* the program calls is_target() */
};
/* `line` is what follows the verb. */
struct rp_error *rp_question_parse(enum rp_verb verb, const char *line, struct rp_question **out);
void rp_question_free(struct rp_question *question);
/* The whole line, verb included; malloc()ed. */
char *rp_question_line(const struct rp_question *question);

/* The probe spec that a word means: the word itself if it is a spec; the kprobe of a function
 * ("vfs_read"), or what rp_probe_suggest() says where there are no kprobes, with *note (malloc()ed,
 * or NULL) saying so; a tracepoint ("sched_switch", "sched:sched_switch"); or a pattern of these.
 * *spec is malloc()ed. */
struct rp_error *rp_question_spec(const char *word, char **spec, char **note);

/* A function of a generated program, and the spec that it is to be attached to. These are its only
 * members for good. */
struct rp_generated_attach {
    char *function, *spec;
};

/* The program that answers a question. Its schema tells what its maps mean, of which there are as
 * many as it needs:
 *  - records (trace), which begin with `u32 pid; char comm[16]`;
 *  - sums (count), histograms (hist, latency; latencies are in microseconds) and counted stacks
 *    (stack, profile): one, or one for each `struct key`, whose members are the question's keys;
 *  - the stacks whose ids are in keys and records;
 *  - what did not fit into those, or has no place in a histogram;
 *  - calls that have not returned yet, by thread.
 * An RP_MEMBER_ATTACH_POINT tells attach points apart: its upper 32 bits are the index in `attach`,
 * the lower 32 bits the number of the match (rp_probe_match()). */
struct rp_generated {
    char *text;    /* BCC C */
    char *neutral; /* the text without the names of attach points: where it is equal for two
                      questions, the program of one can be moved to the specs of the other */
    struct rp_generated_attach *attach; /* in the order in which they are to be attached */
    size_t attach_count;
    struct rp_schema *schema;
    char *title; /* "kprobe:do_unlinkat(int dfd, struct filename *name)" */
    char *note;  /* for the user, or NULL */
};
struct rp_error *rp_question_generate(const struct rp_question *question,
                                      struct rp_generated **out);
void rp_generated_free(struct rp_generated *generated);

/* ------------------------------------------------------------------ completion */

/* `text` is a word that fits, in full; `what` is its type or kind. */
typedef void (*rp_completion_fn)(void *ctx, const char *text, const char *what);

/* Calls `each` with every word that a C text can have at byte `at`, going by clang and the running
 * kernel's types. */
struct rp_error *rp_complete_c(const char *source, size_t at, rp_completion_fn each, void *ctx);
/* The same inside an expression of a question about the probe `spec`: arguments, pid, comm, … and
 * members. */
struct rp_error *rp_complete_expression(const char *spec, const char *expression, size_t at,
                                        rp_completion_fn each, void *ctx);
/* The kernel's structs, unions, enums and typedefs that begin with `prefix`; none for "", as there
 * are too many. */
void rp_complete_type(const char *prefix, rp_completion_fn each, void *ctx);
/* Kinds, functions, tracepoints, files and their functions, with which a spec that begins with
 * `prefix` can go on. */
struct rp_error *rp_complete_probe(const char *prefix, rp_completion_fn each, void *ctx);

/* ------------------------------------------------------------------ inspecting */

/* The functions with an `out` write text for people. */

/* A probe: its kind, its attach point, its arguments with their types, its format. */
struct rp_error *rp_inspect_probe(const char *spec, FILE *out);
/* A kernel struct, union, enum or typedef in C, with offsets and sizes as comments. `name` can
 * include the tag ("struct file"). */
struct rp_error *rp_inspect_type(const char *name, FILE *out);
/* The program's BPF instructions with source lines, and its machine code where the kernel shows it
 * (to root, with kernel.kptr_restrict below 2). */
struct rp_error *rp_inspect_program(const struct rp_probe *probe, FILE *out);
/* The verifier's log of the program, which is verified once more. */
struct rp_error *rp_inspect_verifier(const struct rp_module *module, const struct rp_probe *probe,
                                     FILE *out);

/* ------------------------------------------------------------------ the running kernel */

/* Something that tracing needs. */
struct rp_feature {
    const char *name; /* "kprobes" */
    bool present;
    const char *needed_for;
    const char *detail; /* what was seen */
    const char *cure;   /* what to do about it; NULL if it is present */
};

/* Calls `each` for every feature that reprobe looks at. */
void rp_kernel_features(void (*each)(void *ctx, const struct rp_feature *feature), void *ctx);

/* ------------------------------------------------------------------ the object cache */

/* A program in the cache; see rp_module_compile(). */
struct rp_cache_entry {
    const char *file;
    const char *source, *kernel; /* NULL: the file is damaged */
    time_t used;
    uint64_t size; /* bytes */
};

/* Writes the cache's directory to `path`; false if the cache is off or has no directory. */
bool rp_cache_path(char *path, size_t size);
/* In bytes. */
uint64_t rp_cache_limit(void);
/* Calls `each` with every entry, beginning with the one that was used last. */
void rp_cache_each(void (*each)(void *ctx, const struct rp_cache_entry *entry), void *ctx);
void rp_cache_clear(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
