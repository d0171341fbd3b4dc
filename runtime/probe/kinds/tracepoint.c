/* SPDX-License-Identifier: Apache-2.0 */
/* Tracepoints: events that the kernel's authors put into the code, with named fields. */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/bcc.h"
#include "kernel/features.h"
#include "kernel/ksyms.h"
#include "kernel/syscalls.h"
#include "kernel/tracefs.h"
#include "probe/arguments.h"
#include "probe/completion.h"
#include "probe/describe.h"
#include "probe/kernel_event.h"
#include "probe/kinds/exec.h"
#include "probe/matches.h"
#include "probe/symbols.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    const char *colon = strchr(rest, ':');
    if (!colon)
        return rp_probe_error(EINVAL, *rest
                                          ? "a tracepoint has two parts, its category and its name"
                                          : "the category is missing");
    /* Categories such as xhci-hcd. */
    RP_TRY(rp_spec_name(rest, (size_t)(colon - rest), "category", "_.$-", &spec->category));
    if (strchr(colon + 1, ':'))
        return rp_probe_error(EINVAL,
                              "too many parts: a tracepoint has two, its category and its name");
    return rp_spec_name(colon + 1, strlen(colon + 1), "tracepoint", "_.$-", &spec->target);
}

/* ------------------------------------------------------------------ resolve */

struct search {
    const struct rp_spec *spec;
    struct rp_nearest names;      /* in the wanted category */
    struct rp_nearest categories; /* if the category does not exist */
    char *elsewhere;              /* the first category that has exactly that name */
    bool category_exists;
};

static bool search_event(void *ctx, const char *event) {
    struct search *search = ctx;
    const char *colon = strchr(event, ':');
    if (!colon)
        return true;
    RP_AUTO_FREE char *category = strndup(event, (size_t)(colon - event));
    if (!category)
        return false;
    const char *name = colon + 1;
    if (!strcmp(category, search->spec->category)) {
        search->category_exists = true;
        rp_nearest_add(&search->names, name);
    } else {
        rp_nearest_add(&search->categories, category);
        if (!search->elsewhere && !strcmp(name, search->spec->target))
            search->elsewhere = rp_take(category);
    }
    return true;
}

static struct rp_error *hint_nearest(struct rp_error *err, const struct search *search) {
    RP_AUTO_FREE char *names = rp_nearest_text(&search->names, "");
    RP_AUTO_FREE char *categories = rp_nearest_text(&search->categories, "");
    if (search->elsewhere)
        return rp_error_hint_set(err, "did you mean tracepoint:%s:%s?", search->elsewhere,
                                 search->spec->target);
    if (search->category_exists && names)
        return rp_error_hint_set(err, "did you mean %s?", names);
    if (search->category_exists)
        return rp_error_hint_set(err, "reprobe list 'tracepoint:%s:*' lists what exists",
                                 search->spec->category);
    if (categories)
        return rp_error_hint_set(err, "did you mean the category %s?", categories);
    return rp_error_hint_set(err, "reprobe list 'tracepoint:*' lists what exists");
}

static struct rp_error *no_tracepoint(const struct rp_spec *spec) {
    struct search search = {
        .spec = spec, .names = {.wanted = spec->target}, .categories = {.wanted = spec->category}};
    struct rp_error *err = rp_tracefs_each_event(search_event, &search);
    if (!err) {
        if (search.category_exists)
            err = rp_probe_error(ENOENT, "the kernel has no tracepoint %s in the category %s",
                                 spec->target, spec->category);
        else
            err =
                rp_probe_error(ENOENT, "the kernel has no tracepoint category %s", spec->category);
        hint_nearest(err, &search);
    }
    rp_nearest_clear(&search.names);
    rp_nearest_clear(&search.categories);
    free(search.elsewhere);
    return err;
}

/* What tracefs hides may be seen at the raw tracepoint of all system calls. */
static struct rp_error *refusal(const struct rp_spec *spec, int errnum) {
    struct rp_error *err = rp_kernel_refusal(errnum);
    struct rp_spec raw = {.kind = &rp_raw_syscall_kind, .target = spec->target};
    if (!rp_kernel_may_trace() || strcmp(spec->category, "syscalls") != 0)
        return err;
    struct rp_error *absent = raw.kind->resolve(&raw);
    if (!absent)
        rp_error_hint_set(err, "run as root (sudo), or ask at %s:%s", raw.kind->name, raw.target);
    rp_error_free(absent);
    return err;
}

static struct rp_error *resolve(struct rp_spec *spec) {
    const char *root;
    RP_TRY(rp_tracefs_path(&root));
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/events/%s/%s/id", root, spec->category, spec->target);
    if (access(path, R_OK) == 0)
        return NULL;
    if (errno == EACCES || errno == EPERM)
        return refusal(spec, errno);
    return no_tracepoint(spec);
}

/* ------------------------------------------------------------------ attach */

