/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/clang_source.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arch/arch.h"
#include "compile/dialect.h"
#include "compile/kfuncs.h"
#include "compile/types.h"
#include "kernel/btf.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#define VMLINUX "/virtual/types/vmlinux.h"
#define STUBS   "/virtual/stubs"
/* The name of a text that does not come from a file. */
#define NO_FILE "/reprobe/source.bpf.c"

#if LLVM_MAJOR >= 16
#define EXTRA_ARGS "-fno-diagnostics-show-line-numbers", /* as older ones print them */
#else
#define EXTRA_ARGS
#endif

/* ------------------------------------------------------------- what the text is like */

/* The directories of the kernel's user-space headers, and of the C library's. */
static const char *const installed[] = {"/usr/include/" MULTIARCH, "/usr/include", NULL};

static bool find_installed(const char *include, struct stat *st) {
    char path[PATH_MAX];
    for (size_t i = 0; installed[i]; i++) {
        snprintf(path, sizeof(path), "%s/%s", installed[i], include);
        if (stat(path, st) == 0)
            return true;
    }
    return false;
}

static bool is_installed(const char *include) {
    struct stat ignored;
    return find_installed(include, &ignored);
}

void rp_clang_source_identify(const struct rp_clang_source *source, struct rp_digest *digest) {
    const struct rp_names *stubs = &source->source.stubs;
    struct stat st;
    for (size_t i = 0; i < stubs->count; i++) {
        if (!find_installed(stubs->items[i], &st))
            continue;
        rp_digest_text(digest, stubs->items[i]);
        rp_digest_file(digest, &st);
    }
}

static bool is_uapi(const char *include) {
    return rp_starts_with(include, "linux/") || rp_starts_with(include, "asm/") ||
           rp_starts_with(include, "asm-generic/");
}

static void look_at_includes(struct rp_clang_source *source) {
    const struct rp_names *stubs = &source->source.stubs;
    for (size_t i = 0; i < stubs->count; i++) {
        source->has_vmlinux |= rp_is_vmlinux_header(stubs->items[i]);
        source->has_uapi |= is_uapi(stubs->items[i]) && is_installed(stubs->items[i]);
        const char *words = rp_clang_header_words(stubs->items[i]);
        rp_scan_text(&source->source.scan, words, strlen(words));
    }
    source->has_uapi &= !source->has_vmlinux;
}

/* What asks the running kernel, when the program is loaded: whether it has something, or what it
 * is. */
static const char *const exists_words[] = {"bpf_core_field_exists",
                                           "bpf_core_type_exists",
                                           "bpf_core_type_matches",
                                           "bpf_core_enum_value_exists",
                                           "__builtin_preserve_field_info",
                                           "__builtin_preserve_type_info",
                                           NULL};
static const char *const core_words[] = {"preserve_access_index",   "bpf_core_field_size",
                                         "bpf_core_field_offset",   "bpf_core_type_size",
                                         "bpf_core_type_id_local",  "bpf_core_type_id_kernel",
                                         "bpf_core_enum_value",     "bpf_core_cast",
                                         "BPF_CORE_READ_BITFIELD",  "BPF_CORE_READ_BITFIELD_PROBED",
                                         "BPF_CORE_WRITE_BITFIELD", "__builtin_preserve_enum_value",
                                         "__builtin_btf_type_id",   NULL};

/* Types that the source defines, as `struct x___old` and as the kernel does, have the source's
 * offsets, not the kernel's. */
static bool defines_kernel_types(const struct rp_scan *scan, const struct rp_btf *btf) {
    for (size_t i = 0; i < scan->tags.count; i++)
        if (strstr(scan->tags.items[i], "___") && rp_names_has(&scan->defined, scan->tags.items[i]))
            return true;
    for (size_t i = 0; i < btf->nameable.count; i++) {
        const struct btf_type *type = rp_btf_entry_type(btf, &btf->nameable.items[i]);
        const char *name = rp_btf_name(btf, type);
        if (btf_is_composite(type) && rp_names_has(&scan->defined, name) &&
            rp_names_has(&scan->tags, name))
            return true;
    }
    return false;
}

static struct rp_error *find_relocations(struct rp_clang_source *source,
                                         const struct rp_compile_opts *opts) {
    const struct rp_scan *scan = &source->source.scan;
    source->asks = rp_names_has_any(&scan->mentioned, exists_words);
    source->relocates =
        opts->portable || source->asks || rp_names_has_any(&scan->mentioned, core_words);
    if (source->relocates)
        return NULL;
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    source->relocates = defines_kernel_types(scan, btf);
    return NULL;
}

