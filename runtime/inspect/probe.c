/* SPDX-License-Identifier: Apache-2.0 */
/* What a place is. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "kernel/tracefs.h"
#include "probe/binary.h"
#include "probe/probe.h"
#include "reprobe_query.h"
#include "util/cleanup.h"

#define LABEL_WIDTH 11

static void label(FILE *out, const char *name) {
    fprintf(out, "  %-*s", LABEL_WIDTH, name);
}

static bool is_kernel_function(const struct rp_probe_kind *kind) {
    return kind == &rp_kprobe_kind || kind == &rp_kretprobe_kind || kind == &rp_fentry_kind ||
           kind == &rp_fexit_kind;
}

/* ------------------------------------------------------------- functions of the kernel */

struct function {
    const char *wanted;
    char *module;
    uint64_t address;
    unsigned count;
};

static bool find_function(void *ctx, const char *name, const char *module, uint64_t address) {
    struct function *function = ctx;
    if (strcmp(name, function->wanted) != 0)
        return true;
    if (!function->count++) {
        function->module = module ? strdup(module) : NULL;
        function->address = address;
    }
    return true;
}

static void print_function(const struct rp_spec *spec, FILE *out) {
    struct function function = {.wanted = spec->target};
    rp_error_free(rp_ksyms_each(find_function, &function));
    uint64_t size = rp_ksym_size(spec->target);
    if (function.module) {
        label(out, "module");
        fprintf(out, "%s\n", function.module);
    }
    label(out, "address");
    if (function.address)
        fprintf(out, "0x%" PRIx64, function.address + spec->offset);
    else
        fputs("not shown (kernel.kptr_restrict, or this is not root)", out);
    if (size)
        fprintf(out, ", of %" PRIu64 " bytes", size);
    fputc('\n', out);
    if (function.count > 1)
        fprintf(out, "  %-*s%u functions of this kernel have that name\n", LABEL_WIDTH, "",
                function.count);
    free(function.module);
}

/* ------------------------------------------------------------- tracepoints */

/* "offset:8;" -> 8 */
static unsigned number_behind(const char *line, const char *word) {
    const char *at = strstr(line, word);
    return at ? (unsigned)strtoul(at + strlen(word), NULL, 10) : 0;
}

static void print_field(const char *line, FILE *out) {
    const char *field = line + strlen("field:");
    fprintf(out, "  %-*s%6u %6u  %.*s\n", LABEL_WIDTH, "", number_behind(line, "offset:"),
            number_behind(line, "size:"), (int)strcspn(field, ";"), field);
}

/* The fields of tracefs' format, and how it prints them itself. */
static void print_format(const struct rp_spec *spec, FILE *out) {
    RP_AUTO_FREE char *format = rp_tracefs_event_format(spec->category, spec->target);
    char *rest = format;
    label(out, "fields");
    fputs("offset   size  type and name\n", out);
    for (char *line; (line = strsep(&rest, "\n"));) {
        line += strspn(line, " \t");
        if (strncmp(line, "field:", 6) == 0)
            print_field(line, out);
        if (strncmp(line, "print fmt: ", 11) == 0) {
            label(out, "printed as");
            fprintf(out, "%s\n", line + 11);
        }
    }
}

/* ------------------------------------------------------------- programs and libraries */

static void print_file(const struct rp_spec *spec, FILE *out) {
    label(out, "file");
    fprintf(out, "%s%s\n", spec->path,
            rp_binary_is_stripped(spec->path) ? " (stripped: only exported functions have names)"
                                              : "");
    if (!spec->number)
        return;
    label(out, "offset");
    fprintf(out, "0x%" PRIx64 " in the file\n", spec->number);
}

struct usdt_places {
    const struct rp_spec *spec;
    FILE *out;
    unsigned count;
};

static void print_usdt(void *ctx, const struct rp_binary_usdt *usdt) {
    struct usdt_places *places = ctx;
    const struct rp_spec *spec = places->spec;
    if (strcmp(usdt->name, spec->target) != 0 ||
        (spec->category && strcmp(usdt->provider, spec->category) != 0))
        return;
    label(places->out, places->count++ ? "" : "place");
    fprintf(places->out, "0x%" PRIx64 ", arguments: %s%s\n", usdt->address,
            *usdt->arguments ? usdt->arguments : "none",
            usdt->has_semaphore ? "; passed by where nobody traces it (semaphore)" : "");
}

