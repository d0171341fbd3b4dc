/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/module.h"

#include <bcc/bcc_common.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "compile/adapt.h"
#include "compile/backend.h"
#include "compile/diagnostics.h"
#include "compile/embedded.h"
#include "compile/interpose.h"
#include "compile/load.h"
#include "compile/source.h"
#include "compile/tree.h"
#include "compile/verifier.h"
#include "kernel/btf.h"
#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

struct program {
    char *function;
    enum bpf_prog_type type;
    int expected_attach_type;
    int fd;
};

struct rp_module {
    void *bcc;
    char *name; /* of the source, in messages */
    char *note;
    bool uses_target;
    bool has_foreign_maps; /* pinned, shared or nested: libbcc opens some of them by itself */
    int lost_fd; /* array of one u64: records that could not be sent; -1 when there is no output */
    struct program *programs;
    size_t program_count;
    struct btf *btf;
    struct rp_timings timings;
};

/* ------------------------------------------------------------- flags */

/* A growing argument vector of malloc()ed strings. */
struct flags {
    char **list;
    size_t count;
};

static void flags_clear(struct flags *flags) {
    for (size_t i = 0; i < flags->count; i++)
        free(flags->list[i]);
    free(flags->list);
}

static void flags_add(struct flags *flags, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void flags_add(struct flags *flags, const char *fmt, ...) {
    char **list = realloc(flags->list, (flags->count + 1) * sizeof(*list));
    if (!list)
        return;
    flags->list = list;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&list[flags->count], fmt, args) >= 0)
        flags->count++;
    va_end(args);
}

static void flags_fill(struct flags *flags, const struct rp_module *module,
                       const struct rp_compile_opts *opts, const struct rp_tree *tree) {
    flags_add(flags, "-include");
    flags_add(flags, "%s/include/reprobe-types.h", tree->path);
    flags_add(flags, "-Wno-visibility"); /* of a tracepoint's struct: the error is said better */
    /* It would only fail later, as a call to a function that no one has. */
    flags_add(flags, "-Werror=implicit-function-declaration");
    flags_add(flags, "-DTARGET_PID=%d", opts->target_pid);
    flags_add(flags, "-DRP_LOST_FD=%d", module->lost_fd > 0 ? module->lost_fd : 0);
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
}

/* ------------------------------------------------------------- compiling */

static bool has_installed_headers(void) {
    struct utsname kernel;
    char path[PATH_MAX];
    if (uname(&kernel))
        return false;
    snprintf(path, sizeof(path), "/lib/modules/%s/build/include/linux/kconfig.h", kernel.release);
    return access(path, R_OK) == 0 || access("/sys/kernel/kheaders.tar.xz", R_OK) == 0;
}

static struct rp_error *map_error(const char *name, const struct rp_map_creation *creation) {
    int errnum = creation->failed_errno;
    RP_AUTO_FREE char *why = NULL;
    if (asprintf(&why,
                 "its map `%s` (%u entries, key %u bytes, value %u bytes) cannot be created: %s",
                 creation->failed_name, creation->failed_max_entries, creation->failed_key_size,
                 creation->failed_value_size, strerror(errnum)) < 0)
        return rp_error_nomem();
    struct rp_error *err = rp_error_new(errnum, why, "cannot use %s", name);
    unsigned pages = creation->failed_max_entries / (unsigned)sysconf(_SC_PAGESIZE);
    if (errnum == EPERM)
        rp_error_hint_set(err, "run as root (sudo), or with CAP_BPF and CAP_PERFMON");
    else if (creation->failed_type == BPF_MAP_TYPE_RINGBUF && errnum == EINVAL)
        rp_error_hint_set(err,
                          "a ring buffer's pages must be a power of two (%u is not), and the "
                          "kernel 5.8 or later",
                          pages);
    else if (errnum == E2BIG || errnum == ENOMEM)
        rp_error_hint_set(err, "its entries are too large, or there are too many of them");
    else if (errnum == EINVAL)
        rp_error_hint_set(err,
                          "this kernel may not have the map's type, or a size is out of range");
    return err;
}

/* libbcc leaves the maps it created open. */
static void free_libbcc_module(struct rp_module *module) {
    for (size_t i = 0; module->bcc && i < bpf_num_tables(module->bcc); i++)
        close(bpf_table_fd_id(module->bcc, i));
    if (module->bcc)
        bpf_module_destroy(module->bcc);
    module->bcc = NULL;
}

