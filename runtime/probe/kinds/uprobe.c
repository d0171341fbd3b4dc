/* SPDX-License-Identifier: Apache-2.0 */
/* uprobes and uretprobes: the entry, an instruction, or the return of a function of a program or
 * library, in any process that runs it. */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "probe/arguments.h"
#include "probe/attachment.h"
#include "probe/binary.h"
#include "probe/describe.h"
#include "probe/disassembler.h"
#include "probe/event_source.h"
#include "probe/go.h"
#include "probe/leaving.h"
#include "probe/line.h"
#include "probe/matches.h"
#include "probe/program_function.h"
#include "probe/typed.h"
#include "util/cleanup.h"
#include "util/demangle.h"
#include "util/names.h"
#include "util/text.h"

/* The characters of symbols in C, C++, Rust and Go. */
#define MARKS "_.$@-/()~,: <>&*[]{}=!|^%#+\""

/* Bytes, on x86. */
#define INSTRUCTION_MAX 15

/* ------------------------------------------------------------------ parse */

/* C++'s "name[abi:cxx11]". */
static bool is_of_tag(const char *rest, const char *colon) {
    static const char tag[] = "[abi";
    size_t length = strlen(tag);
    return (size_t)(colon - rest) >= length && !strncmp(colon - length, tag, length);
}

/* The colon before the function: a path may contain colons, a function's name those of
 * "Shape::area". */
static const char *find_colon(const char *rest) {
    const char *found = NULL;
    for (const char *at = rest; (at = strchr(at, ':')); at += strspn(at, ":"))
        if (at[1] != ':' && !is_of_tag(rest, at))
            found = at;
    return found;
}

static const char *find_name(const char *rest) {
    const char *line = rp_line_find(rest);
    return line ? line : find_colon(rest);
}

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    const char *line = rp_line_find(rest), *colon = find_name(rest);
    if (line && rp_probe_kind_sees_return(spec->kind))
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "a %s is at a function's return and has no line",
                           spec->kind->name),
            "uprobe:PATH:FILE:LINE is at a line, %s at the return", spec->kind->usage);
    if (rp_probe_kind_sees_return(spec->kind))
        RP_TRY(rp_spec_check_return(colon ? colon : "", "uprobe:PATH:FUNCTION+OFFSET", spec));
    if (!colon)
        return rp_probe_error(EINVAL,
                              *rest ? "a %s has two parts, a program or library and a function"
                                    : "the program or library of a %s is missing",
                              spec->kind->name);
    if (colon == rest)
        return rp_probe_error(EINVAL, "the program or library is missing");
    spec->path = strndup(rest, (size_t)(colon - rest));
    if (!spec->path)
        return rp_error_nomem();
    if (line)
        return rp_spec_name(line + 1, strlen(line + 1), "file", MARKS, &spec->target);
    RP_TRY(rp_spec_function(colon + 1, MARKS, spec));
    if (spec->target[strspn(spec->target, "0123456789")])
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(EINVAL, "%s is a number, and no function has such a name", spec->target),
        "an address begins with 0x, and a line is behind its file: %s:PATH:FILE:LINE",
        spec->kind->name);
}

static bool has_name(const char *rest) {
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {.kind = &rp_uprobe_kind};
    struct rp_error *err = parse(rest, &spec);
    bool parsed = !err;
    rp_error_free(err);
    return parsed && rp_program_has_marked(spec.path, spec.target);
}

/* ------------------------------------------------------------------ resolve */

static bool is_address(const char *target) {
    return target[0] == '0' && (target[1] == 'x' || target[1] == 'X');
}

static struct rp_error *read_address(const struct rp_spec *spec, uint64_t *address) {
    char *end = NULL;
    errno = 0;
    *address = strtoull(spec->target, &end, 16);
    if (!*end && !errno && spec->target[2])
        return NULL;
    return rp_error_hint_set(rp_probe_error(EINVAL, "%s is not an address", spec->target),
                             "write it in hexadecimal, as shown by nm and objdump -d: 0x1139");
}

/* ------------------------------------------------------------------ whether it can be probed */