/* LLVM copies the lines of a text that is not in memory into the BTF. */
static bool is_in_file(const char *text, const char *path) {
    RP_AUTO_FREE char *content = NULL;
    struct rp_error *err = rp_file_read(path, &content);
    bool same = !err && strcmp(content, text) == 0;
    rp_error_free(err);
    return same;
}

struct rp_error *rp_clang_source_scan(struct rp_clang_source *source, const char *text,
                                      const struct rp_compile_opts *opts) {
    RP_TRY(rp_source_scan(&source->source, text, opts));
    source->path = opts->path ? realpath(opts->path, NULL) : NULL;
    if (!source->path)
        source->path = strdup(NO_FILE);
    if (!source->path)
        return rp_error_nomem();
    source->on_disk = is_in_file(text, source->path);
    look_at_includes(source);
    return find_relocations(source, opts);
}

/* ------------------------------------------------------------- vmlinux.h */

/* What libbpf's headers, and those of ours, take for granted. */
static const char always[] = "__u8 __u16 __u32 __u64 __s8 __s16 __s32 __s64 __be16 __be32 __be64 "
                             "__le16 __le32 __le64 __wsum __sum16 u8 u16 u32 u64 s8 s16 s32 s64 "
                             "bool size_t";

/* The names of `defined`, but for typedefs of integers: C allows them twice, and types of the
 * kernel's that come before need them. */
static void leave_to_source(const struct rp_scan *scan, const struct rp_btf *btf,
                            struct rp_names *later) {
    struct rp_names integers = {0};
    for (size_t i = 0; i < btf->nameable.count; i++) {
        const struct btf_type *type = rp_btf_entry_type(btf, &btf->nameable.items[i]);
        const char *name = rp_btf_name(btf, type);
        if (btf_is_typedef(type) && rp_names_has(&scan->defined, name) &&
            btf_is_int(rp_btf_type(btf, rp_btf_skip_to_base(btf, type->type))))
            rp_names_add(&integers, name, strlen(name));
    }
    for (size_t i = 0; i < scan->defined.count; i++)
        if (!rp_names_has(&integers, scan->defined.items[i]))
            rp_names_add(later, scan->defined.items[i], strlen(scan->defined.items[i]));
    rp_names_clear(&integers);
}

static void write_vmlinux(struct rp_clang_source *source, const struct rp_btf *btf,
                          const struct rp_btf *modules, FILE *out) {
    struct rp_scan *scan = &source->source.scan;
    rp_scan_text(scan, always, strlen(always));
    RP_AUTO_FREE char *rest = NULL; /* what they need counts as mentioned */
    size_t size;
    FILE *behind = open_memstream(&rest, &size);
    if (behind) { /* else the compiler will say what is missing */
        if (!source->has_vmlinux)
            rp_source_write_snippets(&source->source,
                                     behind); /* macros of headers that are absent */
        rp_kfuncs_write(scan, btf, behind);
        fclose(behind);
    }
    struct rp_names earlier = {0}, later = {0};
    leave_to_source(scan, btf, &later);
    const struct rp_types_names names = {.wanted = &scan->mentioned,
                                         .earlier = &earlier,
                                         .later = &later,
                                         .declared = &scan->declared};
    fputs("#define __VMLINUX_H__\n", out);
    if (source->relocates)
        fputs("#pragma clang attribute push (__attribute__((preserve_access_index)), "
              "apply_to = record)\n",
              out);
    source->source.uses_modules = rp_types_write(btf, modules, &names, out);
    if (source->relocates)
        fputs("#pragma clang attribute pop\n", out);
    fputs(rest ? rest : "", out);
    rp_names_clear(&later);
}

static struct rp_error *make_vmlinux(struct rp_clang_source *source,
                                     enum rp_clang_against against) {
    free(rp_take(source->source.types));
    if (against == RP_CLANG_UAPI)
        return NULL;
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    size_t size;
    FILE *out = open_memstream(&source->source.types, &size);
    if (!out)
        return rp_error_nomem();
    source->source.whole = against == RP_CLANG_MODULES;
    struct rp_btf *modules = source->source.whole ? rp_kernel_module_types() : NULL;
    write_vmlinux(source, btf, modules, out);
    rp_btf_free(modules);
    if (fclose(out))
        return rp_error_nomem();
    RP_AUTO_FREE char *types = source->source.types;
    source->source.types = rp_absent_declare(&source->absent, types);
    return source->source.types ? NULL : rp_error_nomem();
}