/* Whether `matches` holds for an instruction of any function. */
static bool any_instruction(const struct rp_module *module,
                            bool (*matches)(const struct bpf_insn *insn, int arg), int arg) {
    for (size_t f = 0; f < rp_module_function_count(module); f++) {
        const struct bpf_insn *insn = bpf_function_start_id(module->bcc, f);
        size_t count = bpf_function_size_id(module->bcc, f) / sizeof(*insn);
        for (size_t i = 0; insn && i < count; i++)
            if (matches(&insn[i], arg))
                return true;
    }
    return false;
}

static bool is_call_of_helper(const struct bpf_insn *insn, int helper) {
    return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg && insn->imm == helper;
}

/* libbcc's last pass ignores warnings, so that a function that was never declared passes there: as
 * a call to nowhere. */
static bool is_call_of_nothing(const struct bpf_insn *insn, int ignored) {
    (void)ignored;
    return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL &&
           insn->imm == -1;
}

/* What libbcc's compiler is called with. */
struct compiler_call {
    const char *text;
    const struct flags *flags;
    void *bcc;
};

static void create_module(void *ctx) {
    struct compiler_call *call = ctx;
    call->bcc = bpf_module_create_c_from_string(call->text, 0, (const char **)call->flags->list,
                                                (int)call->flags->count, true, NULL);
}

/* Calls libbcc once; `tree` is NULL when it shall find installed headers by itself. */
static struct rp_error *call_libbcc(struct rp_module *module, const char *text, const char *path,
                                    const struct rp_compile_opts *opts, const struct flags *flags,
                                    const struct rp_scan *scan, const struct rp_tree *tree) {
    RP_AUTO_FREE char *adapted = rp_adapt(path, text);
    if (!adapted)
        return rp_error_nomem();
    struct rp_map_creation creation = {.dry_run = opts->dry_run,
                                       .keep_rw_engine = module->has_foreign_maps};
    struct rp_capture capture = rp_capture_begin();
    if (tree)
        setenv("BCC_KERNEL_SOURCE", tree->path, 1);
    rp_map_creation_watch(&creation);
    rp_ksyms_answer_from_btf(true);
    struct compiler_call call = {.text = adapted, .flags = flags};
    bool compiled = rp_backend_run(create_module, &call);
    module->bcc = call.bcc;
    rp_ksyms_answer_from_btf(false);
    rp_map_creation_watch(NULL);
    if (tree)
        unsetenv("BCC_KERNEL_SOURCE");
    RP_AUTO_FREE char *output = rp_capture_end(&capture);
    if (!output)
        return rp_error_nomem();
    if (creation.failed_errno) {
        free_libbcc_module(module);
        return map_error(opts->name, &creation);
    }
    if (!compiled)
        free_libbcc_module(module);
    if (module->bcc && any_instruction(module, is_call_of_nothing, 0)) {
        free_libbcc_module(module);
        return rp_error_hint_set(rp_error_new(EINVAL,
                                              "it calls a function that BPF programs do not have",
                                              "cannot compile %s", opts->name),
                                 "write the function in the source, as `static inline`");
    }
    if (module->bcc) {
        module->note = rp_compile_warnings(opts->name, path, output);
        return NULL;
    }
    return rp_compile_error(opts->name, path, output, scan);
}

/* What a source is compiled against. */
enum against {
    REDUCED,   /* types from BTF, and what the source reaches of libbcc's own headers */
    WHOLE,     /* types from BTF, and all of libbcc's headers */
    INSTALLED, /* the installed kernel headers, as stock libbcc does */
};

static struct rp_error *compile_with(struct rp_module *module, const char *text,
                                     const struct rp_compile_opts *opts, struct rp_source *source,
                                     enum against against) {
    bool from_btf = against != INSTALLED;
    uint64_t start = rp_now_ns();
    if (from_btf)
        RP_TRY(rp_source_prepare(source, against == WHOLE));
    RP_AUTO_FREE char *headers_types = NULL;
    if (!from_btf &&
        asprintf(&headers_types, "#include <linux/sched.h>\n#define RP_USES_IS_TARGET 1\n%s",
                 rp_embedded_glue_h) < 0)
        return rp_error_nomem();
    RP_AUTO(rp_tree_remove) struct rp_tree tree = {0};
    RP_TRY(rp_tree_create(&tree, from_btf ? source->base : "",
                          from_btf ? source->types : headers_types, &source->stubs));
    /* The text must be readable under the name in its line marker: LLVM copies the lines into the
     * BTF, where the verifier finds them for its log. */
    RP_AUTO_FREE char *path = opts->path ? realpath(opts->path, NULL) : NULL;
    if (!path)
        RP_TRY(rp_tree_add(&tree, RP_TREE_SOURCE, text, &path));
    RP_AUTO(flags_clear) struct flags flags = {0};
    flags_fill(&flags, module, opts, &tree);
    module->timings.types_ms += rp_ms_since(start);

    start = rp_now_ns();
    struct rp_error *err =
        call_libbcc(module, text, path, opts, &flags, &source->scan, from_btf ? &tree : NULL);
    module->timings.compile_ms += rp_ms_since(start);
    return err;
}

