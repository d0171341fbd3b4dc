/* SPDX-License-Identifier: Apache-2.0 */
/* USDT probes: locations that a program's authors marked (<sys/sdt.h>). One probe may have several
 * locations. Some programs skip them while a count in their memory, the semaphore, is 0: the kernel
 * raises it in each process while the probe is attached (Linux 4.20). */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/usdt_specs.h"
#include "probe/arguments.h"
#include "probe/attachment.h"
#include "probe/binary.h"
#include "probe/describe.h"
#include "probe/event_source.h"
#include "probe/kinds/usdt.h"
#include "util/cleanup.h"
#include "util/names.h"
#include "util/nearest.h"
#include "util/text.h"

#define MARKS "_.$-"
/* Of an event's configuration: where the semaphore is in the file. */
#define COUNTER_BIT 32

/* ------------------------------------------------------------------ parse */

/* The beginning of the part before `end` that contains no colon. */
static const char *last_part(const char *text, const char *end) {
    while (end > text && end[-1] != ':')
        end--;
    return end;
}

/* From the right: with three parts or more, the second last is the provider. */
static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    const char *end = rest + strlen(rest);
    const char *name = last_part(rest, end);
    if (name == rest)
        return rp_probe_error(EINVAL, *rest
                                          ? "a usdt has two or three parts, a program or library, "
                                            "maybe a provider, and the probe's name"
                                          : "the program or library of a usdt is missing");
    const char *path_end = name - 1, *provider = last_part(rest, path_end);
    if (provider > rest) {
        if (path_end > provider)
            RP_TRY(rp_spec_name(provider, (size_t)(path_end - provider), "provider", MARKS,
                                &spec->category));
        path_end = provider - 1;
        if (!spec->category && memchr(rest, ':', (size_t)(path_end - rest)))
            return rp_probe_error(EINVAL, "a path with a colon needs the provider, too");
    }
    if (path_end == rest)
        return rp_probe_error(EINVAL, "the program or library is missing");
    spec->path = strndup(rest, (size_t)(path_end - rest));
    if (!spec->path)
        return rp_error_nomem();
    return rp_spec_name(name, strlen(name), "probe", MARKS, &spec->target);
}

/* ------------------------------------------------------------------ resolve */

struct search {
    const struct rp_spec *spec;
    struct rp_names providers; /* with the wanted name */
    size_t probes;
    struct rp_nearest nearest;
};

/* Without a provider it may be anybody's. */
static bool is_meant(const struct rp_spec *spec, const struct rp_binary_usdt *usdt) {
    return !strcmp(usdt->name, spec->target) &&
           (!spec->category || !strcmp(usdt->provider, spec->category));
}

static void search_location(void *ctx, const struct rp_binary_usdt *usdt) {
    struct search *search = ctx;
    search->probes++;
    RP_AUTO_FREE char *both = NULL;
    if (is_meant(search->spec, usdt))
        rp_names_add(&search->providers, usdt->provider, strlen(usdt->provider));
    else if (asprintf(&both, "%s:%s", usdt->provider, usdt->name) >= 0)
        rp_nearest_add(&search->nearest, search->spec->category ? both : usdt->name);
}

static struct rp_error *no_probe(const struct rp_spec *spec, const struct search *search) {
    if (!search->probes)
        return rp_error_hint_set(rp_probe_error(ENOENT, "%s has no USDT probes", spec->path),
                                 "it may have been built without them; use uprobe:%s:FUNCTION",
                                 spec->path);
    struct rp_error *err = rp_probe_error(ENOENT, "there is no USDT probe %s%s%s in %s",
                                          spec->category ? spec->category : "",
                                          spec->category ? ":" : "", spec->target, spec->path);
    RP_AUTO_FREE char *guess = rp_nearest_text(&search->nearest, "");
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    return rp_error_hint_set(err, "reprobe list 'usdt:%s:*' lists them", spec->path);
}

static struct rp_error *conclude(struct rp_spec *spec, const struct search *search) {
    if (search->providers.count == 0)
        return no_probe(spec, search);
    if (search->providers.count > 1)
        return rp_error_hint_set(rp_probe_error(EINVAL, "%zu providers in %s have a probe %s",
                                                search->providers.count, spec->path, spec->target),
                                 "name the provider: usdt:%s:%s:%s or usdt:%s:%s:%s", spec->path,
                                 search->providers.items[0], spec->target, spec->path,
                                 search->providers.items[1], spec->target);
    if (!spec->category)
        spec->category = strdup(search->providers.items[0]);
    return spec->category ? NULL : rp_error_nomem();
}

