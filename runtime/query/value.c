/* SPDX-License-Identifier: Apache-2.0 */
/* What a program reads: what each expression is, where it is read, how much room it has. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/nearest.h"

/* Of text, in bytes. */
#define TEXT_CAPACITY     64
#define TEXT_CAPACITY_MIN 16
/* Of what is on a program's stack at a time, which has 512. */
#define STACK_CAPACITY 256

/* ------------------------------------------------------------------ values */

void rp_values_clear(struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++)
        free(values->items[i].text);
    rp_vec_clear(values);
    *values = (struct rp_values){0};
}

/* A C name made of an expression: "name_name" of "name->name". */
void rp_value_member(const char *text, char *out, size_t size) {
    size_t length = 0;
    for (const char *c = text; *c && length + 1 < size; c++)
        if (isalnum((unsigned char)*c) || *c == '_') {
            if (!length && isdigit((unsigned char)*c))
                out[length++] = '_';
            if (length + 1 < size)
                out[length++] = *c;
        } else if (length && out[length - 1] != '_') {
            out[length++] = '_';
        }
    while (length > 1 && out[length - 1] == '_')
        length--;
    out[length] = '\0';
    if (!length)
        snprintf(out, size, "value");
}

static bool is_taken(const struct rp_values *values, const char *member) {
    static const char *const own[] = {"place", "slot", "user_stack", "kernel_stack", "ns",    "int",
                                      "char",  "long", "short",      "unsigned",     "sizeof"};
    for (size_t i = 0; i < RP_COUNT(own); i++)
        if (!strcmp(own[i], member))
            return true;
    for (size_t i = 0; i < values->count; i++)
        if (!strcmp(values->items[i].member, member))
            return true;
    return false;
}

/* `reserved`: the members that each such struct begins with. */
static void name_member(const struct rp_values *values, const char *text,
                        const char *const *reserved, char out[48]) {
    char base[40];
    rp_value_member(text, base, sizeof(base));
    snprintf(out, 48, "%s", base);
    for (unsigned n = 2; n < 100; n++) {
        bool taken = is_taken(values, out);
        for (size_t i = 0; reserved && reserved[i]; i++)
            taken |= !strcmp(reserved[i], out);
        if (!taken)
            return;
        snprintf(out, 48, "%s_%u", base, n);
    }
}

struct rp_value *rp_value_add(struct rp_values *values, const char *text,
                              const char *const *reserved) {
    if (!rp_vec_reserve(values, 1))
        return NULL;
    struct rp_value *value = &values->items[values->count];
    *value = (struct rp_value){.text = strdup(text)};
    if (!value->text)
        return NULL;
    name_member(values, text, reserved, value->member);
    value->is.text = value->text;
    values->count++;
    return value;
}

/* ------------------------------------------------------------------ what they are */

/* `ret` is what the return says; all else what the entry's does. */
const struct rp_arguments *rp_plan_names(const struct rp_query_plan *p) {
    return p->points[0].arguments;
}

struct unknown {
    const char *task;
    const struct rp_arguments *arguments;
    size_t readable;
    char name[64];
    bool found, beyond;
    bool absent; /* a builtin that has no value there */
};

/* Whether the name is followed as a struct, or is all there is: then it must be one of ours. */
static bool check_name(void *ctx, const char *name, size_t length) {
    struct unknown *u = ctx;
    snprintf(u->name, sizeof(u->name), "%.*s", (int)length, name);
    for (size_t i = 0; i < u->arguments->count; i++)
        if (!strcmp(u->arguments->list[i].name, u->name)) {
            u->beyond = i >= u->readable;
            return !u->beyond;
        }
    const struct rp_builtin *builtin = rp_builtin_find(u->name);
    u->absent = builtin && !rp_builtin_is_at(builtin, u->task);
    u->found = builtin && !u->absent;
    return u->found;
}

static char *argument_names(const struct rp_arguments *arguments) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < arguments->count; i++)
        fprintf(out, "%s%s", i ? ", " : "", arguments->list[i].name);
    fclose(out);
    return text;
}

static const char *target_of(const struct rp_attach_point *point) {
    return point->spec.target ? point->spec.target : point->text;
}

