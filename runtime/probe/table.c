/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds, and specs of all kinds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/arguments.h"
#include "probe/kind.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

/* How much of a misspelled spec a message repeats. */
#define SHOWN_MAX 80

#define KINDS_MAX 32

/* The rows, with space after them. */
static const struct rp_probe_kind *table[KINDS_MAX] = {
    &rp_kprobe_kind,
    &rp_kretprobe_kind,
    &rp_fentry_kind,
    &rp_fexit_kind,
    &rp_uprobe_kind,
    &rp_uretprobe_kind,
    &rp_usdt_kind,
    &rp_tracepoint_kind,
    &rp_raw_tracepoint_kind,
    &rp_raw_syscall_kind,
    &rp_tp_btf_kind,
    &rp_profile_kind,
    &rp_interval_kind,
    &rp_software_kind,
    &rp_hardware_kind,
    &rp_iter_kind,
    &rp_watchpoint_kind,
    &rp_run_kind,
    &rp_kprobe_session_kind,
    &rp_uprobe_session_kind,
    &rp_fmod_ret_kind,
    &rp_lsm_kind,
    &rp_xdp_kind,
    &rp_tc_kind,
    &rp_socket_kind,
    &rp_cgroup_kind,
};

const struct rp_probe_kind *rp_probe_kind_at(size_t i) {
    return i < KINDS_MAX ? table[i] : NULL;
}

bool rp_probe_kind_add(const struct rp_probe_kind *kind) {
    size_t i = 0;
    while (rp_probe_kind_at(i))
        i++;
    if (i == KINDS_MAX)
        return false;
    table[i] = kind;
    return true;
}

static bool is_word(const char *text, size_t length, const char *word) {
    return word && strlen(word) == length && !memcmp(text, word, length);
}

const struct rp_probe_kind *rp_probe_kind_find(const char *name, size_t length) {
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++)
        if (is_word(name, length, kind->name) || is_word(name, length, kind->alias) ||
            is_word(name, length, kind->also))
            return kind;
    return NULL;
}

/* "kprobe:FUNCTION[+OFFSET], …", malloc()ed. */
static char *usages(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++)
        fprintf(out, "%s%s", i ? ", " : "", kind->usage);
    fclose(out);
    return text;
}

/* A hint with all kinds. */
static struct rp_error *hint_usages(struct rp_error *err) {
    RP_AUTO_FREE char *all = usages();
    return rp_error_hint_set(err, "a probe is one of %s", all ? all : "");
}

/* Kinds of other tracers, not misspellings of ours. */
static bool is_foreign(const char *name) {
    static const char *const foreign[] = {"begin", "end", "asyncwatchpoint"};
    for (size_t i = 0; i < RP_COUNT(foreign); i++)
        if (!strcmp(name, foreign[i]))
            return true;
    return false;
}

struct rp_error *rp_probe_kind_unknown(const char *name) {
    struct rp_error *err = rp_probe_error(EINVAL, "unknown probe kind \"%.*s\"%s", SHOWN_MAX, name,
                                          is_foreign(name) ? ", which reprobe does not have" : "");
    struct rp_nearest nearest = {.wanted = name};
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)) && !is_foreign(name); i++)
        rp_nearest_add(&nearest, kind->name);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    if (!guess)
        return hint_usages(err);
    RP_AUTO_FREE char *all = usages();
    return rp_error_hint_set(err, "did you mean %s? A probe is one of %s", guess, all ? all : "");
}

/* ------------------------------------------------------------------ text -> spec */

/* perf's way to say that a function's return is meant: "uprobe:./prog:f%return". */
#define AT_RETURN "%return"

static bool is_at_return(const char *text, size_t length) {
    size_t suffix = strlen(AT_RETURN);
    return length >= suffix && !memcmp(text + length - suffix, AT_RETURN, suffix);
}