static struct rp_error *not_an_instruction(const struct rp_spec *spec, uint64_t start,
                                           uint64_t address, const struct rp_boundary *at) {
    if (!at->known)
        return rp_error_hint_set(
            rp_probe_error(EILSEQ,
                           "it is not known whether an instruction begins at 0x%" PRIx64
                           " in %s, and in the middle of one a probe would destroy it",
                           address, spec->path),
            "probe the entry of a function");
    struct rp_error *err =
        rp_probe_error(EILSEQ,
                       "no instruction begins at 0x%" PRIx64 " in %s, and in the middle of one a "
                       "probe would destroy it",
                       address, spec->path);
    if (is_address(spec->target) && !spec->offset)
        return rp_error_hint_set(err, "the nearest are 0x%" PRIx64 " and 0x%" PRIx64,
                                 start + at->before, start + at->after);
    uint64_t base = address - spec->offset - start;
    return rp_error_hint_set(err, "the nearest are %s+%" PRIu64 " and %s+%" PRIu64, spec->target,
                             at->before - base, spec->target, at->after - base);
}

/* The kernel puts a breakpoint wherever it is told to. `start` is an instruction before it. */
static struct rp_error *check_instruction(const struct rp_spec *spec, uint64_t start,
                                          uint64_t address) {
    size_t size = address - start + INSTRUCTION_MAX;
    RP_AUTO_FREE uint8_t *code = malloc(size);
    if (!code)
        return rp_error_nomem();
    size_t got = rp_binary_read_code(spec->path, start, code, size);
    struct rp_boundary at = rp_find_boundary(code, got, address - start);
    return at.known && at.before == address - start ? NULL
                                                    : not_an_instruction(spec, start, address, &at);
}

/* What is on the stack is the address to return to at a function's first instruction only. */
static struct rp_error *check_entry(const struct rp_spec *spec, uint64_t address,
                                    const struct rp_symbol_at *in) {
    if (!in->name || in->address == address)
        return rp_leaving_check(spec->path, in->name ? in->name : "");
    return rp_error_hint_set(
        rp_probe_error(EINVAL,
                       "0x%" PRIx64 " in %s is in the middle of %s: a %s begins at the entry",
                       address, spec->path, in->name, spec->kind->name),
        "use %s:%s:0x%" PRIx64, spec->kind->name, spec->path, in->address);
}

static struct rp_error *check_address(const struct rp_spec *spec, uint64_t address) {
    struct rp_symbol_at in = {.wanted = address};
    RP_TRY(rp_binary_each_function(spec->path, rp_symbol_at_one, &in));
    RP_AUTO_FREE char *name = in.name;
    uint64_t start = name ? in.address : rp_binary_section(spec->path, address);
    if (rp_probe_kind_sees_return(spec->kind))
        RP_TRY(check_entry(spec, address, &in));
    return start ? check_instruction(spec, start, address) : NULL;
}

/* Debug information may be wrong. */
static struct rp_error *resolve_line(struct rp_spec *spec) {
    struct rp_lines lines = {0};
    struct rp_error *err = rp_line_addresses(spec->path, spec->target, &lines);
    for (size_t i = 0; !err && i < lines.count; i++)
        err = check_address(spec, lines.items[i].address);
    if (!err)
        spec->number = rp_binary_offset(spec->path, lines.items[0].address);
    rp_vec_clear(&lines);
    return err;
}

/* An instruction that was asked for is that one. */
static bool is_entry_of_go(const struct rp_spec *spec) {
    return !spec->offset && !is_address(spec->target) && rp_go_is(spec->path);
}

static struct rp_error *resolve(struct rp_spec *spec) {
    char *path = NULL;
    RP_TRY(rp_binary_find(spec->path, &path));
    free(spec->path);
    spec->path = path;
    uint64_t address = 0, size = 0;
    if (rp_line_is(spec->target))
        return resolve_line(spec);
    if (is_address(spec->target))
        RP_TRY(read_address(spec, &address));
    else
        RP_TRY(rp_program_function(spec, &address, &size));
    if (rp_probe_kind_sees_return(spec->kind))
        RP_TRY(rp_leaving_check(spec->path, spec->target));
    if (is_entry_of_go(spec))
        address = rp_go_entry(spec->path, address);
    RP_TRY(rp_spec_check_offset(spec, size));
    spec->number = rp_binary_offset(spec->path, address + spec->offset);
    if (spec->number)
        return spec->offset || is_address(spec->target)
                   ? check_address(spec, address + spec->offset)
                   : NULL;
    return rp_error_hint_set(rp_probe_error(ERANGE, "there is no code at 0x%" PRIx64 " in %s",
                                            address + spec->offset, spec->path),
                             "use an address as shown by nm and objdump -d '%s', not one in a "
                             "running process",
                             spec->path);
}