/* ------------------------------------------------------------- files */

/* The directory in full, malloc()ed: clang names files by it. */
static char *full_path(const char *dir) {
    char *full = realpath(dir, NULL);
    return full ? full : strdup(dir);
}

/* A vmlinux.h of the author's own is not read: ours comes first. */
static bool hide_vmlinux(struct rp_clang_source *source, const char *include) {
    const struct rp_texts *dirs = &source->source.dirs;
    bool ok = rp_clang_files_add(&source->files, "", STUBS "/%s", include);
    for (size_t i = 0; ok && i < dirs->count; i++) {
        RP_AUTO_FREE char *dir = full_path(dirs->items[i]);
        ok = dir && rp_clang_files_add(&source->files, "", "%s/%s", dir, include);
    }
    return ok;
}

/* Headers that are nowhere, or would repeat the types of our vmlinux.h, are empty. */
static bool add_stubs(struct rp_clang_source *source, enum rp_clang_against against) {
    const struct rp_names *stubs = &source->source.stubs;
    bool ok = true;
    for (size_t i = 0; ok && i < stubs->count; i++) {
        const char *include = stubs->items[i];
        bool repeats = is_uapi(include) && against != RP_CLANG_UAPI && !source->has_vmlinux;
        if (rp_is_vmlinux_header(include))
            ok = hide_vmlinux(source, include);
        else if (!rp_clang_headers_have(include) && (repeats || !is_installed(include)))
            ok = rp_clang_files_add(&source->files, rp_clang_header_instead(include), STUBS "/%s",
                                    include);
    }
    return ok;
}

/* Of the kernel's own tree, which BTF replaces. */
static bool is_of_kernel(const char *include) {
    static const char *const dirs[] = {"linux/", "asm/",   "asm-generic/", "uapi/",  "net/",
                                       "trace/", "block/", "crypto/",      "sound/", "scsi/"};
    for (size_t i = 0; i < RP_COUNT(dirs); i++)
        if (rp_starts_with(include, dirs[i]))
            return true;
    return false;
}

char *rp_clang_source_missing(const struct rp_clang_source *source) {
    const struct rp_names *stubs = &source->source.stubs;
    char *list = NULL;
    for (size_t i = 0; i < stubs->count; i++) {
        const char *include = stubs->items[i];
        if (rp_is_vmlinux_header(include) || rp_clang_headers_have(include) ||
            is_installed(include) || is_of_kernel(include))
            continue;
        rp_text_list(&list, include);
    }
    return list;
}

static bool make_files(struct rp_clang_source *source, const char *text,
                       enum rp_clang_against against) {
    rp_clang_files_clear(&source->files);
    return rp_clang_headers_add(&source->files) && add_stubs(source, against) &&
           (!source->source.types ||
            rp_clang_files_add(&source->files, source->source.types, VMLINUX)) &&
           rp_clang_files_add(&source->files, text, "%s", source->path);
}

/* ------------------------------------------------------------- arguments */