/* The same errno has other meanings once the event is open and only the program is refused:
 * perf_event_set_bpf_prog() in the kernel's kernel/events/core.c. */
static struct rp_error *explain(int errnum, bool program_refused) {
    if (program_refused && errnum == EACCES)
        return rp_error_hint_set(
            rp_probe_error(errnum, "the program reads beyond the fields of this tracepoint"),
            "write it for the fields of this tracepoint: TRACEPOINT_PROBE(CATEGORY, NAME), or the "
            "struct tracepoint__CATEGORY__NAME");
    if (errnum == E2BIG)
        return rp_error_hint_set(
            rp_probe_error(errnum, "it has as many programs attached as the kernel allows"),
            "end other tracers of this tracepoint");
    if (errnum == EPERM || errnum == EACCES)
        return rp_kernel_refusal(errnum);
    return rp_error_new(errnum, NULL, "cannot use the probe");
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    struct rp_capture capture = rp_capture_begin();
    int fd = rp_bcc()->bpf_attach_tracepoint(prog_fd, spec->category, spec->target);
    int errnum = errno;
    RP_AUTO_FREE char *said = rp_capture_end(&capture);
    if (fd < 0)
        return explain(errnum, said && strstr(said, "PERF_EVENT_IOC_SET_BPF"));
    return rp_attachment_add(out, fd, NULL);
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    return rp_tracefs_each_event(each, ctx);
}

struct matching {
    const char *pattern, *root; /* the path of tracefs */
    struct rp_matches *out;
    struct rp_error *err;
};

/* False if it is not an event of perf, or is gone. */
static bool read_id(const char *root, const char *event, uint64_t *id) {
    size_t category = strcspn(event, ":");
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/events/%.*s/%s/id", root, (int)category, event,
             event + category + 1);
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    return file && fscanf(file, "%" SCNu64, id) == 1;
}

static bool match_event(void *ctx, const char *event) {
    struct matching *matching = ctx;
    uint64_t id;
    if (fnmatch(matching->pattern, event, 0) == 0 && read_id(matching->root, event, &id))
        matching->err = rp_matches_add(matching->out, event, id);
    return !matching->err;
}

static struct rp_error *match(const char *pattern, struct rp_matches *out) {
    struct matching matching = {.pattern = pattern, .out = out};
    RP_TRY(rp_tracefs_path(&matching.root));
    RP_TRY(rp_tracefs_each_event(match_event, &matching));
    return matching.err;
}

/* ------------------------------------------------------------------ arguments */

static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    RP_AUTO_FREE char *format = rp_event_format(spec->category, spec->target);
    return format ? rp_arguments_add_fields(arguments, format) : rp_spec_check(spec);
}

/* The syscall's name, or NULL. */
static const char *syscall_of(const struct rp_spec *spec, bool *at_return) {
    return spec->category && !strcmp(spec->category, "syscalls")
               ? rp_syscall_of_event(spec->target, at_return)
               : NULL;
}

static enum rp_memory memory(const struct rp_spec *spec, const struct rp_arguments *arguments) {
    bool at_return;
    (void)arguments;
    return syscall_of(spec, &at_return) && !at_return ? RP_MEMORY_USER : RP_MEMORY_EITHER;
}

static bool returns(const struct rp_spec *spec) {
    bool at_return;
    return syscall_of(spec, &at_return) && at_return;
}

/* kernel/trace/trace_syscalls.c: the numbers of others are not those that the events have. */
static bool is_native(const struct rp_spec *spec) {
    bool at_return;
    return syscall_of(spec, &at_return);
}

static char *call(const struct rp_spec *spec, enum rp_call_part part) {
    bool at_return;
    const char *name = syscall_of(spec, &at_return);
    if (!name || part == RP_CALL_WHOLE || part == RP_CALL_COUNTED)
        return NULL;
    return rp_text("%s:syscalls:sys_%s_%s", spec->kind->name,
                   part == RP_CALL_ENTRY ? "enter" : "exit", name);
}

/* ------------------------------------------------------------------ C */

/* The formats of two tracepoints say whether a field has the same offset and type in both. */
static void write_layout(const struct rp_function_text *f) {
    for (size_t i = 0; i < f->arguments->count; i++) {
        const char *name = f->arguments->list[i].name;
        RP_AUTO_FREE char *field =
            rp_function_reads(f, name) ? rp_tracepoint_field(f->spec, name) : NULL;
        if (rp_function_reads(f, name))
            fprintf(f->out, "/* %s */\n", field ? field : "");
    }
}

static void write_head(const struct rp_function_text *f) {
    if (f->neutral)
        write_layout(f);
    if (rp_function_is_macro(f, "args")) {
        fprintf(f->out, "%s(", f->spec->kind->macro);
        rp_write_target(f);
        fputs(")\n{\n", f->out);
    } else if (f->names_itself) {
        fprintf(f->out, "int %s(struct %s *%s)\n{\n", f->name, f->neutral ? "PLACE" : f->name,
                f->context);
    } else {
        fprintf(f->out, "int %s(void *%s)\n{\n", f->name, f->context);
    }
}

