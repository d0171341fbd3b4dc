/* SPDX-License-Identifier: Apache-2.0 */
/* Specs that are shell patterns: one program at every match. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kernel/features.h"
#include "probe/matches.h"
#include "probe/progress.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

/* This many refusals are not about single matches, and searching for each would take long. */
#define REFUSALS_MAX 512

/* ------------------------------------------------------------------ find */

/* What a pattern without matches may have meant: names that are near to it without its wildcards.
 * If its only wildcard is a '*' at the end, it is compared with patterns that would match: whole
 * words of each name, and '*'. */
struct guess {
    const struct rp_matches *matches;
    char *wanted;
    bool begins;
    struct rp_nearest nearest;
};

static bool is_mark(char c) {
    return !isalnum((unsigned char)c);
}

/* How much of `name` to compare with `wanted`, whose last character is a '*': the same length and
 * the rest of the word, or up to the next mark if it ends with one ("sched:*"). */
static size_t beginning(const char *name, const char *wanted) {
    size_t length = strlen(wanted) - 1;
    bool to_mark = length && is_mark(wanted[length - 1]);
    size_t at = to_mark ? length - 1 : length;
    if (at >= strlen(name))
        return strlen(name);
    while (name[at] && !is_mark(name[at]))
        at++;
    return at + (to_mark && name[at]);
}

/* Of the part after the kind's colon what is compared: in a file the name. */
static const char *name_of(const struct rp_matches *matches, const char *rest) {
    const struct rp_probe_kind *kind = matches->kind;
    const char *colon = !matches->path    ? NULL
                        : kind->find_name ? kind->find_name(rest)
                                          : strrchr(rest, ':');
    return colon ? colon + 1 : rest;
}

static bool guess_one(void *ctx, const char *rest) {
    struct guess *guess = ctx;
    const char *name = name_of(guess->matches, rest);
    size_t length = guess->begins ? beginning(name, guess->wanted) : strlen(name);
    RP_AUTO_FREE char *near = NULL;
    if (asprintf(&near, "%.*s%s", (int)length, name, guess->begins ? "*" : "") < 0)
        return false;
    rp_nearest_add(&guess->nearest, near);
    return true;
}

/* malloc()ed, or NULL. */
static char *without_wildcards(const char *pattern, bool begins) {
    char *text = malloc(strlen(pattern) + 1), *to = text;
    for (const char *from = pattern; text && *from; from++)
        if (!strchr("*?[]", *from) || (begins && !from[1]))
            *to++ = *from;
    if (text)
        *to = '\0';
    return text;
}

static struct rp_error *hint_nearest(struct rp_error *err, const struct rp_matches *matches,
                                     const char *pattern) {
    const struct rp_probe_kind *kind = matches->kind;
    const char *rest = name_of(matches, pattern);
    struct guess guess = {.matches = matches,
                          .begins = strcspn(rest, RP_SPEC_WILDCARDS) + 1 == strlen(rest)};
    guess.nearest.wanted = guess.wanted = without_wildcards(rest, guess.begins);
    if (!guess.wanted)
        return err;
    rp_error_free(kind->list(kind, pattern, guess_one, &guess));
    RP_AUTO_FREE char *prefix = NULL;
    if (asprintf(&prefix, "%s:%s%s", kind->name, matches->path ? matches->path : "",
                 matches->path ? ":" : "") < 0)
        prefix = NULL;
    RP_AUTO_FREE char *names = prefix ? rp_nearest_text(&guess.nearest, prefix) : NULL;
    rp_nearest_clear(&guess.nearest);
    free(guess.wanted);
    if (names)
        return rp_error_hint_set(err, "did you mean %s?", names);
    return rp_error_hint_set(err, "reprobe list '%s*PART*' finds names by a part of them",
                             prefix ? prefix : "");
}