/* In memory: while libbcc looks for them, what is written to standard output is taken for its. */
static void print_usdt_places(const struct rp_spec *spec, FILE *out) {
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    struct usdt_places places = {.spec = spec, .out = open_memstream(&text, &size)};
    print_file(spec, out);
    if (!places.out)
        return;
    rp_error_free(rp_binary_each_usdt(spec->path, print_usdt, &places));
    fclose(places.out);
    fputs(text ? text : "", out);
}

/* ------------------------------------------------------------- any place */

static void cleanup_arguments(struct rp_arguments **arguments) {
    rp_arguments_free(*arguments);
}

/* "ssize_t vfs_read(struct file *file)", without the spec's kind and path. */
static void print_signature(const char *spec, const struct rp_spec *parsed, FILE *out) {
    RP_AUTO(cleanup_arguments) struct rp_arguments *arguments = NULL;
    struct rp_error *err = rp_arguments_of(spec, &arguments);
    label(out, "signature");
    if (err) {
        fprintf(out, "not known: %s\n", rp_error_why(err));
        rp_error_free(err);
        return;
    }
    RP_AUTO_FREE char *text = rp_arguments_signature(parsed->target, arguments);
    if (!arguments->known)
        fprintf(out,
                "nobody tells its arguments: arg0 to arg%zu are what it may have been "
                "called with\n",
                arguments->count ? arguments->count - 1 : 0);
    else if (text)
        fprintf(out, "%s%s%s\n", arguments->result ? arguments->result : "",
                arguments->result && !strchr("*", arguments->result[strlen(arguments->result) - 1])
                    ? " "
                    : "",
                text);
}

static void print_details(const char *spec, const struct rp_spec *parsed, FILE *out) {
    const struct rp_probe_kind *kind = parsed->kind;
    bool has_signature = is_kernel_function(kind) || kind == &rp_raw_tracepoint_kind ||
                         kind == &rp_tp_btf_kind || kind == &rp_uprobe_kind ||
                         kind == &rp_uretprobe_kind;
    if (has_signature)
        print_signature(spec, parsed, out);
    if (is_kernel_function(kind))
        print_function(parsed, out);
    else if (kind == &rp_tracepoint_kind)
        print_format(parsed, out);
    else if (kind == &rp_usdt_kind)
        print_usdt_places(parsed, out);
    else if (parsed->path)
        print_file(parsed, out);
}

/* Whether it can be probed here; `err` is why not, or NULL. */
static void print_here(const struct rp_error *err, FILE *out) {
    label(out, "here");
    if (!err) {
        fputs("it can be probed\n", out);
        return;
    }
    fprintf(out, "it cannot be probed: %s\n", rp_error_why(err));
    if (rp_error_hint(err))
        fprintf(out, "  %-*shint: %s\n", LABEL_WIDTH, "", rp_error_hint(err));
}

/* A function that is there can be looked at where it cannot be probed. */
static bool is_there(struct rp_spec *spec) {
    if (!is_kernel_function(spec->kind))
        return false;
    char *syscall = rp_syscall_function(spec->target);
    if (syscall) {
        free(spec->target);
        spec->target = syscall;
    }
    return rp_ksym_exists(spec->target);
}

static void cleanup_error(struct rp_error **err) {
    rp_error_free(*err);
}

struct rp_error *rp_inspect_probe(const char *text, FILE *out) {
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    RP_AUTO(cleanup_error) struct rp_error *err = spec.kind->resolve(&spec);
    if (err && !is_there(&spec))
        return rp_error_what_set(rp_take(err), "cannot look at %s", text);
    if (!err && spec.kind->refuses)
        err = spec.kind->refuses(&spec);
    RP_AUTO_FREE char *full = rp_spec_text(&spec);
    if (!full)
        return rp_error_nomem();
    fprintf(out, "%s: %s\n", full, spec.kind->what);
    print_details(full, &spec, out);
    print_here(err, out);
    return NULL;
}
