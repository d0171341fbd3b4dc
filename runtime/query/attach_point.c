/* SPDX-License-Identifier: Apache-2.0 */
/* Attach points: functions and tracepoints by their names alone, and what a probe spec is of. */
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "kernel/features.h"
#include "kernel/ksyms.h"
#include "kernel/syscalls.h"
#include "kernel/tracefs.h"
#include "probe/probe.h"
#include "query/plan.h"
#include "reprobe_query.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/text.h"

static char *join(const char *kind, const char *rest) {
    char *text = NULL;
    return asprintf(&text, "%s:%s", kind, rest) < 0 ? NULL : text;
}

static bool has_kind(const char *word) {
    const char *colon = strchr(word, ':');
    return colon && rp_probe_kind_find(word, (size_t)(colon - word));
}

/* As itself, unless it cannot be had. */
static struct rp_error *checked(char *spec, char **out) {
    RP_AUTO_FREE char *own = spec;
    RP_TRY(own ? rp_probe_check(own) : rp_error_nomem());
    *out = rp_take(own);
    return NULL;
}

/* ------------------------------------------------------------------ tracepoints */

struct search {
    const char *pattern; /* of "category:name", or of the name alone */
    char *found;         /* the first one: "category:name" */
};

static bool match_event(void *ctx, const char *event) {
    struct search *search = ctx;
    const char *colon = strchr(event, ':');
    const char *text = strchr(search->pattern, ':') || !colon ? event : colon + 1;
    if (fnmatch(search->pattern, text, 0))
        return true;
    search->found = strdup(event);
    return false;
}

static char *find_event(const char *pattern) {
    struct search search = {.pattern = pattern};
    rp_error_free(rp_tracefs_each_event(match_event, &search));
    return search.found;
}

/* The entry of a syscall: "openat". */
static char *find_syscall(const char *name) {
    char event[128];
    if (snprintf(event, sizeof(event), "sys_enter_%s", name) >= (int)sizeof(event))
        return NULL;
    RP_AUTO_FREE char *format = rp_tracefs_event_format("syscalls", event);
    char *spec = NULL;
    return format && asprintf(&spec, "tracepoint:syscalls:%s", event) > 0 ? spec : NULL;
}

/* ------------------------------------------------------------------ functions */

static bool match_function(void *ctx, const char *name, const char *module, uint64_t address) {
    (void)module;
    (void)address;
    struct search *search = ctx;
    if (fnmatch(search->pattern, name, 0))
        return true;
    search->found = strdup(name);
    return false;
}

static bool is_function(const char *pattern) {
    struct search search = {.pattern = pattern};
    rp_error_free(rp_ksyms_each(match_function, &search));
    bool found = search.found;
    free(search.found);
    return found;
}

/* ------------------------------------------------------------------ words */

static struct rp_error *as_function(const char *word, char **spec) {
    *spec = join("kprobe", word);
    return *spec ? NULL : rp_error_nomem();
}

static struct rp_error *pattern_place(const char *word, char **spec, char **note) {
    if (strchr(word, ':')) {
        *spec = join("tracepoint", word);
        return *spec ? NULL : rp_error_nomem();
    }
    bool kprobes = rp_kernel_has_kprobes();
    if (kprobes && is_function(word))
        return as_function(word, spec);
    RP_AUTO_FREE char *event = find_event(word);
    if (!event)
        return rp_error_hint_set(rp_error_new(ENOENT,
                                              kprobes ? "no kernel function and no tracepoint "
                                                        "matches it"
                                                      : "no tracepoint matches it, and this kernel "
                                                        "has no kprobes",
                                              "cannot trace `%s`", word),
                                 "reprobe list '*:%s' shows what matches", word);
    if (asprintf(spec, "tracepoint:*:%s", word) < 0)
        return rp_error_nomem();
    if (!kprobes && asprintf(note, "this kernel has no kprobes: `%s` are tracepoints", word) < 0)
        *note = NULL;
    return NULL;
}

/* Something here that tells about the same as a kprobe would. */
static struct rp_error *without_kprobes(const char *word, char **spec, char **note) {
    RP_AUTO_FREE char *wanted = join("kprobe", word);
    if (!wanted)
        return rp_error_nomem();
    RP_AUTO_FREE char *instead = rp_probe_suggest(wanted);
    if (!instead)
        return checked(rp_take(wanted), spec);
    if (asprintf(note, "this kernel has no kprobes: %s instead of %s", instead, wanted) < 0)
        *note = NULL;
    *spec = rp_take(instead);
    return NULL;
}

