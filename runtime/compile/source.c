/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/source.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

#include "arch/arch.h"
#include "compile/dialect.h"
#include "compile/embedded.h"
#include "compile/libbcc_text.h"
#include "compile/types.h"
#include "compile/unshown_syscalls.h"
#include "debug/programs.h"
#include "kernel/btf.h"
#include "kernel/features.h"
#include "kernel/tracefs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/lexer.h"

/* ------------------------------------------------------------- the author's headers */

/* Adds the directory of the file `path` to those where the author's headers may be. */
static bool add_dir_of(struct rp_texts *dirs, const char *path) {
    const char *slash = strrchr(path, '/');
    char *dir = slash ? strndup(path, (size_t)(slash - path + !!(slash == path))) : strdup(".");
    for (size_t i = 0; dir && i < dirs->count; i++) {
        if (strcmp(dirs->items[i], dir) == 0) {
            free(dir);
            return true;
        }
    }
    return rp_texts_add(dirs, dir);
}

/* Beside the text, then where -I says. */
static bool add_dirs(struct rp_texts *dirs, const struct rp_compile_opts *opts) {
    bool ok = !opts->path || add_dir_of(dirs, opts->path);
    for (size_t i = 0; ok && i < opts->cflag_count; i++) {
        const char *flag = opts->cflags[i];
        if (strcmp(flag, "-I") == 0 && i + 1 < opts->cflag_count)
            ok = rp_texts_add(dirs, strdup(opts->cflags[++i]));
        else if (strncmp(flag, "-I", 2) == 0)
            ok = rp_texts_add(dirs, strdup(flag + 2));
    }
    return ok;
}

/* The path of `include` in one of the author's directories, malloc()ed; NULL if it is not in any.
 */
static char *find_header(const char *include, const struct rp_texts *dirs) {
    char path[PATH_MAX];
    for (size_t i = 0; i < dirs->count; i++) {
        snprintf(path, sizeof(path), "%s/%s", dirs->items[i], include);
        if (access(path, R_OK) == 0)
            return strdup(path);
    }
    return NULL;
}

/* Whether it is a kernel header, which BTF replaces. libbcc and reprobe have a few of their own,
 * and the compiler reports a missing header of the author's. */
static bool is_kernel_header(const char *include, const struct rp_scan *scan) {
    if (rp_is_vmlinux_header(include))
        return true;
    return strncmp(include, "bcc/", 4) != 0 && strncmp(include, "reprobe/", 8) != 0 &&
           (!rp_names_has(&scan->quoted, include) || strchr(include, '/'));
}

/* A macro on the command line is the author's, as in the source. */
static void scan_flag(struct rp_scan *scan, const char *flag, bool is_definition) {
    rp_scan_text(scan, flag, strlen(flag));
    if (strncmp(flag, "-D", 2) == 0 && flag[2]) {
        is_definition = true;
        flag += 2;
    }
    if (is_definition)
        rp_names_add(&scan->defined, flag, strcspn(flag, "=("));
}

struct rp_error *rp_source_scan(struct rp_source *source, const char *text,
                                const struct rp_compile_opts *opts) {
    rp_scan_text(&source->scan, text, strlen(text));
    for (size_t i = 0; i < opts->cflag_count; i++)
        scan_flag(&source->scan, opts->cflags[i], i && strcmp(opts->cflags[i - 1], "-D") == 0);
    if (!add_dirs(&source->dirs, opts))
        return rp_error_nomem();
    struct rp_digest headers = rp_digest_begin();
    /* The list grows while we walk over it: headers include headers. */
    for (size_t i = 0; i < source->scan.includes.count; i++) {
        const char *include = source->scan.includes.items[i];
        RP_AUTO_FREE char *path =
            rp_is_vmlinux_header(include) ? NULL : find_header(include, &source->dirs);
        if (!path && strcmp(include, RP_CALLBACK_HEADER) == 0) {
            rp_scan_text(&source->scan, rp_embedded_callback_h, strlen(rp_embedded_callback_h));
            continue;
        }
        if (!path) {
            if (is_kernel_header(include, &source->scan))
                rp_names_add(&source->stubs, include, strlen(include));
            continue;
        }
        RP_AUTO_FREE char *header = NULL;
        RP_TRY(rp_file_read(path, &header));
        if (!add_dir_of(&source->dirs, path))
            return rp_error_nomem();
        rp_scan_text(&source->scan, header, strlen(header));
        rp_digest_text(&headers, path);
        rp_digest_text(&headers, header);
    }
    rp_digest_end(&headers, source->headers);
    return NULL;
}

