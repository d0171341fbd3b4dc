/* SPDX-License-Identifier: Apache-2.0 */
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/writer.h"

struct rp_error {
    int errnum;
    char *what;
    char *why;
    char *hint;
    char *detail;
};

static struct rp_error nomem = {.errnum = ENOMEM};

struct rp_error *rp_error_nomem(void) {
    return &nomem;
}

static void set_text(char **field, const char *fmt, va_list args) {
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0)
        return;
    free(*field);
    *field = text;
}

struct rp_error *rp_error_new(int errnum, const char *why, const char *what, ...) {
    struct rp_error *err = calloc(1, sizeof(*err));
    if (!err)
        return rp_error_nomem();
    err->errnum = errnum;
    va_list args;
    va_start(args, what);
    set_text(&err->what, what, args);
    va_end(args);
    err->why = strdup(why ? why : strerror(errnum));
    return err;
}

struct rp_error *rp_error_hint_set(struct rp_error *err, const char *fmt, ...) {
    if (err == &nomem)
        return err;
    va_list args;
    va_start(args, fmt);
    set_text(&err->hint, fmt, args);
    va_end(args);
    return err;
}

struct rp_error *rp_error_what_set(struct rp_error *err, const char *fmt, ...) {
    if (err == &nomem)
        return err;
    va_list args;
    va_start(args, fmt);
    set_text(&err->what, fmt, args);
    va_end(args);
    return err;
}

struct rp_error *rp_error_detail_set(struct rp_error *err, const char *text) {
    if (err == &nomem)
        return err;
    free(err->detail);
    err->detail = text ? strdup(text) : NULL;
    return err;
}

const char *rp_error_what(const struct rp_error *err) {
    return err->what ? err->what : "cannot go on";
}

const char *rp_error_why(const struct rp_error *err) {
    return err->why ? err->why : "out of memory";
}

const char *rp_error_hint(const struct rp_error *err) {
    return err->hint;
}

const char *rp_error_detail(const struct rp_error *err) {
    return err->detail;
}

int rp_error_errno(const struct rp_error *err) {
    return err->errnum;
}

void rp_error_print(const struct rp_error *err, FILE *out) {
    struct rp_writer w;
    rp_writer_begin(&w, out);
    rp_write_string(&w, "reprobe: ");
    rp_write_message(&w, rp_error_what(err));
    rp_write_string(&w, ": ");
    rp_write_message(&w, rp_error_why(err));
    if (err->hint) {
        rp_write_string(&w, "\nhint: ");
        rp_write_message(&w, err->hint);
    }
    rp_write_char(&w, '\n');
    rp_writer_flush(&w);
}

void rp_error_free(struct rp_error *err) {
    if (!err || err == &nomem)
        return;
    free(err->what);
    free(err->why);
    free(err->hint);
    free(err->detail);
    free(err);
}
