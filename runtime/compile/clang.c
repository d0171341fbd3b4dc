/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/clang.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/cache.h"
#include "compile/clang_run.h"
#include "compile/clang_source.h"
#include "compile/diagnostics.h"
#include "compile/elf_strip.h"
#include "compile/fatal.h"
#include "compile/fickle.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

struct job {
    const char *text;
    const struct rp_compile_opts *opts;
    struct rp_clang_source source;
    struct rp_timings *timings;
    char key[65]; /* of the last compile, or "" */
};

/* ------------------------------------------------------------- the cache */

/* Of what clang reads: so a kernel update that changes no type that the text uses changes nothing.
 * Of the headers that are installed, who they are; false if a key cannot be known. */
static bool find_key(const struct job *job, char key[65]) {
    const struct rp_clang_source *source = &job->source;
    struct rp_digest digest;
    if (rp_is_fickle(&source->source.scan, job->opts) || !rp_cache_key_of_build(&digest))
        return false;
    rp_digest_text(&digest, CLANG_DIGEST);
    rp_digest_text(&digest, job->opts->name);
    for (size_t i = 0; i < source->args.count; i++)
        rp_digest_text(&digest, source->args.items[i]);
    for (size_t i = 0; i < source->files.count; i++) {
        rp_digest_text(&digest, source->files.items[i].path);
        rp_digest_text(&digest, source->files.items[i].text);
    }
    rp_digest_text(&digest, source->source.headers);
    rp_clang_source_identify(source, &digest);
    rp_digest_end(&digest, key);
    return true;
}

/* ------------------------------------------------------------- one compile */

/* The author's line `number`, and a caret below `column`, as clang prints them. */
static void print_line(const char *text, unsigned long number, unsigned long column, FILE *out) {
    for (; number > 1 && *text; number--) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    if (number == 1 && *text && column)
        fprintf(out, "%.*s\n%*s^\n", (int)strcspn(text, "\n"), text, (int)column - 1, "");
}

/* Whether "FILE:…" is about the file of that path, rather than a header. */
static bool is_file_of(const char *path, const char *place) {
    size_t len = strcspn(place, ":"), path_len = strlen(path);
    return len <= path_len && memcmp(place, path + path_len - len, len) == 0 &&
           (len == path_len || path[path_len - len - 1] == '/');
}

/* What LLVM calls fatal has no line of its own, but it may name one. */
static struct rp_error *explain(const struct job *job, const char *output) {
    static const char mark[] = "<unknown>:0: error: ";
    const struct rp_clang_source *source = &job->source;
    const char *fatal_text = strstr(output, mark);
    RP_AUTO_FREE char *explained = NULL;
    size_t size;
    FILE *out = fatal_text ? open_memstream(&explained, &size) : NULL;
    if (out) {
        struct rp_fatal fatal = rp_fatal_read(fatal_text + strlen(mark));
        unsigned long line = 0, column = 0;
        bool has_line = is_file_of(source->path, fatal.place) &&
                        sscanf(fatal.place, "%*[^:]:%lu:%lu", &line, &column) == 2;
        fprintf(out, "%s:%lu:%lu: error: %s\n", has_line ? source->path : "<unknown>", line, column,
                fatal.words);
        if (has_line)
            print_line(job->text, line, column, out);
        fclose(out);
    }
    return rp_compile_error(job->opts->name, source->path, explained ? explained : output,
                            &source->source.scan);
}

/* Warnings, and what the kernel lacks. */
static bool add_notes(const struct job *job, const char *output, struct rp_object *object) {
    RP_AUTO_FREE char *warnings =
        *output ? rp_compile_warnings(job->opts->name, job->source.path, output) : NULL;
    RP_AUTO_FREE char *absent = rp_absent_note(&job->source.absent);
    if (warnings && absent)
        return (object->note = rp_text("%s\n%s", warnings, absent)) != NULL;
    object->note = warnings ? rp_take(warnings) : rp_take(absent);
    return true;
}