struct rp_error *rp_source_read_usdt(struct rp_source *source, const struct rp_compile_opts *opts,
                                     rp_write_before_fn before) {
    bool reads = rp_names_has(&source->scan.mentioned, "bpf_usdt_readarg") ||
                 rp_names_has(&source->scan.mentioned, "bpf_usdt_readarg_p");
    if (!reads || !before)
        return NULL;
    size_t size;
    FILE *out = open_memstream(&source->usdt, &size);
    if (!out)
        return rp_error_nomem();
    struct rp_names done = {0};
    struct rp_error *err = NULL;
    for (size_t i = 0; i < opts->attach_count && !err; i++)
        err = before(opts->attach[i], &done, out);
    rp_names_clear(&done);
    fclose(out);
    if (!err)
        rp_scan_text(&source->scan, source->usdt, size);
    return err;
}

/* ------------------------------------------------------------- names that the source uses */

/* The part of a format that describes the struct: its head has a number that differs from boot to
 * boot. */
static const char *without_id(const char *format) {
    const char *fields = format ? strstr(format, "\nformat:") : NULL;
    return fields ? fields : format;
}

/* "\tfield:TYPE NAME[SIZE];": skips the names, which may be those of unrelated types.
 */
static void scan_field_types(struct rp_scan *scan, const char *format) {
    for (const char *field = format; (field = rp_event_next_field(field));) {
        const char *end = field + strcspn(field, ";\n");
        const char *type_end = end;
        while (type_end > field && type_end[-1] != ' ' && type_end[-1] != '*')
            type_end--;
        rp_scan_text(scan, field, (size_t)(type_end - field));
    }
}

/* libbcc makes the struct of TRACEPOINT_PROBE from the format. */
void rp_source_scan_tracepoints(struct rp_source *source) {
    struct rp_digest formats = rp_digest_begin();
    for (size_t i = 0; i < source->scan.tracepoints.count; i++) {
        const char *event = source->scan.tracepoints.items[i];
        const char *colon = strchr(event, ':');
        RP_AUTO_FREE char *category = strndup(event, (size_t)(colon - event));
        RP_AUTO_FREE char *format = category ? rp_tracefs_event_format(category, colon + 1) : NULL;
        bool is_shown = format || !category || !(format = rp_event_format(category, colon + 1));
        rp_digest_text(&formats, without_id(format));
        rp_digest_text(&formats, is_shown ? "shown" : rp_unshown_syscall_way(colon + 1));
        source->has_unshown_syscalls |= !is_shown;
        if (format)
            scan_field_types(&source->scan, format);
        else if (!source->unknown_tracepoint)
            source->unknown_tracepoint = strdup(event);
    }
    rp_digest_end(&formats, source->tracepoints);
}

/* The next word of `*names`, up to `end`; false if there is none. */
static bool next_word(const char **names, const char *end, const char **word, size_t *len) {
    const char *p = *names;
    while (p < end && *p == ' ')
        p++;
    *word = p;
    while (p < end && *p != ' ')
        p++;
    *names = p;
    *len = (size_t)(p - *word);
    return *len > 0;
}

static bool mentions_one_of(const struct rp_scan *scan, const char *names, size_t len) {
    const char *word, *end = names + len;
    for (size_t word_len; next_word(&names, end, &word, &word_len);)
        if (rp_names_has_n(&scan->mentioned, word, word_len) &&
            !rp_names_has_n(&scan->defined, word, word_len))
            return true;
    return false;
}

/* "#define sk_daddr __sk_common.skc_daddr" would spoil what the author declares of that name. */
static bool spoils_own(const struct rp_scan *scan, const char *names, size_t len,
                       const char *body) {
    static const char define[] = "#define ";
    size_t begin = sizeof(define) - 1;
    while (len && names[len - 1] == '\n')
        len--;
    return !strncmp(body, define, begin) && !strncmp(body + begin, names, len) &&
           body[begin + len] == ' ' &&
           (rp_names_has_n(&scan->members, names, len) ||
            rp_names_has_n(&scan->declared, names, len));
}