/* ------------------------------------------------------------------ attach */

static struct rp_error *attach_at(const struct rp_spec *spec, uint64_t offset, int prog_fd,
                                  struct rp_attachment *out) {
    struct rp_breakpoint match = {
        .is_return = spec->kind->is_return, .path = spec->path, .pid = spec->pid, .offset = offset};
    int errnum = rp_breakpoint_attach(&match, prog_fd, out);
    return errnum ? rp_binary_refusal(spec->path, spec->target, errnum) : NULL;
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    if (!rp_line_is(spec->target))
        return attach_at(spec, spec->number, prog_fd, out);
    struct rp_lines lines = {0};
    struct rp_error *err = rp_line_addresses(spec->path, spec->target, &lines);
    for (size_t i = 0; !err && i < lines.count; i++)
        err = attach_at(spec, rp_binary_offset(spec->path, lines.items[i].address), prog_fd, out);
    rp_vec_clear(&lines);
    return err;
}

/* ------------------------------------------------------------------ list */

struct visit {
    bool (*each)(void *ctx, const char *rest);
    void *ctx;
    const char *name; /* the file, as written in the pattern */
    bool of_returns;
    struct rp_names seen;
};

static bool visit_function(void *ctx, const char *name, uint64_t address, uint64_t size) {
    (void)address;
    (void)size;
    struct visit *visit = ctx;
    if ((visit->of_returns && rp_leaving_of_function(name)) ||
        !rp_names_add(&visit->seen, name, strlen(name)))
        return true;
    RP_AUTO_FREE char *written = rp_demangle(name);
    RP_AUTO_FREE char *rest = rp_text("%s:%s", visit->name, written ? written : name);
    return rest && visit->each(visit->ctx, rest);
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    RP_AUTO_FREE char *name = NULL;
    RP_TRY(rp_binary_of_pattern(pattern, &name));
    RP_AUTO_FREE char *path = NULL;
    RP_TRY(rp_binary_find(name, &path));
    struct visit visit = {
        .each = each, .ctx = ctx, .name = name, .of_returns = rp_probe_kind_sees_return(kind)};
    struct rp_error *err = rp_binary_each_function(path, visit_function, &visit);
    rp_names_clear(&visit.seen);
    return err;
}

/* ------------------------------------------------------------------ match */

struct matching {
    const char *pattern;       /* of functions */
    struct rp_names ifuncs;    /* indirect functions */
    struct rp_names addresses; /* a function with several names comes once for each */
    bool is_go;
    struct rp_matches *out;
    struct rp_error *err;
};

static bool add_ifunc(void *ctx, const char *name, uint64_t address, uint64_t size) {
    (void)address;
    (void)size;
    struct matching *matching = ctx;
    rp_names_add(&matching->ifuncs, name, strlen(name));
    return true;
}

static bool match_function(void *ctx, const char *name, uint64_t address, uint64_t size) {
    (void)size;
    struct matching *matching = ctx;
    RP_AUTO_FREE char *written = rp_demangle(name);
    bool as_written = written && fnmatch(matching->pattern, written, 0) == 0;
    if ((!as_written && fnmatch(matching->pattern, name, 0) != 0) ||
        rp_names_has(&matching->ifuncs, name))
        return true;
    char key[24];
    int length = snprintf(key, sizeof(key), "%" PRIx64, address);
    if (!rp_names_add(&matching->addresses, key, (size_t)length))
        return true;
    if (rp_probe_kind_sees_return(matching->out->kind) && rp_leaving_of_function(name)) {
        matching->out->left_out++;
        return true;
    }
    if (matching->is_go)
        address = rp_go_entry(matching->out->path, address);
    uint64_t offset = rp_binary_offset(matching->out->path, address);
    if (offset)
        matching->err = rp_matches_add(matching->out, as_written ? written : name, offset);
    return !matching->err;
}