static struct rp_error *unknown_name(const struct rp_query_plan *p,
                                     const struct rp_attach_point *point, const char *name) {
    RP_AUTO_FREE char *all = argument_names(point->arguments);
    const char *noun = rp_spec_noun(&point->spec);
    struct rp_error *err =
        point->arguments->count
            ? rp_cannot_answer(p->question, EINVAL, "%s has no %s `%s`; its %ss are %s",
                               target_of(point), noun, name, noun, all ? all : "")
            : rp_cannot_answer(p->question, EINVAL, "%s has no %s `%s`, as it has none at all",
                               target_of(point), noun, name);
    struct rp_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < point->arguments->count; i++)
        rp_nearest_add(&nearest, point->arguments->list[i].name);
    for (const struct rp_builtin *b = rp_builtins; b->name; b++)
        rp_nearest_add(&nearest, b->name);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    return rp_error_hint_set(err, "everywhere there are pid, tid, uid, comm, cpu, nsecs, cgroup, "
                                  "stack, and ret where something returns");
}

/* An expression that is a name, or members of one. */
bool rp_is_simple(const char *text) {
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    struct rp_token token = rp_lex(&lexer);
    if (token.kind != RP_TOKEN_IDENT)
        return false;
    token = rp_lex(&lexer);
    struct rp_token next = rp_lex(&lexer);
    return token.kind == RP_TOKEN_END || rp_token_is(&token, ".") ||
           (rp_token_is(&token, "-") && rp_token_is(&next, ">"));
}

static struct rp_error *beyond_registers(const struct rp_query_plan *p,
                                         const struct rp_attach_point *point, const char *name) {
    const struct rp_probe_kind *kind = point->spec.kind;
    struct rp_error *err =
        rp_cannot_answer(p->question, ENOTSUP, "`%s` of %s is in no register that a %s can read",
                         name, target_of(point), kind->name);
    if (kind->has_more_arguments)
        return rp_error_hint_set(err, "%s:%s may have it", kind->has_more_arguments,
                                 target_of(point));
    return rp_error_hint_set(err, "ask for another of %s", target_of(point));
}

static struct rp_error *absent_builtin(const struct rp_query_plan *p,
                                       const struct rp_attach_point *point, const char *name) {
    return rp_error_hint_set(
        rp_cannot_answer(p->question, ENOTSUP, "there is no `%s` at %s, %s", name, point->text,
                         *point->task ? "where the task that runs is not the one it is about"
                                      : "which is not about a task"),
        "`info %s` shows what can be read there", point->text);
}

struct rp_error *rp_check_names(const struct rp_query_plan *p, const char *text) {
    const struct rp_attach_point *point = rp_plan_entry(p);
    struct unknown u = {.task = point->task,
                        .arguments = rp_plan_names(p),
                        .readable = point->arguments->readable,
                        .found = true};
    rp_reads_each(text, check_name, &u);
    if (u.beyond)
        return beyond_registers(p, point, u.name);
    if (u.absent)
        return absent_builtin(p, point, u.name);
    return u.found || !rp_is_simple(text) ? NULL : unknown_name(p, point, u.name);
}

/* Syscalls' arguments lead into the process, where C's -> does not reach. */
static struct rp_error *check_user_memory(const struct rp_query_plan *p, const char *text) {
    const struct rp_attach_point *point = rp_plan_entry(p);
    if (point->memory == RP_MEMORY_KERNEL || (!strstr(text, "->") && !strchr(text, '[')) ||
        !rp_reads_argument(text, point->arguments))
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(
            p->question, ENOTSUP,
            "`%s` follows a pointer into the process's own memory, which C's -> and [] do not "
            "reach in BPF",
            text),
        "trace the kernel's function behind it, or write it in C with bpf_probe_read_user()");
}

/* Finds out what each of `list` is. */
struct rp_error *rp_plan_types(struct rp_query_plan *p, struct rp_expression **list, size_t count) {
    const struct rp_arguments *arguments = rp_plan_names(p);
    RP_AUTO_FREE struct rp_expression *rest = calloc(count + 1, sizeof(*rest));
    RP_AUTO_FREE size_t *from = calloc(count + 1, sizeof(*from));
    size_t rest_count = 0;
    if (!rest || !from)
        return rp_error_nomem();
    for (size_t i = 0; i < count; i++) {
        RP_TRY(rp_check_names(p, list[i]->text));
        RP_TRY(check_user_memory(p, list[i]->text));
        if (rp_path_type(arguments, list[i]))
            continue;
        from[rest_count] = i;
        rest[rest_count++] = *list[i];
    }
    if (!rest_count)
        return NULL;
    RP_AUTO_FREE char *own = rp_arguments_declare(arguments, arguments->count);
    RP_AUTO_FREE char *ret = arguments->result && !rp_argument_find(arguments, "ret")
                                 ? rp_type_declare(arguments->result, "ret")
                                 : NULL;
    RP_AUTO_FREE char *parameters = NULL;
    if (!own || asprintf(&parameters, "%s%s%s", own, *own && ret ? ", " : "", ret ? ret : "") < 0)
        return rp_error_nomem();
    RP_TRY(rp_expressions_type(parameters, rest, rest_count));
    for (size_t i = 0; i < rest_count; i++)
        *list[from[i]] = rest[i];
    return NULL;
}