static struct rp_error *resolve(struct rp_spec *spec) {
    char *path = NULL;
    RP_TRY(rp_binary_find(spec->path, &path));
    free(spec->path);
    spec->path = path;
    /* Names near to "PROVIDER:NAME", or to the name alone. */
    RP_AUTO_FREE char *wanted = NULL;
    if (asprintf(&wanted, "%s%s%s", spec->category ? spec->category : "", spec->category ? ":" : "",
                 spec->target) < 0)
        return rp_error_nomem();
    struct search search = {.spec = spec, .nearest = {.wanted = wanted}};
    struct rp_error *err = rp_binary_each_usdt(path, search_location, &search);
    if (!err)
        err = conclude(spec, &search);
    rp_names_clear(&search.providers);
    rp_nearest_clear(&search.nearest);
    return err;
}

/* ------------------------------------------------------------------ attach */

struct attaching {
    const struct rp_spec *spec;
    int prog_fd;
    struct rp_attachment *out;
    struct rp_names matches; /* attached already: the file may have a note twice */
    struct rp_error *err;
};

/* By an event of its own, which has a cookie: the program finds its arguments by that. */
static int attach_described(const struct rp_spec *spec, const struct rp_breakpoint *match,
                            uint64_t cookie, int prog_fd, struct rp_attachment *out) {
    struct perf_event_attr attr = {.uprobe_path = (uintptr_t)match->path,
                                   .probe_offset = match->offset};
    if (!rp_event_source_set(&attr, "uprobe", false))
        return EINVAL;
    attr.config |= (uint64_t)match->counter << COUNTER_BIT;
    return rp_event_attach(&attr, spec->pid, &cookie, prog_fd, out);
}

static struct rp_error *refused(const struct rp_spec *spec, bool described, int errnum) {
    if (described && errnum == EINVAL)
        return rp_probe_error(errnum, "bpf_usdt_arg() needs Linux 5.15 or later");
    return rp_binary_refusal(spec->path, spec->target, errnum);
}

static struct rp_error *attach_at(struct attaching *attaching, const struct rp_binary_usdt *usdt) {
    const struct rp_spec *spec = attaching->spec;
    if (usdt->has_semaphore && (!usdt->semaphore || usdt->semaphore > UINT32_MAX))
        return rp_probe_error(ENOTSUP,
                              "the probe's semaphore is not in the file's section .probes");
    struct rp_breakpoint match = {.path = spec->path,
                                  .pid = spec->pid,
                                  .offset = rp_binary_offset(spec->path, usdt->address),
                                  .counter = (uint32_t)usdt->semaphore};
    if (!match.offset)
        return rp_probe_error(ENOEXEC,
                              "there is no code at 0x%" PRIx64 ", where the note says that "
                              "the probe is",
                              usdt->address);
    bool described = rp_module_reads_usdt(spec->module);
    uint64_t cookie = 0;
    if (described)
        RP_TRY(rp_usdt_describe(spec, usdt, &cookie));
    int errnum = described
                     ? attach_described(spec, &match, cookie, attaching->prog_fd, attaching->out)
                     : rp_breakpoint_attach(&match, attaching->prog_fd, attaching->out);
    return errnum ? refused(spec, described, errnum) : NULL;
}

static void attach_location(void *ctx, const struct rp_binary_usdt *usdt) {
    struct attaching *attaching = ctx;
    char address[32];
    snprintf(address, sizeof(address), "%" PRIx64, usdt->address);
    if (!attaching->err && is_meant(attaching->spec, usdt) &&
        rp_names_add(&attaching->matches, address, strlen(address)))
        attaching->err = attach_at(attaching, usdt);
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    struct attaching attaching = {.spec = spec, .prog_fd = prog_fd, .out = out};
    struct rp_error *err = rp_binary_each_usdt(spec->path, attach_location, &attaching);
    rp_names_clear(&attaching.matches);
    return err ? err : attaching.err;
}

/* ------------------------------------------------------------------ list */

static void collect(void *ctx, const struct rp_binary_usdt *usdt) {
    RP_AUTO_FREE char *both = NULL;
    if (asprintf(&both, "%s:%s", usdt->provider, usdt->name) >= 0)
        rp_names_add(ctx, both, strlen(both));
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    RP_AUTO_FREE char *name = NULL;
    RP_TRY(rp_binary_of_pattern(pattern, &name));
    RP_AUTO_FREE char *path = NULL;
    RP_TRY(rp_binary_find(name, &path));
    struct rp_names probes = {0};
    struct rp_error *err = rp_binary_each_usdt(path, collect, &probes);
    for (size_t i = 0; i < probes.count && !err; i++) {
        RP_AUTO_FREE char *rest = NULL;
        if (asprintf(&rest, "%s:%s", name, probes.items[i]) < 0 || !each(ctx, rest))
            break;
    }
    rp_names_clear(&probes);
    return err;
}