static struct rp_error *match(const char *pattern, struct rp_matches *out) {
    const char *colon = find_colon(pattern);
    RP_AUTO_FREE char *name = colon ? strndup(pattern, (size_t)(colon - pattern)) : NULL;
    if (!name || !*name || strpbrk(name, "*?["))
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "the pattern must begin with one program or library"),
            "such as %s:bash:*readline*", out->kind->name);
    RP_TRY(rp_binary_find(name, &out->path));
    if (rp_probe_kind_sees_return(out->kind))
        RP_TRY(rp_go_refuse_return(out->path));
    struct matching matching = {.pattern = colon + 1, .out = out, .is_go = rp_go_is(out->path)};
    rp_binary_each_ifunc(out->path, add_ifunc, &matching);
    struct rp_error *err = rp_binary_each_function(out->path, match_function, &matching);
    rp_names_clear(&matching.ifuncs);
    rp_names_clear(&matching.addresses);
    if (matching.err) {
        rp_error_free(err);
        err = matching.err;
    }
    return err;
}

static bool set_event(struct perf_event_attr *attr, const struct rp_matches *matches, size_t i) {
    attr->uprobe_path = (uintptr_t)matches->path;
    attr->probe_offset = matches->items[i].number;
    return rp_event_source_set(attr, "uprobe", matches->kind->is_return);
}

/* ------------------------------------------------------------------ arguments */

/* Of an instruction the names of its line's function are meant, which may be inlined there. */
static struct rp_error *add_arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    uint64_t address = 0, size;
    if (rp_line_is(spec->target))
        return rp_line_arguments(spec->path, spec->target, arguments);
    if (!is_address(spec->target)) {
        struct rp_error *err = rp_program_function(spec, &address, &size);
        /* It may be one without a symbol, for which somebody has an address. */
        if (err && rp_error_errno(err) == ENOENT && rp_binary_is_stripped(spec->path)) {
            rp_error_free(err);
            return rp_arguments_add_unknown(arguments);
        }
        RP_TRY(err);
        RP_TRY(rp_typed_arguments(spec->path, address + spec->offset, NULL, arguments));
        /* They are the same behind the check, where the probe is. */
        if (is_entry_of_go(spec) && arguments->address)
            arguments->address = rp_go_entry(spec->path, address);
        return NULL;
    }
    RP_TRY(read_address(spec, &address));
    struct rp_symbol_at in = {.wanted = address + spec->offset};
    RP_TRY(rp_binary_each_function(spec->path, rp_symbol_at_one, &in));
    bool is_entry = in.name && in.address == in.wanted;
    free(in.name);
    return is_entry ? rp_typed_arguments(spec->path, in.wanted, NULL, arguments)
                    : rp_line_arguments_at(spec->path, in.wanted, arguments);
}

/* Programs whose functions are called otherwise than C's are on this machine. */
struct foreign {
    bool keeps_typed; /* what debug information tells is so */
    const char *argument, *result;
};

/* Go passes arguments in registers of its own choice, and what it returns cannot be seen. */
static const struct foreign of_go = {
    true,
    "is not where C has it: Go passes arguments in other registers, which only debug "
    "information tells",
    "cannot be read: the stacks of Go move, and a probe at a return would end the program"};
static const struct foreign of_narrow = {
    false, "cannot be read: this is a 32-bit program, whose arguments are elsewhere",
    "cannot be read: this is a 32-bit program"};

static struct rp_error *set_missing(struct rp_argument *argument, const char *why) {
    free(argument->missing);
    argument->missing = strdup(why);
    return argument->missing ? NULL : rp_error_nomem();
}

static struct rp_error *set_foreign(struct rp_arguments *arguments, const struct foreign *foreign) {
    if (!foreign->keeps_typed)
        arguments->debug = NULL; /* nor its variables */
    RP_TRY(set_missing(&arguments->typed, foreign->result));
    for (size_t i = 0; i < arguments->count; i++)
        if (!arguments->list[i].btf || !foreign->keeps_typed)
            RP_TRY(set_missing(&arguments->list[i], foreign->argument));
    return NULL;
}