/* ------------------------------------------------------------------ where they are read */

/* Text in the process's memory is read at the return: by then the kernel has read it, so that it is
 * in memory. */
static bool is_user_text(const struct rp_query_plan *p, const struct rp_value *value) {
    return rp_plan_entry(p)->memory != RP_MEMORY_KERNEL && value->is.shape == RP_SHAPE_TEXT &&
           !value->is.is_array;
}

static struct rp_error *save_argument(struct rp_query_plan *p, const struct rp_argument *argument) {
    for (size_t i = 0; i < p->saved.count; i++)
        if (p->saved.items[i].argument && !strcmp(p->saved.items[i].text, argument->name))
            return NULL;
    struct rp_value *value = rp_value_add(&p->saved, argument->name, NULL);
    if (!value)
        return rp_error_nomem();
    value->argument = value->at_entry = true;
    snprintf(value->is.type, sizeof(value->is.type), "%s", argument->type);
    value->is.shape = RP_SHAPE_INT;
    return NULL;
}

struct rp_error *rp_save_arguments(struct rp_query_plan *p, const char *text) {
    const struct rp_arguments *arguments = rp_plan_names(p);
    for (size_t i = 0; i < arguments->count; i++)
        if (rp_reads(text, arguments->list[i].name) &&
            (strcmp(arguments->list[i].name, "ret") != 0 ||
             p->points[1].spec.kind->result != RP_RESULT_ARGUMENT))
            RP_TRY(save_argument(p, &arguments->list[i]));
    return NULL;
}

bool rp_reads_ret(const struct rp_query_plan *p, const char *text) {
    return rp_reads(text, "ret") && !rp_argument_find(rp_plan_names(p), "ret");
}

struct rp_error *rp_value_choose_moment(struct rp_query_plan *p, struct rp_value *value) {
    if (!p->pair || !rp_reads_argument(value->text, rp_plan_names(p)))
        return NULL;
    value->at_entry = !rp_reads_ret(p, value->text) && !is_user_text(p, value);
    if (!value->at_entry)
        return rp_save_arguments(p, value->text);
    struct rp_value *saved = rp_value_add(&p->saved, value->text, NULL);
    if (!saved)
        return rp_error_nomem();
    char *text = saved->text, member[sizeof(saved->member)];
    memcpy(member, saved->member, sizeof(member));
    *saved = *value;
    saved->text = text;
    memcpy(saved->member, member, sizeof(member));
    saved->is.text = text;
    return NULL;
}

/* ------------------------------------------------------------------ room for text */

static bool is_path(const struct rp_value *value) {
    const char *text = value->text, *last = text + strlen(text);
    while (last > text && (isalnum((unsigned char)last[-1]) || last[-1] == '_'))
        last--;
    return strstr(last, "path") || strstr(last, "filename") || !strcmp(last, "uptr") ||
           !strcmp(text, "name->name");
}

static unsigned bytes(const struct rp_values *values) {
    unsigned sum = 0;
    for (size_t i = 0; i < values->count; i++)
        sum += values->items[i].is.shape == RP_SHAPE_TEXT ? values->items[i].capacity : 8;
    return sum;
}

void rp_value_set_capacity(struct rp_value *value) {
    if (value->is.shape != RP_SHAPE_TEXT)
        return;
    bool array = value->is.is_array && value->is.size;
    value->capacity = array && value->is.size <= RP_PATH_CAPACITY ? value->is.size
                      : is_path(value)                            ? RP_PATH_CAPACITY
                                                                  : TEXT_CAPACITY;
}

/* Makes text shorter until all is small enough for the stack. */
void rp_values_fit(struct rp_values *values) {
    for (unsigned most = RP_PATH_CAPACITY;
         bytes(values) > STACK_CAPACITY && most > TEXT_CAPACITY_MIN; most /= 2)
        for (size_t i = 0; i < values->count; i++)
            if (values->items[i].capacity > most / 2)
                values->items[i].capacity = most / 2;
}

/* What was read at the entry has as much room in the record as it had there. */
void rp_values_take_capacity(const struct rp_query_plan *p, struct rp_values *values) {
    for (size_t i = 0; i < values->count; i++)
        for (size_t k = 0; k < p->saved.count; k++)
            if (values->items[i].at_entry && !p->saved.items[k].argument &&
                !strcmp(values->items[i].text, p->saved.items[k].text))
                values->items[i].capacity = p->saved.items[k].capacity;
}