/* "kprobe, kretprobe or tracepoint": those whose specs can be patterns; malloc()ed. */
static char *kinds_with_patterns(void) {
    char *text = NULL;
    const struct rp_probe_kind *kind, *last = NULL;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++) {
        if (!kind->match)
            continue;
        char *longer =
            last ? rp_text("%s%s%s", text ? text : "", text ? ", " : "", last->name) : text;
        if (last)
            free(text);
        text = longer;
        last = kind;
    }
    char *all = rp_text("%s%s%s", text ? text : "", text ? " and " : "", last ? last->name : "");
    free(text);
    return all;
}

static struct rp_error *not_a_pattern(const struct rp_probe_kind *kind) {
    RP_AUTO_FREE char *kinds = kinds_with_patterns();
    struct rp_error *err = rp_probe_error(
        EINVAL, "a probe of kind %s has one attach point and cannot be a pattern", kind->name);
    if (!kind->list)
        return rp_error_hint_set(err, "patterns work with %s", kinds ? kinds : "");
    return rp_error_hint_set(err, "patterns work with %s; reprobe list '%s:*' lists what exists",
                             kinds ? kinds : "", kind->name);
}

struct rp_error *rp_pattern_kind(const char *pattern, const struct rp_probe_kind **out) {
    const char *colon = strchr(pattern, ':');
    if (!colon)
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "it has no colon: a pattern is KIND:NAMES"),
            "such as kprobe:vfs_*, tracepoint:sched:* or uprobe:bash:*readline*");
    *out = rp_probe_kind_find(pattern, (size_t)(colon - pattern));
    if (!*out) {
        RP_AUTO_FREE char *name = strndup(pattern, (size_t)(colon - pattern));
        return name ? rp_probe_kind_unknown(name) : rp_error_nomem();
    }
    return (*out)->match ? NULL : not_a_pattern(*out);
}

static struct rp_error *find(const char *pattern, struct rp_matches *matches) {
    struct rp_error *err = rp_pattern_kind(pattern, &matches->kind);
    if (err || !matches->kind)
        return err;
    const char *names = strchr(pattern, ':') + 1;
    RP_TRY(matches->kind->match(names, matches));
    if (matches->count)
        return NULL;
    return hint_nearest(rp_probe_error(ENOENT, "it has no matches that can be probed"), matches,
                        names);
}

struct rp_error *rp_matches_find(const char *pattern, pid_t pid, struct rp_matches *out) {
    *out = (struct rp_matches){.pid = pid};
    struct rp_error *err = find(pattern, out);
    if (!err)
        return NULL;
    rp_matches_clear(out);
    return rp_error_what_set(err, "cannot attach %.100s", pattern);
}

struct rp_error *rp_probe_count(const char *pattern, size_t *count, bool *at_once) {
    RP_AUTO(rp_matches_clear) struct rp_matches matches;
    RP_TRY(rp_matches_find(pattern, 0, &matches));
    *count = matches.count;
    *at_once = rp_matches_attach_type(&matches) != 0;
    return NULL;
}

/* ------------------------------------------------------------------ attach */

enum bpf_attach_type rp_matches_attach_type(const struct rp_matches *matches) {
    enum bpf_attach_type type = matches->kind ? matches->kind->multi_type : 0;
    /* Before Linux 6.10 a link to uprobes of a process saw its first thread only. */
    if (matches->pid && !rp_kernel_at_least(6, 10))
        return 0;
    return type && rp_multi_link_exists(type) ? type : 0;
}

struct job {
    struct rp_matches *matches;
    int prog_fd;
    bool at_once, no_cookies;
    size_t kept; /* matches; those before; the next one's number */
    size_t refused;
    size_t done; /* matches that were attached or refused */
    size_t count;
    int errnum; /* of a match that was refused */
    struct rp_attachment *out;
};

/* Whether the kernel may give this error for one match but not for another. */
static bool is_about_one_match(int errnum) {
    static const int errnums[] = {
        EINVAL, ENOENT, ESRCH, EILSEQ, EADDRNOTAVAIL, EOPNOTSUPP, ENODEV, EIO, EBUSY,
        524 /* the kernel's ENOTSUPP, for an instruction that uprobes cannot step over */};
    for (size_t i = 0; i < RP_COUNT(errnums); i++)
        if (errnum == errnums[i])
            return true;
    return false;
}