static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    RP_AUTO_FREE char *path = NULL;
    if (spec->target) {
        RP_TRY(rp_binary_find(spec->path, &path));
        struct rp_spec there = *spec;
        there.path = path;
        struct rp_error *err = add_arguments(&there, arguments);
        const struct foreign *foreign = rp_binary_is_narrow(path) ? &of_narrow
                                        : rp_go_is(path)          ? &of_go
                                                                  : NULL;
        if (!err && foreign)
            err = set_foreign(arguments, foreign);
        RP_AUTO_FREE char *text = err ? rp_spec_text(spec) : NULL;
        if (err)
            return text ? rp_error_what_set(err, "cannot attach %s", text) : err;
    } else {
        RP_TRY(rp_arguments_add_unknown(arguments));
    }
    if (spec->kind->is_return) /* the registers have other contents */
        arguments->readable = 0;
    return NULL;
}

static void write_argument(const struct rp_function_text *f, size_t i) {
    const struct rp_argument *argument = &f->arguments->list[i];
    if (argument->btf)
        rp_typed_write(f, argument);
    else if (argument->is_spare)
        rp_write_register_argument(f, i, (size_t)(argument->name[strlen("arg")] - '0'));
    else
        rp_write_register_argument(f, i, i);
}

static void write_result(const struct rp_function_text *f) {
    if (f->arguments->typed.btf)
        rp_typed_write(f, &f->arguments->typed);
    else
        rp_write_register_result(f);
}

/* A line may be in the middle of a call, too. */
static char *call(const struct rp_spec *spec, enum rp_call_part part) {
    static const struct rp_probe_kind *const kinds[] = {
        [RP_CALL_ENTRY] = &rp_uprobe_kind, [RP_CALL_RETURN] = &rp_uretprobe_kind};
    return part <= RP_CALL_RETURN && !rp_line_is(spec->target) ? rp_spec_as(spec, kinds[part]->name)
                                                               : NULL;
}

static char *risk(const char *rest) {
    const char *colon = find_name(rest);
    RP_AUTO_FREE char *file = colon ? strndup(rest, (size_t)(colon - rest)) : NULL;
    RP_AUTO_FREE char *path = NULL;
    struct rp_error *err = file ? rp_binary_find(file, &path) : NULL;
    rp_error_free(err);
    const char *when = path ? rp_leaving_of(path) : NULL;
    return when ? rp_text("a probe is at a return in %s: the program ends if %s", file, when)
                : NULL;
}

static void describe(const struct rp_spec *spec, FILE *out) {
    rp_describe_signature(spec, out);
    rp_describe_file(spec, out);
}

/* ------------------------------------------------------------------ the kinds */

const struct rp_probe_kind rp_uprobe_kind = {
    .name = "uprobe",
    .alias = "u",
    .usage = "uprobe:PATH:FUNCTION[+OFFSET], or PATH:FILE:LINE",
    .what = "the entry of a function of a program or library, or an instruction or line in it",
    .in_files = true,
    .parse = parse,
    .find_name = find_name,
    .has_name = has_name,
    .sections = (const char *const[]){"uprobe", "uprobe.multi", NULL},
    .prog_type = BPF_PROG_TYPE_KPROBE,
    .multi_type = RP_TRACE_UPROBE_MULTI,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .match = match,
    .set_event = set_event,
    .arguments = arguments,
    .add_named = rp_typed_add_global,
    .memory = rp_memory_of_process,
    .unseen = rp_program_function_copies,
    .call = call,
    .write_argument = write_argument,
    .write_frame = rp_write_registers_frame,
    .write_head = rp_write_registers_head,
    .describe = describe,
    .target_noun = "function",
};

const struct rp_probe_kind rp_uretprobe_kind = {
    .name = "uretprobe",
    .alias = "ur",
    .usage = "uretprobe:PATH:FUNCTION",
    .what = "the return of a function of a program or library",
    .in_files = true,
    .parse = parse,
    .find_name = find_name,
    .has_name = has_name,
    .sections = (const char *const[]){"uretprobe", "uretprobe.multi", NULL},
    .prog_type = BPF_PROG_TYPE_KPROBE,
    .multi_type = RP_TRACE_UPROBE_MULTI,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .match = match,
    .set_event = set_event,
    .arguments = arguments,
    .memory = rp_memory_of_process,
    .is_return = true,
    .risk = risk,
    .unseen = rp_program_function_copies,
    .call = call,
    .result = RP_RESULT_READ,
    .write_result = write_result,
    .write_frame = rp_write_registers_frame,
    .write_head = rp_write_registers_head,
    .describe = describe,
    .target_noun = "function",
};