/* ------------------------------------------------------------------ arguments */

struct noting {
    const struct rp_spec *spec;
    struct rp_arguments *out;
    struct rp_error *err;
};

/* Of one argument at one location, "-4@8(%rsp)"; NULL: nothing is in the way. */
static const char *why_missing(const char *text) {
    const char *at = strchr(text, '@');
    if (strstr(text, "%xmm"))
        return "is in a vector register, which BPF cannot read";
    if (at && (isalpha((unsigned char)at[1]) || at[1] == '_'))
        return "is at an address given by a symbol's name, which reprobe does not look up";
    return NULL;
}

/* What it is at another location may be readable: then reading it fails only here. */
static struct rp_error *note_argument(struct rp_arguments *arguments, size_t i, const char *text) {
    const char *why = why_missing(text);
    bool is_new = i == arguments->count;
    if (is_new)
        RP_TRY(rp_arguments_add(arguments, rp_text("arg%zu", i), strdup("long")));
    struct rp_argument *argument = &arguments->list[i];
    argument->may_be_unread |= why || strchr(text, '(');
    if (is_new && why) {
        argument->missing = strdup(why);
        return argument->missing ? NULL : rp_error_nomem();
    }
    if (!why) {
        free(argument->missing);
        argument->missing = NULL;
    }
    return NULL;
}

static void note_location(void *ctx, const struct rp_binary_usdt *usdt) {
    struct noting *noting = ctx;
    RP_AUTO_FREE char *text = strdup(usdt->arguments);
    char *rest = text;
    if (!is_meant(noting->spec, usdt))
        return;
    for (size_t i = 0; text && !noting->err; i++) {
        char *one = strtok_r(i ? NULL : text, " ", &rest);
        if (!one)
            break;
        noting->err = note_argument(noting->out, i, one);
    }
}

static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    struct noting noting = {.spec = spec, .out = arguments};
    if (!spec->target || !spec->path)
        return rp_arguments_add_unknown(arguments);
    struct rp_error *err = rp_binary_each_usdt(spec->path, note_location, &noting);
    return err ? err : noting.err;
}

static void write_argument(const struct rp_function_text *f, size_t i) {
    const struct rp_argument *argument = &f->arguments->list[i];
    rp_write_local(f->out, argument->type, argument->name, "0");
    fputs("    ", f->out);
    if (argument->may_be_unread)
        fprintf(f->out, "int " RP_UNREAD_ARGUMENT " = ", argument->name);
    fprintf(f->out, "bpf_usdt_readarg(%zu, %s, &%s);\n", i + 1, f->context, argument->name);
}

/* ------------------------------------------------------------------ for people */

struct usdt_locations {
    const struct rp_spec *spec;
    FILE *out;
    unsigned count;
};

static void print_usdt(void *ctx, const struct rp_binary_usdt *usdt) {
    struct usdt_locations *locations = ctx;
    const struct rp_spec *spec = locations->spec;
    if (!is_meant(spec, usdt))
        return;
    rp_describe_label(locations->out, locations->count++ ? "" : "location");
    fprintf(locations->out, "0x%" PRIx64 ", arguments: %s%s\n", usdt->address,
            *usdt->arguments ? usdt->arguments : "none",
            usdt->has_semaphore ? "; skipped while nobody traces it (semaphore)" : "");
}

/* Written to memory: while libbcc searches, everything on standard output counts as its output. */
static void describe(const struct rp_spec *spec, FILE *out) {
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    struct usdt_locations locations = {.spec = spec, .out = open_memstream(&text, &size)};
    rp_describe_file(spec, out);
    if (!locations.out)
        return;
    rp_error_free(rp_binary_each_usdt(spec->path, print_usdt, &locations));
    fclose(locations.out);
    fputs(text ? text : "", out);
}

const struct rp_probe_kind rp_usdt_kind = {
    .name = "usdt",
    .alias = "U",
    .usage = "usdt:PATH:[PROVIDER:]NAME",
    .what = "a static probe of a program or library",
    .in_files = true,
    .parse = parse,
    .sections = (const char *const[]){"usdt", NULL},
    .prog_type = BPF_PROG_TYPE_KPROBE,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .arguments = arguments,
    .memory = rp_memory_of_process,
    .write_argument = write_argument,
    .write_head = rp_write_registers_head,
    .write_before = rp_usdt_write_readers,
    .cannot_move = "the location of a USDT probe decides how a program reads its arguments",
    .describe = describe,
    .target_noun = "static probe",
};