static struct rp_error *compile(struct rp_module *module, const char *text,
                                const struct rp_compile_opts *opts, struct rp_source *source) {
    if (opts->types == RP_TYPES_HEADERS) {
        if (!has_installed_headers())
            return rp_error_hint_set(
                rp_error_new(ENOENT, "this kernel's headers are not installed", "cannot compile %s",
                             opts->name),
                "leave out --types=headers: types then come from the kernel itself");
        return compile_with(module, text, opts, source, INSTALLED);
    }
    struct rp_error *err = compile_with(module, text, opts, source, REDUCED);
    if (!err || rp_error_errno(err) == EPERM)
        return err;
    rp_error_free(err); /* whether it is the author's, the whole headers tell */
    err = compile_with(module, text, opts, source, WHOLE);
    if (!err || opts->types == RP_TYPES_BTF || !has_installed_headers())
        return err;
    struct rp_error *second = compile_with(module, text, opts, source, INSTALLED);
    if (second) {
        rp_error_free(second);
        return err; /* the first one is about the kernel that runs */
    }
    rp_error_free(err);
    free(module->note);
    module->note = strdup("types from the kernel's BTF were not enough: compiled against the "
                          "installed kernel headers");
    return NULL;
}

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

static bool mentions_any(const struct rp_scan *scan, const char *const *words) {
    for (; *words; words++)
        if (rp_names_has(&scan->mentioned, *words))
            return true;
    return false;
}

struct rp_error *rp_module_compile(const char *text, const struct rp_compile_opts *given,
                                   struct rp_module **out) {
    *out = NULL;
    struct rp_compile_opts opts = {0};
    if (given)
        memcpy(&opts, given, given->size < sizeof(opts) ? given->size : sizeof(opts));
    if (!opts.name)
        opts.name = opts.path ? opts.path : "source";

    struct rp_module *module = calloc(1, sizeof(*module));
    if (!module)
        return rp_error_nomem();
    module->lost_fd = -1;
    module->name = strdup(opts.name);
    RP_AUTO(rp_source_clear) struct rp_source source = {0};
    uint64_t start = rp_now_ns();
    struct rp_error *err = rp_source_scan(&source, text, &opts);
    module->timings.types_ms = rp_ms_since(start);
    if (!err) {
        module->uses_target = rp_names_has(&source.scan.mentioned, "TARGET_PID") ||
                              rp_names_has(&source.scan.mentioned, "is_target");
        module->has_foreign_maps = mentions_any(&source.scan, foreign_maps);
        if (mentions_any(&source.scan, outputs) && !opts.dry_run)
            module->lost_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rp_lost", sizeof(uint32_t),
                                             sizeof(uint64_t), 1, NULL);
        if (source.scan.tracepoints.count) {
            const char *ignored;
            rp_error_free(rp_tracefs_path(&ignored)); /* libbcc reads the formats there */
        }
        err = compile(module, text, &opts, &source);
        if (err && source.unknown_tracepoint && !rp_error_hint(err))
            rp_error_hint_set(err,
                              "there is no tracepoint %s here, or its format cannot be read: "
                              "`sudo reprobe list tracepoint` shows all",
                              source.unknown_tracepoint);
    }
    if (err) {
        rp_module_free(module);
        return err;
    }
    *out = module;
    return NULL;
}

struct rp_error *rp_module_compile_file(const char *path, const struct rp_compile_opts *given,
                                        struct rp_module **out) {
    *out = NULL;
    struct rp_compile_opts opts = {0};
    if (given)
        memcpy(&opts, given, given->size < sizeof(opts) ? given->size : sizeof(opts));
    opts.size = sizeof(opts);
    RP_AUTO_FREE char *text = NULL;
    RP_TRY(rp_file_read(path, &text));
    if (strcmp(path, "-") != 0)
        opts.path = path;
    if (!opts.name)
        opts.name = opts.path ? path : "standard input";
    return rp_module_compile(text, &opts, out);
}

void rp_module_free(struct rp_module *module) {
    if (!module)
        return;
    for (size_t i = 0; i < module->program_count; i++) {
        close(module->programs[i].fd);
        free(module->programs[i].function);
    }
    free(module->programs);
    free_libbcc_module(module);
    if (module->lost_fd >= 0)
        close(module->lost_fd);
    btf__free(module->btf);
    free(module->name);
    free(module->note);
    free(module);
}

/* ------------------------------------------------------------- loading */