/* What clang made becomes an object. */
static struct rp_error *take_result(const struct job *job, struct rp_clang_result *result,
                                    struct rp_object **out) {
    const struct rp_clang_source *source = &job->source;
    const char *name = job->opts->name;
    if (!result->elf)
        return explain(job, result->output);
    struct rp_object *object = calloc(1, sizeof(*object));
    if (!object)
        return rp_error_nomem();
    rp_elf_strip(&result->elf, &result->elf_size);
    object->elf_size = (uint32_t)result->elf_size;
    object->elf = rp_take(result->elf);
    object->license = strdup("");
    if (!add_notes(job, result->output, object)) {
        rp_object_free(object);
        return rp_error_nomem();
    }
    struct rp_error *err =
        object->license ? rp_origin_fill(&object->origin, name, &source->source) : rp_error_nomem();
    if (err)
        rp_object_free(rp_take(object));
    *out = object;
    return err;
}

static struct rp_error *compile_against(struct job *job, enum rp_clang_against against,
                                        struct rp_object **out) {
    struct rp_clang_source *source = &job->source;
    uint64_t start = rp_now_ns();
    RP_TRY(rp_clang_source_prepare(source, job->text, job->opts, against));
    if (!find_key(job, job->key))
        *job->key = '\0';
    *out = *job->key ? rp_cache_get(job->key) : NULL;
    job->timings->cached = *out != NULL;
    job->timings->types_ms += rp_ms_since(start);
    if (*out)
        return NULL;
    start = rp_now_ns();
    const struct rp_clang_unit unit = {.args = (const char *const *)source->args.items,
                                       .arg_count = source->args.count,
                                       .files = source->files.items,
                                       .file_count = source->files.count};
    RP_AUTO(rp_clang_result_clear) struct rp_clang_result result = {0};
    struct rp_error *err = rp_clang_run(&unit, source->relocates, &result);
    if (!err)
        err = take_result(job, &result, out);
    job->timings->compile_ms += rp_ms_since(start);
    if (!err && *job->key)
        rp_cache_put(job->key, *out);
    return err;
}

/* A size such as `*size` cannot be pasted: then the types of the records are left out. */
static bool is_about_outputs(const struct rp_error *err) {
    return strstr(rp_error_why(err), "pasting formed 'RP_SIZED_") != NULL;
}

/* A kernel function that kfuncs.c declared, and that the text declares in a way that the scan does
 * not see. False: there is none. */
static bool leave_functions(struct rp_scan *scan, const char *output) {
    static const char mark[] = "error: conflicting types for '";
    bool any = false;
    for (const char *at = output; (at = strstr(at, mark));) {
        at += strlen(mark);
        any |= rp_names_add(&scan->declared, at, strcspn(at, "'\n"));
    }
    return any;
}

/* Whether something in `source` was changed that may cure the error. */
static bool can_cure(const char *text, struct rp_clang_source *source, const struct rp_error *err) {
    if (!source->untyped && is_about_outputs(err))
        return source->untyped = true;
    const char *output = rp_error_detail(err);
    if (!output)
        return false;
    const struct rp_names *mentioned = &source->source.scan.mentioned;
    const struct rp_absent_asked asked = {
        .members = source->asks,
        .types = rp_names_has(mentioned, "bpf_core_type_exists"),
        .functions = rp_names_has(mentioned, "bpf_ksym_exists"),
        .values = rp_names_has(mentioned, "bpf_core_enum_value_exists")};
    return leave_functions(&source->source.scan, output) ||
           rp_absent_find(&source->absent, text, output, asked);
}

static struct rp_error *try_against(struct job *job, enum rp_clang_against against,
                                    struct rp_object **out) {
    struct rp_error *err = compile_against(job, against, out);
    char first[65];
    memcpy(first, job->key, sizeof(first));
    for (int tries = 0; err && tries < 8 && can_cure(job->text, &job->source, err); tries++) {
        rp_error_free(err);
        err = compile_against(job, against, out);
    }
    /* What is wrong with the first, and so what cures it, follows from the same. */
    if (!err && *first && strcmp(first, job->key) != 0)
        rp_cache_put(first, *out);
    return err;
}