static const char piece_mark[] = "\n//@ ";

void rp_source_snippet_names(struct rp_names *names) {
    for (const char *piece = rp_embedded_snippets_h; (piece = strstr(piece, piece_mark));) {
        piece += strlen(piece_mark);
        const char *word, *end = strchr(piece, '\n');
        for (size_t len; next_word(&piece, end, &word, &len);)
            rp_names_add(names, word, len);
    }
}

void rp_source_write_snippets(struct rp_source *source, FILE *out) {
    struct rp_names taken = {0};
    for (bool added = true; added;) {
        added = false;
        const char *piece = strstr(rp_embedded_snippets_h, piece_mark);
        while (piece) {
            const char *names = piece + strlen(piece_mark), *body = strchr(names, '\n') + 1;
            const char *next = strstr(body - 1, piece_mark);
            size_t body_len = next ? (size_t)(next + 1 - body) : strlen(body);
            size_t names_len = (size_t)(body - 1 - names);
            if (!rp_names_has_n(&taken, names, names_len) &&
                mentions_one_of(&source->scan, names, names_len) &&
                !spoils_own(&source->scan, names, names_len, body)) {
                rp_names_add(&taken, names, names_len);
                struct rp_scan of_piece = {0};
                rp_scan_text(&of_piece, body, body_len);
                for (size_t i = 0; i < of_piece.mentioned.count; i++)
                    rp_names_add(&source->scan.mentioned, of_piece.mentioned.items[i],
                                 strlen(of_piece.mentioned.items[i]));
                rp_scan_clear(&of_piece);
                fwrite(body, 1, body_len, out);
                added = true;
            }
            piece = next;
        }
    }
    rp_names_clear(&taken);
}

/* ------------------------------------------------------------- the kernel's configuration */

/* The options that the source mentions, from the kernel's configuration file; gzopen() also reads
 * plain files. */
static void write_config(const struct rp_source *source, const struct utsname *kernel, FILE *out) {
    bool asked = false;
    for (size_t i = 0; i < source->scan.mentioned.count && !asked; i++)
        asked = strncmp(source->scan.mentioned.items[i], "CONFIG_", 7) == 0;
    char boot[PATH_MAX];
    snprintf(boot, sizeof(boot), "/boot/config-%s", kernel->release);
    gzFile file = NULL;
    if (asked && !(file = gzopen("/proc/config.gz", "r")))
        file = gzopen(boot, "r");
    char line[1024];
    while (file && gzgets(file, line, sizeof(line))) {
        char *value = strchr(line, '=');
        if (strncmp(line, "CONFIG_", 7) != 0 || !value)
            continue;
        *value++ = '\0';
        value[strcspn(value, "\n")] = '\0';
        if (!rp_names_has(&source->scan.mentioned, line))
            continue;
        const char *suffix = *value == 'm' ? "_MODULE" : "";
        fprintf(out, "#undef %s\n#define %s%s %s\n", line, line, suffix,
                *value == 'y' || *value == 'm' ? "1" : value);
    }
    if (file)
        gzclose(file);
}

/* ------------------------------------------------------------- the two texts */

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* Takes comments, indents and empty lines out, which Clang reads three times. Clang maps what is
 * longer than four pages into memory, which takes longer than to read it. */
static void squeeze(char *text) {
    char *to = text;
    for (const char *c = text, *end; *c; c = end) {
        end = rp_piece_end(c);
        char last = to > text ? to[-1] : '\n';
        bool is_space = is_blank(*c) || rp_is_comment(c);
        if (is_space ? is_blank(last) || last == '\n' : *c == '\n' && last == '\n')
            continue;
        if (is_space) {
            *to++ = ' ';
            continue;
        }
        memmove(to, c, (size_t)(end - c));
        to += end - c;
    }
    *to = '\0';
}