static int link_range(struct job *job, size_t first, size_t count) {
    if (!job->at_once)
        return rp_match_link(job->matches, first, job->kept, job->prog_fd, &job->no_cookies,
                             job->out);
    int link;
    int errnum = rp_multi_link(job->matches, first, count, job->kept, job->prog_fd, &link);
    if (errnum)
        return errnum;
    struct rp_error *err = rp_attachment_add(job->out, link, NULL);
    rp_error_free(err);
    return err ? ENOMEM : 0;
}

/* The remaining matches get new numbers without gaps. */
static void keep(struct job *job, size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++, job->kept++)
        if (i != job->kept) {
            job->matches->items[job->kept] = job->matches->items[i];
            job->matches->items[i].spec = NULL;
        }
}

/* Of what a user may not trace at all already the first one is refused. */
static bool leaves_out(const struct job *job, int errnum) {
    bool forbidden = errnum == EPERM || errnum == EACCES;
    return (is_about_one_match(errnum) || (forbidden && job->kept && !job->at_once)) &&
           job->refused <= REFUSALS_MAX;
}

/* Some more are done: whether it goes on. */
static bool goes_on(struct job *job, size_t count) {
    job->done += count;
    return job->at_once || rp_progress(job->done, job->count);
}

/* Attaches to all of them or, if the kernel refuses that, to each half. An errno that is about all
 * of them. */
static int attach_range(struct job *job, size_t first, size_t count) {
    bool whole = job->at_once || count == 1;
    int errnum = whole ? link_range(job, first, count) : 0;
    if (whole && !errnum) {
        keep(job, first, count);
        return goes_on(job, count) ? 0 : ECANCELED;
    }
    if (errnum && !leaves_out(job, errnum))
        return errnum;
    if (count == 1) {
        job->errnum = errnum;
        job->refused += job->at_once;
        rp_match_clear(job->matches, first);
        return goes_on(job, 1) ? 0 : ECANCELED;
    }
    errnum = attach_range(job, first, count / 2);
    return errnum ? errnum : attach_range(job, first + count / 2, count - count / 2);
}

static struct rp_error *explain(const struct job *job, size_t count, int errnum) {
    const struct rp_probe_kind *kind = job->matches->kind;
    struct rp_error *own = kind->refuses_all ? kind->refuses_all(errnum, count) : NULL;
    if (own)
        return own;
    if (errnum == EPERM || errnum == EACCES)
        return rp_kernel_refusal(errnum);
    if (errnum == ECANCELED)
        return rp_probe_error(errnum, "an interrupt ended it, at %zu of %zu matches", job->done,
                              count);
    if (errnum == EMFILE || errnum == ENFILE)
        return rp_error_hint_set(
            rp_probe_error(errnum, "it has %zu matches, and each takes two descriptors", count),
            "raise ulimit -n, or use a narrower pattern");
    if (errnum == E2BIG)
        return rp_error_hint_set(
            rp_probe_error(errnum, "as many programs as the kernel allows are there already"),
            "end other tracers of these matches");
    if (errnum == job->errnum)
        return rp_probe_error(errnum, "the kernel refuses each of the %zu matches: %s", count,
                              strerror(errnum));
    return rp_error_new(errnum, NULL, "cannot use the probe");
}

/* Each match takes two descriptors, and a process may have a thousand by default. */
static void make_room(size_t count) {
    struct rlimit limit;
    rlim_t needed = 2 * (rlim_t)count + 256;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= needed)
        return;
    limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

struct rp_error *rp_matches_attach(struct rp_matches *matches, enum bpf_attach_type attach_type,
                                   int prog_fd, struct rp_attachment *out) {
    struct job job = {
        .matches = matches, .prog_fd = prog_fd, .at_once = attach_type != 0, .out = out};
    size_t count = job.count = matches->count;
    if (!job.at_once)
        make_room(count);
    int errnum = attach_range(&job, 0, count);
    if (!errnum && !job.kept)
        errnum = job.errnum;
    if (errnum)
        return explain(&job, count, errnum);
    matches->count = job.kept;
    matches->left_out += count - job.kept;
    return NULL;
}