/* The errors of the last try are shown, but of a text that means the installed headers, of the
 * first. */
static struct rp_error *compile(struct job *job, struct rp_object **out) {
    struct rp_error *first = NULL;
    if (job->source.has_uapi) {
        first = try_against(job, RP_CLANG_UAPI, out);
        if (!first || rp_error_errno(first) == ENOENT)
            return first;
    }
    struct rp_error *err = try_against(job, RP_CLANG_VMLINUX, out);
    if (err && rp_error_errno(err) != ENOENT) {
        rp_error_free(err);
        err = try_against(job, RP_CLANG_MODULES, out);
    }
    if (err && first) {
        rp_error_free(err);
        return first;
    }
    rp_error_free(first);
    return err;
}

/* ------------------------------------------------------------- all of it */

/* A scheduler is a struct_ops, as reprobe does not run, and its headers are in the kernel's tree
 * only. */
static struct rp_error *no_scheduler(const struct job *job) {
    const struct rp_names *stubs = &job->source.source.stubs;
    for (size_t i = 0; i < stubs->count; i++)
        if (strncmp(stubs->items[i], "scx/", 4) == 0)
            return rp_error_hint_set(
                rp_error_new(
                    ENOTSUP,
                    "it is a scheduler for sched_ext, which replaces a part of the kernel: "
                    "reprobe does not run these",
                    "cannot compile %s", job->opts->name),
                "build it with the kernel's tools/sched_ext");
    return NULL;
}

/* Pointers of another address space are new in clang 19. */
static struct rp_error *no_arena(const struct job *job) {
    if (LLVM_MAJOR >= 19 || !rp_names_has(&job->source.source.scan.mentioned, "BPF_MAP_TYPE_ARENA"))
        return NULL;
    RP_AUTO_FREE char *why =
        rp_text("it has an arena, which needs clang 19 or later: this is clang %d", LLVM_MAJOR);
    return why ? rp_error_new(ENOTSUP, why, "cannot compile %s", job->opts->name)
               : rp_error_nomem();
}

/* An include that leads nowhere is not an error by itself. */
static struct rp_error *name_missing(const struct job *job, struct rp_error *err) {
    RP_AUTO_FREE char *missing = err ? rp_clang_source_missing(&job->source) : NULL;
    if (!missing)
        return err;
    RP_AUTO_FREE char *hint = rp_error_hint(err) ? rp_text("%s; and", rp_error_hint(err)) : NULL;
    return rp_error_hint_set(
        err,
        "%s%sput these next to the source, or say where they are (-I DIRECTORY): "
        "they are not here, and were taken for empty headers of the kernel: %s",
        hint ? hint : "", hint ? " " : "", missing);
}

static struct rp_error *find_or_compile(struct job *job, struct rp_object **out) {
    uint64_t start = rp_now_ns();
    RP_TRY(rp_clang_source_scan(&job->source, job->text, job->opts));
    job->timings->types_ms += rp_ms_since(start);
    RP_TRY(no_scheduler(job));
    RP_TRY(no_arena(job));
    return name_missing(job, compile(job, out));
}

struct rp_error *rp_clang_compile(const char *text, const struct rp_compile_opts *opts,
                                  struct rp_timings *timings, struct rp_object **out) {
    *out = NULL;
    if (opts->types == RP_TYPES_HEADERS)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "libbpf's dialect takes the kernel's types from its BTF",
                         "cannot compile %s", opts->name),
            "leave out --types=headers");
    struct job job = {.text = text, .opts = opts, .timings = timings};
    struct rp_error *err = find_or_compile(&job, out);
    rp_clang_source_clear(&job.source);
    return err;
}