/* Near names of all kinds: tracepoints, syscalls and functions. */
static bool add_event(void *ctx, const char *event) {
    const char *name = strchr(event, ':');
    if (!name)
        return true;
    rp_nearest_add(ctx, name + 1);
    if (strncmp(event, "syscalls:sys_enter_", 19) == 0)
        rp_nearest_add(ctx, event + 19);
    return true;
}

static bool add_function(void *ctx, const char *name, const char *module, uint64_t address) {
    (void)module;
    (void)address;
    rp_nearest_add(ctx, name);
    return true;
}

static bool is_refusal(const struct rp_error *err) {
    return rp_error_errno(err) == EACCES || rp_error_errno(err) == EPERM;
}

/* What is not a name because it says more than one. */
static struct rp_error *hint_of_words(struct rp_error *err, const char *word) {
    enum rp_verb verb;
    size_t name = strcspn(word, "(");
    if (rp_verb_find(word, &verb))
        return rp_error_hint_set(err, "`%s` begins a question: %s PROBE", word, word);
    return word[name]
               ? rp_error_hint_set(err, "what is asked for stands behind the name: %.*s EXPR",
                                   (int)name, word)
               : NULL;
}

static struct rp_error *unknown_name(const char *word) {
    RP_AUTO(rp_nearest_clear) struct rp_nearest nearest = {.wanted = word};
    struct rp_error *unread = rp_tracefs_each_event(add_event, &nearest);
    if (unread && is_refusal(unread))
        return rp_error_what_set(unread, "cannot tell what `%s` is", word);
    rp_error_free(unread);
    rp_error_free(rp_ksyms_each(add_function, &nearest));
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, "");
    struct rp_error *err =
        rp_error_new(ENOENT, "the kernel has no tracepoint, system call or function of that name",
                     "cannot trace `%s`", word);
    if (hint_of_words(err, word))
        return err;
    return near
               ? rp_error_hint_set(err, "did you mean %s?", near)
               : rp_error_hint_set(err, "reprobe list '*:*PART*' finds them by a part of the name");
}

static bool first_event(void *ctx, const char *event) {
    (void)ctx;
    (void)event;
    return false;
}

/* Where tracefs does not show the tracepoints of system calls: the call "openat", or what is at its
 * tracepoint "sys_enter_openat". False: there is no such call. */
static bool find_raw_syscall(const char *word, char **spec, char **note) {
    bool at_return;
    bool is_event = rp_syscall_of_event(word, &at_return);
    RP_AUTO_FREE char *event = rp_text(is_event ? "%s" : "sys_enter_%s", word);
    RP_AUTO_FREE char *shown = event ? rp_tracefs_event_format("syscalls", event) : NULL;
    RP_AUTO_FREE char *raw = event && !shown ? join("rawsyscall", event) : NULL;
    if (!raw || !rp_probe_exists(raw))
        return false;
    *note = rp_tracefs_is_denied()
                ? rp_text("%s: this user cannot read the tracepoints of system calls", raw)
                : rp_text("%s: this kernel has no tracepoints of system calls", raw);
    *spec = rp_take(raw);
    return true;
}

/* Where this user cannot read which tracepoints there are: the kernel's types know all but those of
 * syscalls, with the kernel's own arguments instead of fields. False: not this one. */
static bool find_typed_event(const char *name, char **spec, char **note) {
    struct rp_error *unread = rp_tracefs_each_event(first_event, NULL);
    RP_AUTO_FREE char *typed = unread && is_refusal(unread) ? join("tp_btf", name) : NULL;
    rp_error_free(unread);
    if (!typed || !rp_probe_exists(typed))
        return false;
    *note = rp_text("%s, which has the kernel's own arguments: this user cannot read "
                    "the fields of tracepoints",
                    typed);
    *spec = rp_take(typed);
    return true;
}

/* The list of all functions is long: it is read for what is neither in the kernel's types nor a
 * tracepoint. */
static struct rp_error *name_place(const char *word, char **spec, char **note) {
    bool kprobes = rp_kernel_has_kprobes();
    RP_AUTO_FREE char *function = strndup(word, strcspn(word, "+"));
    if (!function)
        return rp_error_nomem();
    if (kprobes && rp_ksym_has_type(function))
        return as_function(word, spec);
    RP_AUTO_FREE char *event = find_event(word);
    *spec = event ? join("tracepoint", event) : find_syscall(word);
    if (*spec || event)
        return *spec ? NULL : rp_error_nomem();
    if (find_raw_syscall(function, spec, note))
        return NULL;
    RP_AUTO_FREE char *syscall = rp_syscall_function(function);
    if (syscall || rp_ksym_exists(function))
        return kprobes ? as_function(word, spec) : without_kprobes(function, spec, note);
    return find_typed_event(function, spec, note) ? NULL : unknown_name(function);
}