static void write_base(const struct rp_source *source, bool whole, FILE *out) {
    struct utsname kernel = {0};
    unsigned major = 0, minor = 0, patch = 0;
    uname(&kernel);
    sscanf(kernel.release, "%u.%u.%u", &major, &minor, &patch);
    fputs(rp_embedded_base_h, out);
    fprintf(out, "#define LINUX_VERSION_CODE KERNEL_VERSION(%u, %u, %u)\n", major, minor, patch);
    write_config(source, &kernel, out);
    /* A struct first named inside a prototype would be another type. */
    const struct rp_scan *libbcc = rp_libbcc_scan();
    for (size_t i = 0; i < libbcc->tags.count; i++)
        if (!rp_names_has(&libbcc->defined, libbcc->tags.items[i]))
            fprintf(out, "struct %s;\n", libbcc->tags.items[i]);
    if (whole)
        return;
    struct rp_scan reached = {0}; /* the types may need some of libbcc's */
    rp_scan_text(&reached, source->types, strlen(source->types));
    for (size_t i = 0; i < source->scan.mentioned.count; i++)
        rp_names_add(&reached.mentioned, source->scan.mentioned.items[i],
                     strlen(source->scan.mentioned.items[i]));
    rp_libbcc_write_reduced(&reached.mentioned, &source->scan.mentioned, out);
    rp_scan_clear(&reached);
}

/* What base.h and libbcc's headers define; kept for the next source. */
static struct rp_scan earlier;

static const struct rp_names *defined_earlier(void) {
    if (!earlier.defined.count) {
        const struct rp_names *libbcc = &rp_libbcc_scan()->defined;
        rp_scan_text(&earlier, rp_embedded_base_h, strlen(rp_embedded_base_h));
        for (size_t i = 0; i < libbcc->count; i++)
            rp_names_add(&earlier.defined, libbcc->items[i], strlen(libbcc->items[i]));
    }
    return &earlier.defined;
}

/* Whether the source mentions the function of glue.h; if so, adds what the function mentions. */
static bool mentions_with(struct rp_source *source, const char *function, const char *names) {
    if (!rp_names_has(&source->scan.mentioned, function))
        return false;
    rp_scan_text(&source->scan, names, strlen(names));
    return true;
}

/* Where a task has what the functions of glue.h read of it. */
static void write_task_offset(const struct rp_btf *btf, const struct btf_type *task,
                              const char *member, FILE *out) {
    uint32_t bytes;
    if (task && rp_btf_member_offset(btf, task, member, strlen(member), &bytes))
        fprintf(out, "#define RP_TASK_%s %u\n", member, bytes);
}

static void write_descent(const struct rp_btf *btf, const struct btf_type *task, FILE *out) {
    fputs("struct task_struct;\n", out);
    write_task_offset(btf, task, "tgid", out);
    write_task_offset(btf, task, "real_parent", out);
}

static void write_syscall_arguments(FILE *out) {
    fputs("#define RP_SYSCALL_ARGUMENTS ((u16[]){", out);
    for (int i = 0; i < RP_SYSCALL_ARGUMENTS; i++)
        fprintf(out, "%s%u", i ? ", " : "", rp_arch.arguments[i]);
    fputs("})\n", out);
}

/* Where the kernel has seccomp's filters, and a helper that finds the registers of a task
 * (bpf_task_pt_regs), whose places are known. */
static void write_refusals(const struct rp_btf *btf, const struct btf_type *task, FILE *out) {
    if (!rp_arch.arguments[0] || !rp_kernel_at_least(5, 15))
        return;
    const struct btf_type *filter = rp_btf_find_composite(btf, "seccomp_filter");
    if (!filter || !btf_vlen(filter))
        return;
    write_task_offset(btf, task, "seccomp", out);
    write_syscall_arguments(out);
}

/* Where struct pt_regs has what a syscall is given, and what tells tasks of another width. */
static void write_syscalls(const struct rp_btf *btf, const struct btf_type *task, FILE *out) {
    const struct btf_type *info = rp_btf_find_composite(btf, "thread_info");
    const char *member = rp_arch.narrow_member;
    uint32_t at, in;
    if (!rp_arch.number || !task || !info || !member ||
        !rp_btf_member_offset(btf, task, "thread_info", strlen("thread_info"), &at) ||
        !rp_btf_member_offset(btf, info, member, strlen(member), &in))
        return;
    fprintf(out, "#define RP_SYSCALL_NUMBER %u\n#define RP_TASK_NARROW %u\n", rp_arch.number,
            at + in);
    fprintf(out, "#define RP_NARROW_BIT %u\nstruct bpf_raw_tracepoint_args;\n", rp_arch.narrow_bit);
    write_syscall_arguments(out);
}