static void write_argument(const struct rp_function_text *f, size_t i) {
    const struct rp_argument *argument = &f->arguments->list[i];
    const char *context = f->context, *array = strchr(argument->type, '[');
    int length = (int)(array ? array - argument->type : (ptrdiff_t)strlen(argument->type));
    while (length && argument->type[length - 1] == ' ')
        length--;
    if (array && array[1] == ']') /* the field has its offset and length */
        fprintf(f->out, "    %.*s *%s = (void *)%s + (%s->data_loc_%s & 0xFFFF);\n", length,
                argument->type, argument->name, context, context, argument->name);
    else if (array)
        fprintf(f->out, "    %.*s *%s = %s->%s;\n", length, argument->type, argument->name, context,
                argument->name);
    else if (argument->type[length - 1] == '*')
        fprintf(f->out, "    %s%s = (%s)%s->%s;\n", argument->type, argument->name, argument->type,
                context, argument->name);
    else
        fprintf(f->out, "    %s %s = %s->%s;\n", argument->type, argument->name, context,
                argument->name);
}

/* ------------------------------------------------------------------ for people */

static void print_field(const char *line, FILE *out) {
    const char *field = line + strlen("field:");
    fprintf(out, "  %-*s%6u %6u  %.*s\n", RP_LABEL_WIDTH, "", rp_field_number(line, "offset:"),
            rp_field_number(line, "size:"), (int)strcspn(field, ";"), field);
}

/* One whose fields are known although this user cannot look whether it is there. */
static bool exists(const struct rp_spec *spec) {
    bool at_return;
    const char *name = syscall_of(spec, &at_return);
    if (!name || !rp_tracefs_is_denied() || !rp_kernel_has_syscall(name))
        return false;
    RP_AUTO_FREE char *format = rp_event_format(spec->category, spec->target);
    return format;
}

/* The fields of the format in tracefs, and how it prints them itself. */
static void describe(const struct rp_spec *spec, FILE *out) {
    RP_AUTO_FREE char *format = rp_event_format(spec->category, spec->target);
    char *rest = format;
    rp_describe_label(out, "fields");
    fputs("offset   size  type and name\n", out);
    for (char *line; (line = strsep(&rest, "\n"));) {
        line += strspn(line, " \t");
        if (strncmp(line, "field:", 6) == 0)
            print_field(line, out);
        if (strncmp(line, "print fmt: ", 11) == 0) {
            rp_describe_label(out, "printed as");
            fprintf(out, "%s\n", line + 11);
        }
    }
}

static char *symbols(const struct rp_spec *spec, const char *field) {
    RP_AUTO_FREE char *format = rp_event_format(spec->category, spec->target);
    return format ? rp_format_symbols(format, field) : NULL;
}

static bool set_event(struct perf_event_attr *attr, const struct rp_matches *matches, size_t i) {
    attr->type = PERF_TYPE_TRACEPOINT;
    attr->config = matches->items[i].number;
    return true;
}

/* kernel/events/core.c: perf_event_set_bpf_prog() */
static struct rp_error *refuses_all(int errnum, size_t count) {
    if (errnum != EACCES)
        return NULL;
    return rp_error_hint_set(rp_probe_error(errnum,
                                            "the program reads beyond the fields of one of the "
                                            "%zu matching tracepoints",
                                            count),
                             "read only fields that all of them have, or use a narrower pattern");
}

const struct rp_probe_kind rp_tracepoint_kind = {
    .name = "tracepoint",
    .alias = "t",
    .usage = "tracepoint:CATEGORY:NAME",
    .what = "a static event of the kernel, with named fields",
    .has_category = true,
    .parse = parse,
    .function_prefix = "tracepoint__",
    .macro = "TRACEPOINT_PROBE",
    .sections = (const char *const[]){"tracepoint", "tp", NULL},
    .prog_type = BPF_PROG_TYPE_TRACEPOINT,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .match = match,
    .set_event = set_event,
    .refuses_all = refuses_all,
    .noun = "field",
    .arguments = arguments,
    .field = rp_tracepoint_field,
    .field_at = rp_tracepoint_field_at,
    .symbols = symbols,
    .memory = memory,
    .returns = returns,
    .call = call,
    /* kernel/entry/common.c: syscall_trace_enter() asks seccomp before it tells of the call, and
     * syscall_exit_work() tells of the return in any case. */
    .may_lack_entry = true,
    .is_native = is_native,
    .context = "args",
    .other_context = "event_args",
    .write_argument = write_argument,
    .write_count = rp_write_count_of_exec,
    .write_kept = rp_write_kept_of_exec,
    .result = RP_RESULT_ARGUMENT,
    .result_member = "ret",
    .write_head = write_head,
    .exists = exists,
    .describe = describe,
    .complete = rp_complete_tracepoint,
};