/* "sched:sched_switch", which may also be a misspelt kind. */
static struct rp_error *event_place(const char *word, char **spec, char **note) {
    RP_AUTO_FREE char *event = find_event(word);
    struct rp_error *unread = event ? NULL : rp_tracefs_each_event(first_event, NULL);
    const char *name = strchr(word, ':') + 1;
    bool of_syscalls = !strncmp(word, "syscalls:", strlen("syscalls:"));
    if (!event &&
        (of_syscalls ? find_raw_syscall(name, spec, note) : find_typed_event(name, spec, note)))
        return rp_error_free(unread), NULL;
    if (unread && is_refusal(unread))
        return rp_error_what_set(unread, "cannot tell what `%s` is", word);
    rp_error_free(unread);
    *spec = join("tracepoint", word);
    if (!*spec)
        return rp_error_nomem();
    if (event)
        return NULL;
    const char *colon = strchr(word, ':');
    RP_AUTO_FREE char *category = strndup(word, (size_t)(colon - word) + 1);
    RP_AUTO_FREE char *all = NULL;
    if (!category || asprintf(&all, "%s*", category) < 0)
        all = NULL;
    RP_AUTO_FREE char *other = all ? find_event(all) : NULL;
    struct rp_spec parsed;
    struct rp_error *err = other ? rp_probe_check(*spec) : rp_spec_parse(word, &parsed);
    free(rp_take(*spec));
    return err;
}

static struct rp_error *span_spec(const char *word, const char *middle, char **spec, char **note) {
    RP_AUTO_FREE char *first = strndup(word, (size_t)(middle - word)), *from = NULL, *to = NULL,
                      *other = NULL;
    if (!first)
        return rp_error_nomem();
    RP_TRY(rp_question_spec(first, &from, note));
    RP_TRY(rp_question_spec(middle + 2, &to, &other));
    *spec = rp_text("%s..%s", from, to);
    return *spec ? NULL : rp_error_nomem();
}

struct rp_error *rp_question_spec(const char *word, char **spec, char **note) {
    *spec = *note = NULL;
    const char *middle = rp_span_middle(word);
    if (middle)
        return span_spec(word, middle, spec, note);
    if (has_kind(word) || !*word) {
        struct rp_spec parsed;
        if (rp_probe_is_pattern(word)) {
            *spec = strdup(word);
            return *spec ? NULL : rp_error_nomem();
        }
        RP_TRY(rp_spec_parse(word, &parsed));
        *spec = rp_spec_text(&parsed);
        rp_spec_clear(&parsed);
        return *spec ? NULL : rp_error_nomem();
    }
    if (rp_spec_begins_with_file(word)) {
        RP_AUTO_FREE char *in_file = join("uprobe", word);
        return in_file ? rp_question_spec(in_file, spec, note) : rp_error_nomem();
    }
    if (rp_probe_is_pattern(word))
        return pattern_place(word, spec, note);
    return strchr(word, ':') ? event_place(word, spec, note) : name_place(word, spec, note);
}

/* ------------------------------------------------------------------ attach points */

struct rp_error *rp_attach_points_span(struct rp_query_plan *p, const char *spec) {
    const char *middle = rp_span_middle(spec);
    RP_AUTO_FREE char *from = strndup(spec, (size_t)(middle - spec));
    if (!from)
        return rp_error_nomem();
    p->point_count = 1;
    RP_TRY(rp_attach_point_open(from, "on_entry", p->question, &p->points[0]));
    p->point_count = 2;
    RP_TRY(rp_attach_point_open(middle + 2, "on_return", p->question, &p->points[1]));
    for (size_t i = 0; i < p->point_count; i++)
        if (p->points[i].is_pattern || p->points[i].spec.kind->open)
            return rp_cannot_answer(p->question, EINVAL, "%s is not one probe", p->points[i].text);
    if (!strcmp(p->points[0].function, p->points[1].function))
        return rp_cannot_answer(p->question, EINVAL, "it begins and ends at the same probe, %s",
                                p->points[0].text);
    p->pair = p->is_span = p->timed = true;
    p->map = "start";
    return NULL;
}

void rp_attach_point_clear(struct rp_attach_point *point) {
    rp_spec_clear(&point->spec);
    free(point->text);
    rp_arguments_free(point->arguments);
    *point = (struct rp_attach_point){0};
}

