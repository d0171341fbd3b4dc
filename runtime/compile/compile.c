/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch/arch.h"
#include "compile/ahead.h"
#include "compile/builds.h"
#include "compile/cache.h"
#include "compile/clang.h"
#include "compile/compiler.h"
#include "compile/dialect.h"
#include "compile/embedded.h"
#include "compile/fickle.h"
#include "compile/libbcc.h"
#include "compile/link.h"
#include "compile/source.h"
#include "kernel/current.h"
#include "kernel/tracefs.h"
#include "reprobe_query.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

/* ------------------------------------------------------------- the tree of headers */

const char *const rp_tree_always[] = {
    "uapi/linux/bpf.h", "uapi/linux/if_packet.h", "uapi/linux/if_ether.h",
    "linux/version.h",  "linux/log2.h",           "asm/page.h",
    "linux/types.h",    "linux/bpf_common.h",     NULL};

static bool make_directory_of(const char *path) {
    char directory[PATH_MAX];
    snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path), path);
    return rp_file_make_directory(directory);
}

static int write_file(const char *tree, const char *name, const char *text) {
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", tree, name);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    int fd = open(path, flags, 0600);
    if (fd < 0 && errno == ENOENT && make_directory_of(path))
        fd = open(path, flags, 0600);
    if (fd < 0)
        return -1;
    size_t size = strlen(text);
    ssize_t put = size ? write(fd, text, size) : 0;
    int err = put == (ssize_t)size ? 0 : -1;
    close(fd);
    return err;
}

static int write_stub(const char *tree, const char *include) {
    char name[512];
    if (include[0] == '/' || strstr(include, ".."))
        return 0; /* it cannot be in the tree: the compiler says what is wrong with it */
    int len = snprintf(name, sizeof(name), "include/%s", include);
    return len > 0 && (size_t)len < sizeof(name) ? write_file(tree, name, "") : 0;
}

struct contents {
    const char *base, *types;
    const struct rp_names *includes;
};

static bool fill(void *ctx, const char *tree) {
    const struct contents *contents = ctx;
    for (size_t i = 0; rp_tree_always[i]; i++)
        if (write_stub(tree, rp_tree_always[i]))
            return false;
    for (size_t i = 0; i < contents->includes->count; i++)
        if (write_stub(tree, contents->includes->items[i]))
            return false;
    return !write_file(tree, "include/linux/kconfig.h", contents->base) &&
           !write_file(tree, "include/reprobe-types.h", contents->types) &&
           !write_file(tree, RP_TREE_OWN "/" RP_CALLBACK_HEADER, rp_embedded_callback_h);
}

struct rp_error *rp_tree_create(struct rp_private_dir *tree, const char *base, const char *types,
                                const struct rp_names *includes) {
    struct contents contents = {base, types, includes};
    if (rp_private_dir_make(tree, "tree", fill, &contents))
        return NULL;
    return rp_error_hint_set(
        rp_error_new(errno, NULL, "cannot write the temporary headers for the compiler"),
        "free some space in /tmp, or set TMPDIR to a directory that only you can write to");
}

struct rp_error *rp_tree_add(const struct rp_private_dir *tree, const char *name, const char *text,
                             char **path) {
    if (write_file(tree->path, name, text))
        return rp_error_new(errno, NULL, "cannot write %s/%s", tree->path, name);
    if (asprintf(path, "%s/%s", tree->path, name) < 0)
        return rp_error_nomem();
    return NULL;
}

/* ------------------------------------------------------------- flags */

bool rp_target_is_by_task(const struct rp_compile_opts *opts) {
    const struct rp_target *target = opts->target;
    return opts->any_target || (target && (target->has_uid || target->comm || target->cgroup));
}

/* The command line of libbcc's clang. */
struct flags {
    struct rp_texts texts;
    bool nomem;
};

static void flags_clear(struct flags *flags) {
    rp_texts_clear(&flags->texts);
}