/* Everything but what must come before libbcc's headers. */
static void write_types(struct rp_source *source, const struct rp_btf *btf,
                        const struct rp_btf *modules, FILE *out) {
    RP_AUTO_FREE char *snippets = NULL;
    size_t size;
    FILE *pieces = open_memstream(&snippets, &size);
    if (!pieces)
        return; /* the compiler will say what is missing */
    bool uses_is_target = mentions_with(source, "is_target", "");
    bool uses_is_target_task =
        mentions_with(source, "is_target_task",
                      "struct task_struct cred comm cgroups css_set dfl_cgrp cgroup kn "
                      "kernfs_node id self parent cgroup_subsys_state uid");
    static const char raw[] = "struct bpf_raw_tracepoint_args args";
    bool uses_is_self = mentions_with(source, "is_self", "");
    bool uses_syscalls = mentions_with(source, "enters_syscall", raw) ||
                         mentions_with(source, "leaves_syscall", raw) ||
                         mentions_with(source, "syscall_argument", raw);
    if (source->has_unshown_syscalls) {
        rp_scan_text(&source->scan, raw, strlen(raw));
        uses_syscalls = true;
    }
    bool uses_unwound_stack = mentions_with(
        source, "unwound_stack",
        "struct task_struct mm group_leader start_time self_exec_id mm_struct start_stack pt_regs "
        "ip sp bp cs bpf_probe_read_user bpf_get_prandom_u32 BPF_NOEXIST utask uprobe_task "
        "return_instances return_instance stack orig_ret_vaddr next");
    rp_source_write_snippets(source, pieces);
    fclose(pieces);
    const struct rp_types_names names = {.wanted = &source->scan.mentioned,
                                         .earlier = defined_earlier(),
                                         .later = &source->scan.defined,
                                         .declared = &source->scan.declared};
    source->uses_modules = rp_types_write(btf, modules, &names, out);
    fputs(snippets, out);
    fprintf(out, "#define RP_USES_IS_TARGET %d\n", uses_is_target);
    fprintf(out, "#define RP_USES_IS_TARGET_TASK %d\n", uses_is_target_task);
    fprintf(out, "#define RP_USES_IS_SELF %d\n", uses_is_self);
    fprintf(out, "#define RP_USES_WAKEUP_FLAGS %d\n",
            rp_names_has(&source->scan.mentioned, "BPF_RB_NO_WAKEUP") ||
                rp_names_has(&source->scan.mentioned, "BPF_RB_FORCE_WAKEUP"));
    /* Others' objects are the same on many kernels. */
    bool descends = uses_is_target || uses_is_target_task,
         refuses = rp_names_has(&source->scan.mentioned, "refused_call");
    const struct btf_type *task =
        descends || refuses || uses_syscalls ? rp_btf_find_composite(btf, "task_struct") : NULL;
    if (descends)
        write_descent(btf, task, out);
    if (refuses)
        write_refusals(btf, task, out);
    if (uses_syscalls)
        write_syscalls(btf, task, out);
    fputs(rp_embedded_glue_h, out);
    if (source->has_unshown_syscalls)
        rp_write_unshown_syscalls(&source->scan.tracepoints, out);
    if (uses_unwound_stack)
        fprintf(out, "#define RP_HAS_RETURNS %d\n%s",
                rp_btf_find_composite(btf, "return_instance") != NULL, rp_embedded_unwind_h);
    fputs(source->usdt ? source->usdt : "", out);
}

struct rp_error *rp_source_prepare(struct rp_source *source, bool whole) {
    source->whole = whole;
    const struct rp_btf *btf;
    RP_TRY(rp_kernel_types(&btf));
    size_t size;
    free(rp_take(source->types));
    FILE *out = open_memstream(&source->types, &size);
    if (!out)
        return rp_error_nomem();
    struct rp_btf *modules = whole ? rp_kernel_module_types() : NULL;
    write_types(source, btf, modules, out);
    rp_btf_free(modules);
    if (fclose(out))
        return rp_error_nomem();
    squeeze(source->types);
    free(rp_take(source->base));
    out = open_memstream(&source->base, &size);
    if (!out)
        return rp_error_nomem();
    write_base(source, whole, out);
    if (fclose(out))
        return rp_error_nomem();
    squeeze(source->base);
    return NULL;
}