static bool is_c_name(const char *text) {
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    struct rp_token token = rp_lex(&lexer);
    return token.kind == RP_TOKEN_IDENT && token.text == text && !text[token.len];
}

/* A function's name that says by itself where it belongs, or one of our own. */
static void name_function(struct rp_attach_point *point, const char *fallback) {
    RP_AUTO_FREE char *name = point->is_pattern ? NULL : rp_spec_function_name(&point->spec);
    point->names_itself = name && is_c_name(name) && strlen(name) < sizeof(point->function);
    snprintf(point->function, sizeof(point->function), "%.63s",
             point->names_itself ? name : fallback);
}

/* ---- what else of the program is named */

static bool is_task_name(const char *name) {
    for (const struct rp_task_name *n = rp_task_names; n->name; n++)
        if (!strcmp(n->name, name))
            return true;
    return !strcmp(name, "ret") || !strcmp(name, "elapsed") || !strcmp(name, "time");
}

/* What has a meaning everywhere keeps it. */
static struct rp_error *add_named(struct rp_attach_point *point, const struct rp_token *token) {
    RP_AUTO_FREE char *name = strndup(token->text, token->len);
    if (!name)
        return rp_error_nomem();
    bool known =
        rp_argument_find(point->arguments, name) || rp_builtin_find(name) || is_task_name(name);
    return known ? NULL : point->spec.kind->add_named(point->arguments, name);
}

static struct rp_error *add_names_of(struct rp_attach_point *point, const char *text) {
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    bool is_member = false;
    for (struct rp_token token; (token = rp_lex(&lexer)).kind != RP_TOKEN_END;) {
        if (token.kind == RP_TOKEN_IDENT && !is_member)
            RP_TRY(add_named(point, &token));
        bool is_arrow = rp_token_is(&token, ">") && token.text > text && token.text[-1] == '-';
        is_member = rp_token_is(&token, ".") || is_arrow;
    }
    return NULL;
}

static struct rp_error *add_all_named(struct rp_attach_point *point, const struct rp_question *q) {
    if (!point->spec.kind->add_named || point->is_pattern)
        return NULL;
    for (size_t i = 0; i < q->expr_count; i++)
        RP_TRY(add_names_of(point, q->exprs[i]));
    for (size_t i = 0; i < q->key_count; i++)
        RP_TRY(add_names_of(point, q->keys[i]));
    for (size_t i = 0; i < q->matching_count; i++)
        RP_TRY(add_names_of(point, q->matching[i]));
    if (q->predicate)
        RP_TRY(add_names_of(point, q->predicate));
    return q->until_condition ? add_names_of(point, q->until_condition) : NULL;
}

static const char of_pattern[] =
    "one program is at all matches, which have different ones: trace shows those of each match";

struct rp_error *rp_attach_point_open(const char *text, const char *fallback,
                                      const struct rp_question *question,
                                      struct rp_attach_point *point) {
    point->is_pattern = rp_probe_is_pattern(text);
    if (point->is_pattern) {
        point->text = strdup(text);
        size_t length = strcspn(text, ":");
        point->spec.kind = rp_probe_kind_find(text, length);
        point->arguments = calloc(1, sizeof(*point->arguments));
        if (!point->text || !point->arguments || !(point->arguments->untyped = strdup(of_pattern)))
            return rp_error_nomem();
        if (!point->spec.kind)
            return rp_probe_check(text);
    } else {
        RP_TRY(rp_spec_parse(text, &point->spec));
        if (point->spec.kind->use_own_name)
            point->spec.kind->use_own_name(&point->spec);
        RP_TRY(rp_arguments_of_spec(&point->spec, &point->arguments));
        point->text = rp_spec_text(&point->spec);
        if (!point->text)
            return rp_error_nomem();
    }
    if (!point->spec.kind->write_head)
        return rp_error_hint_set(rp_error_new(EINVAL,
                                              "what a program returns there decides what happens",
                                              "cannot ask questions at %s", text),
                                 "write C and attach it: reprobe run FILE.c -a FUNCTION=%s", text);
    point->memory = point->spec.kind->memory
                        ? point->spec.kind->memory(&point->spec, point->arguments)
                        : RP_MEMORY_EITHER;
    if (point->spec.kind->task)
        point->task = point->spec.kind->task(point->arguments);
    point->is_return = rp_spec_is_return(&point->spec);
    name_function(point, fallback);
    return add_all_named(point, question);
}