static struct rp_error *no_function(const struct rp_module *module, const char *function) {
    RP_AUTO_FREE char *list = strdup("");
    for (size_t i = 0; i < rp_module_function_count(module); i++) {
        char *longer = NULL;
        if (asprintf(&longer, "%s%s%s", list, i ? ", " : "", rp_module_function_name(module, i)) <
            0)
            return rp_error_nomem();
        free(list);
        list = longer;
    }
    return rp_error_hint_set(
        rp_error_new(ENOENT, "the source has no such function", "cannot load %s", function),
        *list ? "its functions are: %s" : "it has no functions at all%s", list);
}

struct rp_error *rp_module_load(struct rp_module *module, const char *function,
                                enum bpf_prog_type type, int expected_attach_type, int *fd) {
    for (size_t i = 0; i < module->program_count; i++) {
        const struct program *p = &module->programs[i];
        if (strcmp(p->function, function) == 0 && p->type == type &&
            p->expected_attach_type == expected_attach_type) {
            *fd = p->fd;
            return NULL;
        }
    }
    const struct bpf_insn *insns = bpf_function_start(module->bcc, function);
    if (!insns)
        return no_function(module, function);
    struct program *programs =
        realloc(module->programs, (module->program_count + 1) * sizeof(*programs));
    if (!programs)
        return rp_error_nomem();
    module->programs = programs;

    uint64_t start = rp_now_ns();
    RP_AUTO_FREE char *log = NULL;
    struct rp_capture capture = rp_capture_begin();
    rp_program_load_watch(&log);
    *fd = bcc_func_load(module->bcc, (int)type, function, insns,
                        (int)bpf_function_size(module->bcc, function),
                        bpf_module_license(module->bcc), bpf_module_kern_version(module->bcc), 0,
                        NULL, 0, NULL, expected_attach_type);
    int errnum = errno;
    rp_program_load_watch(NULL);
    RP_AUTO_FREE char *output = rp_capture_end(&capture);
    module->timings.load_ms += rp_ms_since(start);
    if (*fd < 0)
        return rp_load_error(function, module->name ? module->name : "", errnum,
                             log      ? log
                             : output ? output
                                      : "");
    programs[module->program_count++] =
        (struct program){.function = strdup(function),
                         .type = type,
                         .expected_attach_type = expected_attach_type,
                         .fd = *fd};
    return NULL;
}

/* ------------------------------------------------------------- looking at it */

void *rp_module_bcc(const struct rp_module *module) {
    return module->bcc;
}

const char *rp_module_note(const struct rp_module *module) {
    return module->note;
}

bool rp_module_uses_target(const struct rp_module *module) {
    return module->uses_target;
}

void rp_module_timings(const struct rp_module *module, struct rp_timings *out) {
    *out = module->timings;
}

void rp_module_add_attach_ms(struct rp_module *module, double ms) {
    module->timings.attach_ms += ms;
}

size_t rp_module_function_count(const struct rp_module *module) {
    return bpf_num_functions(module->bcc);
}

const char *rp_module_function_name(const struct rp_module *module, size_t i) {
    return bpf_function_name(module->bcc, i);
}

size_t rp_module_map_count(const struct rp_module *module) {
    return bpf_num_tables(module->bcc);
}

const char *rp_module_map_name(const struct rp_module *module, size_t i) {
    return bpf_table_name(module->bcc, i);
}

int rp_module_map_type(const struct rp_module *module, size_t i) {
    return bpf_table_type_id(module->bcc, i);
}

int rp_module_map_fd(const struct rp_module *module, const char *name) {
    return bpf_table_fd(module->bcc, name);
}

bool rp_module_calls(const struct rp_module *module, int helper) {
    return any_instruction(module, is_call_of_helper, helper);
}

bool rp_module_prints_trace(const struct rp_module *module) {
    return rp_module_calls(module, BPF_FUNC_trace_printk) ||
           rp_module_calls(module, BPF_FUNC_trace_vprintk);
}

uint64_t rp_module_lost(const struct rp_module *module) {
    uint32_t zero = 0;
    uint64_t lost = 0;
    if (module->lost_fd < 0 || bpf_map_lookup_elem(module->lost_fd, &zero, &lost))
        return 0;
    return lost;
}

const struct btf *rp_module_btf(const struct rp_module *module) {
    struct rp_module *cache = (struct rp_module *)module;
    for (size_t i = 0; i < module->program_count && !module->btf; i++) {
        struct bpf_prog_info info = {0};
        uint32_t len = sizeof(info);
        if (bpf_obj_get_info_by_fd(module->programs[i].fd, &info, &len) == 0 && info.btf_id)
            cache->btf = btf__load_from_kernel_by_id(info.btf_id);
    }
    return module->btf;
}
