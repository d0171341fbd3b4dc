/* SPDX-License-Identifier: Apache-2.0 */
#include "util/json.h"

#include <math.h>

void rp_json_before(struct rp_writer *w, const char *name) {
    if (w->comma)
        rp_write_char(w, ',');
    w->comma = true;
    if (name) {
        rp_write_json_text(w, name, SIZE_MAX);
        rp_write_char(w, ':');
    }
}

static void open_bracket(struct rp_writer *w, const char *name, char bracket) {
    rp_json_before(w, name);
    rp_write_char(w, bracket);
    w->comma = false;
}

static void close_bracket(struct rp_writer *w, char bracket) {
    rp_write_char(w, bracket);
    w->comma = true;
}

void rp_json_begin(struct rp_writer *w, FILE *out) {
    rp_writer_begin(w, out);
    rp_json_object(w, NULL);
}

void rp_json_end(struct rp_writer *w) {
    rp_write_string(w, "}\n");
    rp_writer_flush(w);
}

void rp_json_object(struct rp_writer *w, const char *name) {
    open_bracket(w, name, '{');
}

void rp_json_object_end(struct rp_writer *w) {
    close_bracket(w, '}');
}

void rp_json_array(struct rp_writer *w, const char *name) {
    open_bracket(w, name, '[');
}

void rp_json_array_end(struct rp_writer *w) {
    close_bracket(w, ']');
}

void rp_json_uint(struct rp_writer *w, const char *name, uint64_t value) {
    rp_json_before(w, name);
    rp_write_uint(w, value);
}

void rp_json_int(struct rp_writer *w, const char *name, int64_t value) {
    rp_json_before(w, name);
    rp_write_int(w, value);
}

void rp_json_double(struct rp_writer *w, const char *name, int decimals, double value) {
    if (!isfinite(value)) {
        rp_json_null(w, name);
        return;
    }
    rp_json_before(w, name);
    rp_write_fixed(w, value, decimals);
}

void rp_json_number(struct rp_writer *w, const char *name, const char *digits) {
    rp_json_before(w, name);
    rp_write_string(w, digits);
}

void rp_json_bool(struct rp_writer *w, const char *name, bool value) {
    rp_json_number(w, name, value ? "true" : "false");
}

void rp_json_null(struct rp_writer *w, const char *name) {
    rp_json_number(w, name, "null");
}

void rp_json_text(struct rp_writer *w, const char *name, const char *text, size_t max) {
    rp_json_before(w, name);
    rp_write_json_text(w, text, max);
}

void rp_json_string(struct rp_writer *w, const char *name, const char *text) {
    rp_json_text(w, name, text, SIZE_MAX);
}