bool rp_spec_is_name(const char *text) {
    bool in_file = rp_spec_begins_with_file(text);
    size_t length = strlen(text), kind_length = in_file ? 0 : strcspn(text, ":") + 1;
    const struct rp_probe_kind *kind =
        in_file ? &rp_uprobe_kind : rp_probe_kind_find(text, kind_length - 1);
    if (!kind || !kind->has_name || kind_length > length)
        return false;
    size_t end = is_at_return(text, length) ? strlen(AT_RETURN) : 0;
    RP_AUTO_FREE char *rest = strndup(text + kind_length, length - kind_length - end);
    return rest && kind->has_name(rest);
}

bool rp_probe_is_pattern(const char *spec) {
    return spec && rp_spec_find(spec, RP_SPEC_WILDCARDS) && !rp_spec_is_name(spec);
}

const char *rp_spec_name_in(const char *spec) {
    size_t length = strcspn(spec, ":");
    const struct rp_probe_kind *kind = rp_probe_kind_find(spec, length);
    const char *colon = kind && kind->find_name && spec[length] ? kind->find_name(spec + length + 1)
                                                                : strrchr(spec, ':');
    return colon ? colon + 1 : spec;
}

/* What is wrong with the text for any kind. */
static struct rp_error *check_text(const char *text) {
    if (!*text)
        return hint_usages(rp_probe_error(EINVAL, "it is empty"));
    if (!rp_spec_find(text, " \t\r\n\v\f*?[]") || rp_spec_is_name(text))
        return NULL;
    if (rp_spec_find(text, " \t\r\n\v\f"))
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "it contains white space"),
            "write KIND:NAME without spaces; for a program whose path has some, "
            "make a symbolic link");
    if (rp_spec_find(text, "*?[]"))
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "it is a pattern; here you can use only one attach point"),
            "reprobe list '%.*s' lists the matches", SHOWN_MAX, text);
    return NULL;
}

static struct rp_error *no_colon(const char *text) {
    const struct rp_probe_kind *kind = rp_probe_kind_find(text, strlen(text));
    if (kind)
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "it has the kind of probe, but not where to attach"),
            "usage: %s", kind->usage);
    return hint_usages(
        rp_probe_error(EINVAL, "it has no colon: a probe is KIND:NAME, such as kprobe:vfs_read"));
}

static struct rp_error *parse_plain(const char *text, struct rp_spec *spec) {
    const char *colon = strchr(text, ':');
    if (!colon)
        return no_colon(text);
    size_t length = (size_t)(colon - text);
    spec->kind = rp_probe_kind_find(text, length);
    if (spec->kind)
        return spec->kind->parse(colon + 1, spec);
    RP_AUTO_FREE char *name = strndup(text, length);
    if (length == 0)
        return hint_usages(rp_probe_error(EINVAL, "the probe kind is missing"));
    return name ? rp_probe_kind_unknown(name) : rp_error_nomem();
}

static struct rp_error *parse_return(const char *text, size_t length, struct rp_spec *spec) {
    RP_AUTO_FREE char *function = strndup(text, length);
    if (!function)
        return rp_error_nomem();
    RP_TRY(parse_plain(function, spec));
    RP_AUTO_FREE char *end = rp_spec_call(spec, RP_CALL_RETURN);
    if (!end)
        return rp_probe_error(EINVAL, "nothing returns at %s", function);
    rp_spec_clear(spec);
    return parse_plain(end, spec);
}

static struct rp_error *parse(const char *text, struct rp_spec *spec) {
    RP_TRY(check_text(text));
    size_t length = strlen(text);
    RP_TRY(is_at_return(text, length) ? parse_return(text, length - strlen(AT_RETURN), spec)
                                      : parse_plain(text, spec));
    if (!spec->target || !is_at_return(spec->target, strlen(spec->target)))
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(EINVAL, "%s does not stand once, at the end", AT_RETURN),
        "write it behind the function's name: uprobe:PATH:FUNCTION%s", AT_RETURN);
}