static bool add_arg(struct rp_texts *args, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static bool add_arg(struct rp_texts *args, const char *fmt, ...) {
    va_list list;
    va_start(list, fmt);
    bool ok = rp_texts_add(args, rp_text_of(fmt, list));
    va_end(list);
    return ok;
}

static bool add_args(struct rp_texts *args, const char *const *words) {
    bool ok = true;
    for (; ok && *words; words++)
        ok = add_arg(args, "%s", *words);
    return ok;
}

static bool add_dir(struct rp_texts *args, const char *option, const char *dir) {
    return add_arg(args, "%s", option) && add_arg(args, "%s", dir);
}

/* What only the program `clang` knows, and means nothing here. */
static bool is_drivers(const char *flag) {
    static const char *const words[] = {"-c",    "-pipe",    "-nostdinc",
                                        "-MD",   "-MMD",     "-fno-stack-protector",
                                        "-fPIC", "-fno-pic", "-fno-asynchronous-unwind-tables",
                                        "-fpic", "-no-pie",  "-fno-exceptions",
                                        NULL};
    for (size_t i = 0; words[i]; i++)
        if (strcmp(flag, words[i]) == 0)
            return true;
    return rp_starts_with(flag, "-g") || rp_starts_with(flag, "--target=");
}

/* The flags of `clang` that clang -cc1 knows by another name, or that are ours to say; the others
 * are the same. Directories are added apart. */
static bool add_flag(struct rp_texts *args, const struct rp_compile_opts *opts, size_t *i) {
    const char *flag = opts->cflags[*i];
    bool has_value = *i + 1 < opts->cflag_count;
    if (rp_starts_with(flag, "-mcpu="))
        return add_arg(args, "-target-cpu") && add_arg(args, "%s", flag + strlen("-mcpu="));
    if (strcmp(flag, "-target") == 0 || strcmp(flag, "-I") == 0) {
        *i += has_value;
        return true;
    }
    if (is_drivers(flag) || rp_starts_with(flag, "-I"))
        return true;
    return add_arg(args, "%s", flag);
}

static bool add_dirs(const struct rp_clang_source *source, const struct rp_compile_opts *opts,
                     struct rp_texts *args) {
    bool ok = true;
    const char *slash = strrchr(source->path, '/');
    if (opts->path)
        ok =
            add_arg(args, "-I") && add_arg(args, "%.*s", (int)(slash - source->path), source->path);
    for (size_t i = 0; ok && i < opts->cflag_count; i++) {
        const char *flag = opts->cflags[i];
        if (!rp_starts_with(flag, "-I"))
            continue;
        RP_AUTO_FREE char *dir =
            full_path(flag[2] || i + 1 == opts->cflag_count ? flag + 2 : opts->cflags[++i]);
        ok = dir && add_dir(args, "-I", dir);
    }
    for (size_t i = 0; ok && rp_clang_header_dirs[i]; i++)
        ok = add_dir(args, "-internal-isystem", rp_clang_header_dirs[i]);
    ok = ok && add_dir(args, "-internal-isystem", STUBS);
    for (size_t i = 0; ok && installed[i]; i++)
        ok = add_dir(args, "-internal-externc-isystem", installed[i]);
    return ok;
}

static bool make_args(struct rp_clang_source *source, const struct rp_compile_opts *opts) {
    static const char *const fixed[] = {
        "-triple", "bpf", "-emit-obj", "-x", "c", "-O2", "-disable-llvm-verifier",
        "-discard-value-names", "-mrelocation-model", "static", "-mframe-pointer=all",
        "-mconstructor-aliases", "-fgnuc-version=4.2.1", "-ferror-limit", "19",
        /* libbpf wants BTF of externs, which LLVM writes for gdb only. */
        "-debug-info-kind=constructor", "-dwarf-version=5", "-debugger-tuning=gdb",
        "-nostdsysteminc", "-nobuiltininc", "-Werror=implicit-function-declaration",
        EXTRA_ARGS NULL};
    struct rp_texts *args = &source->args;
    rp_texts_clear(args);
    const char *slash = strrchr(source->path, '/');
    bool ok =
        add_args(args, fixed) && add_arg(args, "-main-file-name") &&
        add_arg(args, "%s", slash + 1) &&
        add_arg(args, "-fdebug-compilation-dir=%.*s", (int)(slash - source->path), source->path) &&
        (!rp_arch.libbpfs || add_arg(args, "-D__TARGET_ARCH_%s", rp_arch.libbpfs));
    if (ok && !source->on_disk)
        ok = add_arg(args, "-gembed-source"); /* with all headers: ten times the size */
    if (ok && !source->relocates)
        ok = add_arg(args, "-D__builtin_preserve_access_index(x)=(x)");
    if (ok && source->source.types)
        ok = add_dir(args, "-include", VMLINUX);
    if (ok && !source->untyped)
        ok = add_dir(args, "-include", RP_CLANG_OUTPUTS);
    ok = ok && add_dirs(source, opts, args);
    for (size_t i = 0; ok && i < opts->cflag_count; i++)
        ok = add_flag(args, opts, &i);
    return ok && add_arg(args, "%s", source->path);
}

/* ------------------------------------------------------------- all of it */

struct rp_error *rp_clang_source_prepare(struct rp_clang_source *source, const char *text,
                                         const struct rp_compile_opts *opts,
                                         enum rp_clang_against against) {
    RP_TRY(make_vmlinux(source, against));
    return make_files(source, text, against) && make_args(source, opts) ? NULL : rp_error_nomem();
}

void rp_clang_source_clear(struct rp_clang_source *source) {
    rp_source_clear(&source->source);
    rp_clang_files_clear(&source->files);
    rp_texts_clear(&source->args);
    rp_absent_clear(&source->absent);
    free(source->path);
    memset(source, 0, sizeof(*source));
}