static void flags_add(struct flags *flags, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void flags_add(struct flags *flags, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    flags->nomem |= !rp_texts_add(&flags->texts, rp_text_of(fmt, args));
    va_end(args);
}

/* Whether clang may define a macro of that name by itself, as __SIZEOF_LONG__, _LP64 or linux. */
static bool may_be_predefined(const char *name) {
    static const char *const keywords[] = {"__attribute__", "__asm__", "__typeof__",
                                           "__volatile__"};
    static const char *const plain[] = {"linux",    "unix",   "i386",     "__linux",
                                        "__unix",   "__i386", "__x86_64", "__amd64",
                                        "__seg_fs", "__k8",   "__riscv",  "__riscv_xlen"};
    size_t len = strlen(name);
    for (size_t i = 0; i < RP_COUNT(plain); i++)
        if (strcmp(name, plain[i]) == 0)
            return true;
    for (size_t i = 0; i < RP_COUNT(keywords); i++)
        if (strcmp(name, keywords[i]) == 0)
            return false;
    return *name == '_' && (strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") ||
                            (len > 2 && strcmp(name + len - 2, "__") == 0));
}

/* False only where neither the source nor a file that a flag names can read one of them. */
static bool may_read_predefined(const struct rp_scan *scan, const struct rp_compile_opts *opts) {
    for (size_t i = 0; i < scan->mentioned.count; i++)
        if (may_be_predefined(scan->mentioned.items[i]))
            return true;
    for (size_t i = 0; i < opts->cflag_count; i++)
        if (strncmp(opts->cflags[i], "-D", 2) != 0 && strncmp(opts->cflags[i], "-I", 2) != 0)
            return true;
    return false;
}

/* Clang's own 350 macros, each of which it reads three times, are a fifteenth of a small compile.
 * libbcc's headers ask for the processor. */
static void flags_add_undef(struct flags *flags) {
    flags_add(flags, "-undef");
    if (rp_arch.macro)
        flags_add(flags, "-D%s=1", rp_arch.macro);
}

static void flags_fill(struct flags *flags, const struct rp_compile_opts *opts, bool has_output,
                       const struct rp_private_dir *tree) {
    flags_add(flags, "-include");
    flags_add(flags, "%s/include/reprobe-types.h", tree->path);
    /* libbcc makes LLVM optimize clang's output: once is enough. */
    flags_add(flags, "-Xclang");
    flags_add(flags, "-disable-llvm-passes");
    flags_add(flags, "-Wno-visibility"); /* of a tracepoint's struct: we have a better message */
    /* It would fail later, as a call to a function that does not exist. */
    flags_add(flags, "-Werror=implicit-function-declaration");
#if LLVM_MAJOR >= 16
    flags_add(flags, "-fno-diagnostics-show-line-numbers"); /* as older ones print them */
#endif
    flags_add(flags, "-DRP_SLOT_TARGET=0x%llxULL", RP_SLOT_TARGET << 32);
    flags_add(flags, "-DRP_SLOT_CALLBACK=0x%llxULL", RP_SLOT_CALLBACK << 32);
    flags_add(flags, "-DRP_SLOT_MAP=0x%llxULL", RP_SLOT_MAP << 32);
    flags_add(flags, "-DRP_SLOT_PREEMPT=0x%llxULL", RP_SLOT_PREEMPT << 32);
    struct rp_kernel_variable count;
    if (rp_kernel_preempt_count(&count))
        flags_add(flags, "-DRP_PREEMPT_AT=%u", count.offset);
    flags_add(flags, "-DRP_MAP_USER_RINGBUF=0x%x", RP_MAP_USER_RINGBUF);
    flags_add(flags, "-Dbpf_timer=rp_libbcc_timer"); /* prelude/callback.h defines its own */
    flags_add(flags, "-DRP_BY_TASK=%d", rp_target_is_by_task(opts));
    flags_add(flags, "-DRP_LOST_FD=%d", has_output ? RP_MAP_NUMBER_FIRST : 0);
    flags_add(flags, "-DRP_UNWIND_FD=%d", rp_arch.unwinds ? RP_MAP_NUMBER_UNWIND : 0);
    if (opts->path) {
        char real[PATH_MAX];
        const char *path = realpath(opts->path, real) ? real : opts->path;
        const char *slash = strrchr(path, '/');
        flags_add(flags, "-I%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    }
    for (size_t i = 0; i < opts->cflag_count; i++) {
        const char *flag = opts->cflags[i];
        bool takes_dir = strcmp(flag, "-I") == 0 && i + 1 < opts->cflag_count;
        const char *dir = takes_dir ? opts->cflags[++i] : flag + 2;
        RP_AUTO_FREE char *real = strncmp(flag, "-I", 2) == 0 ? realpath(dir, NULL) : NULL;
        if (real) /* libbcc compiles in another directory */
            flags_add(flags, "-I%s", real);
        else if (takes_dir)
            flags_add(flags, "-I%s", dir);
        else
            flags_add(flags, "%s", flag);
    }
    flags_add(flags, "-I%s/%s", tree->path, RP_TREE_OWN); /* the author's directories come first */
}

/* ------------------------------------------------------------- sources */

static const char *const outputs[] = {"BPF_PERF_OUTPUT",
                                      "BPF_RINGBUF_OUTPUT",
                                      "bpf_perf_event_output",
                                      "bpf_ringbuf_output",
                                      "bpf_ringbuf_reserve",
                                      "BPF_TABLE",
                                      NULL};
static const char *const foreign_maps[] = {"BPF_TABLE_PINNED",
                                           "BPF_TABLE_PINNED7",
                                           "BPF_TABLE_PUBLIC",
                                           "BPF_TABLE_SHARED",
                                           "BPF_ARRAY_OF_MAPS",
                                           "BPF_HASH_OF_MAPS",
                                           NULL};

static bool has_installed_headers(void) {
    struct utsname kernel;
    char path[PATH_MAX];
    if (uname(&kernel))
        return false;
    snprintf(path, sizeof(path), "/lib/modules/%s/build/include/linux/kconfig.h", kernel.release);
    return access(path, R_OK) == 0 || access("/sys/kernel/kheaders.tar.xz", R_OK) == 0;
}

/* ------------------------------------------------------------- one compile */

/* One source, and what we know of it before it is compiled. */
struct job {
    const char *text;
    const struct rp_compile_opts *opts;
    rp_write_before_fn before;
    struct rp_source source;
    bool has_output;       /* the source may send records */
    bool has_foreign_maps; /* pinned, shared or nested */
    struct rp_timings *timings;
};

/* What a source is compiled against. */
enum against {
    REDUCED,   /* types from BTF, and those parts of libbcc's own headers that the source uses */
    WHOLE,     /* types from BTF, and all of libbcc's headers */
    INSTALLED, /* the installed kernel headers, as stock libbcc does */
};

static struct rp_error *compile_against(struct job *job, enum against against,
                                        struct rp_object **out) {
    const struct rp_compile_opts *opts = job->opts;
    struct rp_source *source = &job->source;
    bool from_btf = against != INSTALLED;
    uint64_t start = rp_now_ns();
    if (from_btf)
        RP_TRY(rp_source_prepare(source, against == WHOLE));
    RP_AUTO_FREE char *headers_types = NULL;
    if (!from_btf &&
        asprintf(&headers_types,
                 "#include <linux/sched.h>\n#define RP_USES_IS_TARGET 1\n"
                 "#define RP_USES_IS_SELF 1\n%s%s%s",
                 rp_embedded_glue_h,
                 rp_names_has(&source->scan.mentioned, "unwound_stack") ? rp_embedded_unwind_h : "",
                 source->usdt ? source->usdt : "") < 0)
        return rp_error_nomem();
    RP_AUTO(rp_private_dir_remove) struct rp_private_dir tree = {0};
    RP_TRY(rp_tree_create(&tree, from_btf ? source->base : "",
                          from_btf ? source->types : headers_types, &source->stubs));
    /* The text must be readable under the name in its line marker: LLVM copies the lines into the
     * BTF, where the verifier finds them for its log. */
    RP_AUTO_FREE char *path = opts->path ? realpath(opts->path, NULL) : NULL;
    if (!path)
        RP_TRY(rp_tree_add(&tree, RP_TREE_SOURCE, job->text, &path));
    RP_AUTO(flags_clear) struct flags flags = {0};
    flags_fill(&flags, opts, job->has_output, &tree);
    if (against == REDUCED && !may_read_predefined(&source->scan, opts))
        flags_add_undef(&flags);
    if (flags.nomem)
        return rp_error_nomem();
    job->timings->types_ms += rp_ms_since(start);

    start = rp_now_ns();
    const struct rp_libbcc_call call = {.name = opts->name,
                                        .path = path,
                                        .text = job->text,
                                        .flags = (const char **)flags.texts.items,
                                        .flag_count = flags.texts.count,
                                        .headers = from_btf ? tree.path : NULL,
                                        .has_reduced = from_btf && !source->whole,
                                        .scan = &source->scan,
                                        .has_foreign_maps = job->has_foreign_maps,
                                        .creates_maps = !opts->dry_run};
    struct rp_error *err = rp_libbcc_compile(&call, out);
    job->timings->compile_ms += rp_ms_since(start);
    if (!err && (err = rp_origin_fill(&(*out)->origin, opts->name, from_btf ? source : NULL)))
        rp_object_free(rp_take(*out));
    return err;
}

static struct rp_error *compile(struct job *job, struct rp_object **out) {
    const struct rp_compile_opts *opts = job->opts;
    if (opts->types == RP_TYPES_HEADERS) {
        if (!has_installed_headers())
            return rp_error_hint_set(
                rp_error_new(ENOENT, "this kernel's headers are not installed", "cannot compile %s",
                             opts->name),
                "leave out --types=headers: the types then come from the running kernel");
        return compile_against(job, INSTALLED, out);
    }
    struct rp_error *err = compile_against(job, REDUCED, out);
    if (!err || rp_error_errno(err) == EPERM)
        return err;
    rp_error_free(err); /* the full headers show whether the error is the author's */
    err = compile_against(job, WHOLE, out);
    if (!err || opts->types == RP_TYPES_BTF || !has_installed_headers())
        return err;
    struct rp_error *second = compile_against(job, INSTALLED, out);
    if (second) {
        rp_error_free(second);
        return err; /* the first error is about the running kernel */
    }
    rp_error_free(err);
    free((*out)->note);
    (*out)->note = strdup("the types of the kernel's BTF are not enough: compiled against the "
                          "installed kernel headers");
    return NULL;
}

/* ------------------------------------------------------------- the cache */

/* Makes the key of everything that the object depends on; false if that cannot be known. */
static bool find_key(const struct job *job, char key[65]) {
    const struct rp_compile_opts *opts = job->opts;
    struct rp_digest digest;
    if (job->has_foreign_maps || rp_is_fickle(&job->source.scan, opts) ||
        !rp_cache_key_begin(&digest))
        return false;
    for (size_t i = 0; i < opts->cflag_count; i++)
        rp_digest_text(&digest, opts->cflags[i]);
    RP_AUTO_FREE char *path = opts->path ? realpath(opts->path, NULL) : NULL;
    rp_digest_text(&digest, path);
    rp_digest_text(&digest, opts->name);
    rp_digest_text(&digest, job->text);
    rp_digest_text(&digest, job->source.headers);
    rp_digest_text(&digest, job->source.tracepoints);
    rp_digest_text(&digest, job->source.usdt);
    rp_digest_add(&digest, &opts->types, sizeof(opts->types));
    bool by_task = rp_target_is_by_task(opts);
    rp_digest_add(&digest, &by_task, sizeof(by_task));
    rp_digest_end(&digest, key);
    return true;
}

/* ------------------------------------------------------------- all of it */

/* What an error is about that has no hint, where a tracepoint's struct could not be made. */
static struct rp_error *without_format(struct rp_error *err, const char *tracepoint) {
    if (!rp_tracefs_is_denied())
        return rp_error_hint_set(
            err, "this kernel has no tracepoint %s: `reprobe list tracepoint` lists all",
            tracepoint);
    RP_AUTO_FREE char *why =
        rp_text("this user cannot read which fields tracepoint:%s has", tracepoint);
    struct rp_error *denied = rp_error_new(EACCES, why, "%s", rp_error_what(err));
    rp_error_free(err);
    return rp_error_hint_set(denied, "run as root (sudo), to whom the tracing file system belongs");
}

static struct rp_error *compile_job(struct job *job, struct rp_object **out) {
    const struct rp_scan *scan = &job->source.scan;
    struct rp_error *err = compile(job, out);
    if (err && job->source.unknown_tracepoint && !rp_error_hint(err))
        err = without_format(err, job->source.unknown_tracepoint);
    if (*out) {
        (*out)->uses_target_pid = rp_names_has(&scan->mentioned, "TARGET_PID");
        (*out)->by_task = rp_target_is_by_task(job->opts);
        (*out)->uses_is_target = rp_names_has(&scan->mentioned, "is_target") ||
                                 rp_names_has(&scan->mentioned, "is_target_task");
    }
    return err;
}

static bool is_key(const struct job *job, const char *key) {
    char same[65];
    return find_key(job, same) && strcmp(same, key) == 0;
}

/* `key` is NULL when there is nothing to compile; *out is NULL then. */
static struct rp_error *compile_ahead(struct job *job, const char *key, struct rp_object **out) {
    rp_object_free(rp_take(*out));
    struct rp_error *err = key ? compile_job(job, out) : NULL;
    bool whole = *out && is_key(job, key);
    if (!err)
        err = rp_ahead_hand_over(key, whole ? *out : NULL);
    rp_object_free(rp_take(*out));
    return err;
}

static struct rp_error *find_or_compile(struct job *job, struct rp_object **out) {
    uint64_t start = rp_now_ns();
    RP_TRY(rp_source_scan(&job->source, job->text, job->opts));
    RP_TRY(rp_source_read_usdt(&job->source, job->opts, job->before));
    const struct rp_scan *scan = &job->source.scan;
    job->has_output = rp_names_has_any(&scan->mentioned, outputs);
    job->has_foreign_maps = rp_names_has_any(&scan->mentioned, foreign_maps);
    if (scan->tracepoints.count) {
        const char *ignored;
        rp_error_free(rp_tracefs_path(&ignored)); /* libbcc reads the formats there */
    }
    rp_source_scan_tracepoints(&job->source);
    char key[65];
    bool has_key = find_key(job, key);
    bool ahead = has_key && (*out = rp_ahead_get(key));
    if (!ahead && has_key)
        *out = rp_cache_get(key);
    job->timings->cached = *out != NULL;
    job->timings->types_ms += rp_ms_since(start);
    if (rp_ahead_is_child())
        return compile_ahead(job, has_key && !*out ? key : NULL, out);
    if (ahead)
        rp_cache_put(key, *out);
    if (*out)
        return NULL;
    RP_TRY(compile_job(job, out));
    /* Not if the compiler that is loaded now is not the one that was looked up then. */
    if (*out && has_key && is_key(job, key))
        rp_cache_put(key, *out);
    return NULL;
}

static struct rp_error *compile_in_dialect(const char *text, const struct rp_compile_opts *opts,
                                           rp_write_before_fn before, struct rp_timings *timings,
                                           struct rp_object **out) {
    if (rp_dialect_of_text(text, opts->dialect) == RP_DIALECT_LIBBPF)
        return rp_clang_compile(text, opts, timings, out);
    struct job job = {.text = text, .opts = opts, .before = before, .timings = timings};
    struct rp_error *err = find_or_compile(&job, out);
    rp_source_clear(&job.source);
    return err;
}

struct rp_error *rp_compile(const char *text, const struct rp_compile_opts *opts,
                            rp_write_before_fn before, struct rp_timings *timings,
                            struct rp_object **out) {
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, as some editors write it */
    *out = NULL;
    if (!strncmp(text, mark, strlen(mark)))
        text += strlen(mark);
    struct rp_error *err = compile_in_dialect(text, opts, before, timings, out);
    if (!err && *out) {
        free((*out)->origin.builds);
        (*out)->origin.builds = rp_builds_of_text(text);
    }
    return err;
}

/* A typical question, so that everything that questions need is loaded. */
static const char sample[] = "struct event { u32 pid; char comm[16]; char text[64]; };\n"
                             "BPF_RINGBUF_OUTPUT(events, 8);\n"
                             "TRACEPOINT_PROBE(sched, sched_process_exec)\n"
                             "{\n"
                             "    struct event *event;\n"
                             "    event = events.ringbuf_reserve(sizeof(struct event));\n"
                             "    if (!is_target() || !event)\n"
                             "        return 0;\n"
                             "    event->pid = bpf_get_current_pid_tgid() >> 32;\n"
                             "    bpf_get_current_comm(&event->comm, sizeof(event->comm));\n"
                             "    events.ringbuf_submit(event, 0);\n"
                             "    return 0;\n"
                             "}\n";

void rp_compile_warm_up(void) {
    const struct rp_compile_opts opts = {
        .size = sizeof(opts), .name = "sample", .types = RP_TYPES_BTF, .dry_run = true};
    struct rp_timings timings = {0};
    struct job job = {.text = sample, .opts = &opts, .timings = &timings, .has_output = true};
    struct rp_object *object = NULL;
    struct rp_error *err = rp_source_scan(&job.source, job.text, job.opts);
    if (!err) {
        rp_source_scan_tracepoints(&job.source);
        err = compile_against(&job, REDUCED, &object);
    }
    rp_error_free(err); /* a question will report it */
    rp_object_free(object);
    rp_source_clear(&job.source);
}

void rp_compile_release(void) {
    rp_source_release();
    rp_compiler_rest();
    malloc_trim(0);
}