struct rp_error *rp_spec_parse(const char *text, struct rp_spec *spec) {
    *spec = (struct rp_spec){0};
    text = text ? text : "";
    struct rp_error *err = parse(text, spec);
    if (!err)
        return NULL;
    if (!rp_error_hint(err) && spec->kind)
        rp_error_hint_set(err, "usage: %s", spec->kind->usage);
    rp_spec_clear(spec);
    return rp_error_what_set(err, "cannot understand the probe \"%.*s\"%s", SHOWN_MAX, text,
                             strlen(text) > SHOWN_MAX ? "..." : "");
}

struct rp_error *rp_arguments_of(const char *text, struct rp_arguments **out) {
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    return rp_arguments_of_spec(&spec, out);
}

/* ------------------------------------------------------------------ function name <-> spec */

/* "sched:sched_switch" of "sched__sched_switch", malloc()ed; NULL if a part is missing. */
static char *with_category(const char *rest) {
    const char *between = strstr(rest, "__");
    if (!between || between == rest || !between[2])
        return NULL;
    return rp_text("%.*s:%s", (int)(between - rest), rest, between + 2);
}

static char *spec_of_rest(const struct rp_probe_kind *kind, const char *rest) {
    RP_AUTO_FREE char *text = kind->has_category ? with_category(rest) : strdup(rest);
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {.kind = kind};
    struct rp_error *err = text ? kind->parse(text, &spec) : rp_error_nomem();
    rp_error_free(err);
    if (err)
        return NULL;
    if (kind->use_own_name)
        kind->use_own_name(&spec);
    return rp_spec_text(&spec);
}

char *rp_probe_spec_of_function(const char *function) {
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++) {
        size_t length = kind->function_prefix ? strlen(kind->function_prefix) : 0;
        if (length && !strncmp(function, kind->function_prefix, length) && function[length])
            return spec_of_rest(kind, function + length);
    }
    return NULL;
}

/* ------------------------------------------------------------------ section -> spec */

/* The length of "uprobe" in "uprobe.s/bash:readline": a program that may sleep is of the same kind.
 */
static size_t name_length(const char *section) {
    size_t length = strcspn(section, "/");
    return length > 2 && !strncmp(section + length - 2, ".s", 2) ? length - 2 : length;
}

static bool is_of_section(const struct rp_probe_kind *kind, const char *section) {
    for (size_t i = 0; kind->sections && kind->sections[i]; i++)
        if (is_word(section, name_length(section), kind->sections[i]))
            return true;
    return false;
}

/* What needs a user-space half of its own, and why. */
static const struct {
    const char *section, *why;
} foreign_sections[] = {
    {"freplace", "it replaces a function of a program that its own loader holds"},
    {"sk_msg", "it belongs to a map of sockets that its user-space half fills in"},
    {"sk_skb", "it belongs to a map of sockets that its user-space half fills in"},
    {"sk_reuseport", "it belongs to a socket of its user-space half"},
    {"sk_lookup", "it decides for a network namespace which socket gets a packet"},
    {"flow_dissector", "it replaces what takes the packets of a network namespace apart"},
    {"struct_ops", "it replaces a part of the kernel (a scheduler, a congestion control)"},
    {"netfilter", "its place among the rules of a firewall is a matter of its user-space half"},
    {"lirc_mode2",
     "it decodes the signals of a remote control, whose device its user-space half opens"},
    {"lwt_in", "it belongs to a route (ip route add … encap bpf)"},
    {"lwt_out", "it belongs to a route (ip route add … encap bpf)"},
    {"lwt_xmit", "it belongs to a route (ip route add … encap bpf)"},
    {"lwt_seg6local", "it belongs to a route (ip route add … encap bpf)"},
    {"lsm_cgroup",
     "it is a security hook of one cgroup; one of SEC(\"lsm/…\") is for all processes"},
    {"netkit", "it belongs to a pair of netkit devices, which its user-space half makes"},
    {"action", "it is an action of a filter of tc (tc actions add action bpf)"},
    {"fsession",
     "one program at a call and its return, which Linux 7.0 has, reprobe does not attach"},
};