void rp_source_clear(struct rp_source *source) {
    rp_scan_clear(&source->scan);
    rp_names_clear(&source->stubs);
    rp_texts_clear(&source->dirs);
    free(source->base);
    free(source->types);
    free(source->usdt);
    free(source->unknown_tracepoint);
    memset(source, 0, sizeof(*source));
}

void rp_source_release(void) {
    rp_scan_clear(&earlier);
    rp_libbcc_release();
    rp_kernel_btf_release();
    rp_debug_release();
}

/* ------------------------------------------------------------- where an object comes from */

/* A digest of the kernel's part of what rp_source_prepare() wrote: a kernel with the same digest
 * can run what was compiled with it. */
static void types_digest(const struct rp_source *source, char hex[65]) {
    struct rp_digest digest = rp_digest_begin();
    rp_digest_text(&digest, source->types);
    rp_digest_text(&digest, source->tracepoints);
    if (rp_names_has(&source->scan.mentioned, "LINUX_VERSION_CODE"))
        rp_digest_text(&digest, source->base); /* the version is in it, and the configuration */
    rp_digest_end(&digest, hex);
}

/* The names, separated by spaces; malloc()ed. */
static char *join(const struct rp_names *names) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && i < names->count; i++)
        fprintf(out, "%s%s", i ? " " : "", names->items[i]);
    return out && fclose(out) == 0 ? text : NULL;
}

static void split(const char *text, struct rp_names *names) {
    for (const char *p = text ? text : ""; *p;) {
        size_t len = strcspn(p, " ");
        rp_names_add(names, p, len);
        p += len + (p[len] == ' ');
    }
}

struct rp_error *rp_origin_fill(struct rp_object_origin *origin, const char *name,
                                const struct rp_source *source) {
    struct rp_kernel_identity kernel = {0};
    rp_kernel_identify(&kernel);
    origin->source = strdup(name);
    origin->reprobe = strdup(rp_version());
    origin->kernel = strdup(kernel.name);
    origin->kernel_build = strdup(kernel.build);
    if (!origin->source || !origin->reprobe || !origin->kernel || !origin->kernel_build)
        return rp_error_nomem();
    if (!source)
        return NULL;
    char types[65];
    types_digest(source, types);
    origin->types = strdup(types);
    origin->whole = source->whole;
    origin->uses_modules = source->uses_modules;
    const struct rp_scan *scan = &source->scan;
    origin->mentioned = join(&scan->mentioned);
    origin->defined = join(&scan->defined);
    origin->declared = join(&scan->declared);
    origin->tracepoints = join(&scan->tracepoints);
    bool ok = origin->types && origin->mentioned && origin->defined && origin->declared &&
              origin->tracepoints;
    return ok ? NULL : rp_error_nomem();
}

/* Whether the types are the same as when it was compiled. */
static struct rp_error *same_types(const struct rp_object_origin *origin, bool *same) {
    RP_AUTO(rp_source_clear) struct rp_source source = {0};
    split(origin->mentioned, &source.scan.mentioned);
    split(origin->defined, &source.scan.defined);
    split(origin->declared, &source.scan.declared);
    split(origin->tracepoints, &source.scan.tracepoints);
    rp_source_scan_tracepoints(&source);
    RP_TRY(rp_source_prepare(&source, origin->whole));
    char types[65];
    types_digest(&source, types);
    *same = origin->types && strcmp(types, origin->types) == 0;
    return NULL;
}

struct rp_error *rp_origin_fits(const struct rp_object_origin *origin) {
    struct rp_kernel_identity kernel = {0};
    rp_kernel_identify(&kernel);
    if (strcmp(kernel.build, origin->kernel_build) == 0 && !origin->uses_modules)
        return NULL;
    bool same = false;
    if (origin->types)
        RP_TRY(same_types(origin, &same));
    if (same)
        return NULL;
    RP_AUTO_FREE char *why = NULL;
    if (asprintf(&why, "it was compiled for %s by reprobe %s, and the types it uses differ on %s",
                 origin->kernel, origin->reprobe, kernel.name) < 0)
        return rp_error_nomem();
    return rp_error_hint_set(rp_error_new(ENOEXEC, why, "cannot use the object file"),
                             "compile it for this kernel: reprobe build %s -o FILE.rpo",
                             origin->source);
}