static const char *why_foreign(const char *section) {
    for (size_t i = 0; i < RP_COUNT(foreign_sections); i++)
        if (is_word(section, name_length(section), foreign_sections[i].section))
            return foreign_sections[i].why;
    return NULL;
}

#define ATTACHED_ELSEWHERE                                                                         \
    "FUNCTION=PROBE (--attach, load) attaches it to a probe, such as kprobe:vfs_read or "          \
    "uprobe:c:malloc"

/* What the kind may have been meant to be, malloc()ed, or NULL. */
static char *nearest_section(const char *section) {
    RP_AUTO_FREE char *kind = strndup(section, name_length(section));
    RP_AUTO(rp_nearest_clear) struct rp_nearest nearest = {.wanted = kind};
    const struct rp_probe_kind *own;
    for (size_t i = 0; kind && (own = rp_probe_kind_at(i)); i++)
        for (size_t k = 0; own->sections && own->sections[k]; k++)
            rp_nearest_add(&nearest, own->sections[k]);
    return nearest.count ? strdup(nearest.names[0]) : NULL;
}

static struct rp_error *no_kind_of_section(const char *section) {
    const char *why = why_foreign(section);
    if (why)
        return rp_probe_error(ENOTSUP, "reprobe does not run programs of the section %s: %s",
                              section, why);
    if (!strcmp(section, ".text"))
        return rp_error_hint_set(rp_probe_error(ENOENT, "no section says where"), "%s",
                                 ATTACHED_ELSEWHERE);
    RP_AUTO_FREE char *guess = nearest_section(section);
    struct rp_error *err =
        rp_probe_error(ENOTSUP, "reprobe does not attach programs of the section %s", section);
    if (guess)
        return rp_error_hint_set(err, "did you mean SEC(\"%s%s\")?", guess,
                                 strchrnul(section, '/'));
    return rp_error_hint_set(err, "%s", ATTACHED_ELSEWHERE);
}

/* "uprobe/readline" does not say of what program. */
static struct rp_error *plain_spec_of_section(const struct rp_probe_kind *kind, const char *rest,
                                              char **out) {
    bool says = *rest && (!kind->in_files || strchr(rest, ':'));
    *out = says ? rp_text("%s:%s", kind->name, rest) : NULL;
    char *slash = *out && kind->has_category ? strchr(*out, '/') : NULL;
    if (slash)
        *slash = ':';
    return *out || !says ? NULL : rp_error_nomem();
}

struct rp_error *rp_spec_of_section(const char *text, const struct rp_section *where, char **out) {
    const struct rp_probe_kind *kind;
    size_t i = 0;
    while ((kind = rp_probe_kind_at(i)) && !is_of_section(kind, text))
        i++;
    *out = NULL;
    if (!kind)
        return no_kind_of_section(text);
    const char *slash = strchr(text, '/'), *rest = slash ? slash + 1 : "";
    RP_AUTO_FREE char *name = strndup(text, name_length(text));
    if (!name)
        return rp_error_nomem();
    struct rp_section section = *where;
    section.name = name;
    section.rest = rest;
    return kind->spec_of_section ? kind->spec_of_section(&section, out)
                                 : plain_spec_of_section(kind, rest, out);
}

char *rp_spec_function_name(const struct rp_spec *spec) {
    if (!spec->kind->function_prefix)
        return NULL;
    RP_AUTO_FREE char *name =
        rp_text("%s%s%s%s", spec->kind->function_prefix, spec->category ? spec->category : "",
                spec->category ? "__" : "", spec->target);
    RP_AUTO_FREE char *text = rp_spec_text(spec);
    RP_AUTO_FREE char *again = name ? rp_probe_spec_of_function(name) : NULL;
    return text && again && !strcmp(text, again) ? rp_take(name) : NULL;
}
