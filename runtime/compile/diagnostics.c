/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/diagnostics.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

#define MAX_DIAGNOSTICS 10

/* Length of the line at `p`, its newline not counted. */
static size_t line_len(const char *p) {
    return strcspn(p, "\n");
}

static const char *next_line(const char *p) {
    p += line_len(p);
    return *p ? p + 1 : p;
}

static bool line_has(const char *line, const char *word) {
    return memmem(line, line_len(line), word, strlen(word)) != NULL;
}

/* "FILE:LINE:COL: error: …" and not the source line or caret that follows. */
static bool begins_diagnostic(const char *line) {
    return line_has(line, ": error: ") || line_has(line, ": fatal error: ") ||
           line_has(line, ": warning: ") || line_has(line, ": note: ");
}

static bool is_error(const char *line) {
    return line_has(line, ": error: ") || line_has(line, ": fatal error: ");
}

/* "3 errors generated." */
static bool is_count(const char *line) {
    return isdigit((unsigned char)*line) && line_has(line, " generated.");
}

/* Prints a line with `path` shown as `name`. */
static void put_line(FILE *out, const char *line, const char *path, const char *name) {
    size_t len = line_len(line), path_len = strlen(path);
    const char *end = line + len;
    for (const char *at; path_len && (at = memmem(line, (size_t)(end - line), path, path_len));
         line = at + path_len) {
        fwrite(line, 1, (size_t)(at - line), out);
        fputs(name, out);
    }
    fwrite(line, 1, (size_t)(end - line), out);
    fputc('\n', out);
}

/* Copies the diagnostics that `wanted` picks, with what follows each (its lines, its notes). */
static unsigned put_diagnostics(FILE *out, const char *output, const char *path, const char *name,
                                bool errors) {
    unsigned count = 0;
    bool showing = false;
    for (const char *line = output; *line; line = next_line(line)) {
        if (is_count(line))
            continue;
        if (begins_diagnostic(line) && !line_has(line, ": note: ")) {
            bool own = memmem(line, line_len(line), path, strlen(path)) != NULL;
            showing = errors ? is_error(line) : own && line_has(line, ": warning: ");
            count += showing;
        }
        if (showing && count <= MAX_DIAGNOSTICS)
            put_line(out, line, path, name);
    }
    if (count > MAX_DIAGNOSTICS)
        fprintf(out, "… and %u more\n", count - MAX_DIAGNOSTICS);
    return count;
}

static void trim_end(char *text) {
    size_t len = strlen(text);
    while (len && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
}

struct rp_error *rp_compile_error(const char *name, const char *path, const char *output) {
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return rp_error_nomem();
    unsigned count = put_diagnostics(out, output, path, name, true);
    if (!count)
        put_line(out, *output ? output : "the compiler gave no reason", path, name);
    fclose(out);
    trim_end(text);
    RP_AUTO_FREE char *why = NULL;
    if (count && asprintf(&why, "%u error%s\n%s", count, count > 1 ? "s" : "", text) < 0)
        return rp_error_nomem();
    return rp_error_detail_set(rp_error_new(EINVAL, why ? why : text, "cannot compile %s", name),
                               output);
}

char *rp_compile_warnings(const char *name, const char *path, const char *output) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    unsigned count = put_diagnostics(out, output, path, name, false);
    fclose(out);
    if (count)
        trim_end(text);
    else
        free(rp_take(text));
    return text;
}

/* ------------------------------------------------------------- the verifier */

/* Lines of the log that give no reason: the instructions, the state, the statistics. */
static bool is_noise(const char *line) {
    static const char *const starts[] = {
        "processed ", "verification time", "stack depth", "libbpf:", "from ", "peak_states",
        "HINT:",      "bpf: Failed",       "--",          "R0",      "func#", "frame",
        "old state",  "cur state",         "last_idx"};
    size_t len = line_len(line);
    if (!len || isdigit((unsigned char)*line) || *line == ';' || *line == ' ' || *line == '\t')
        return true;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (strncmp(line, starts[i], strlen(starts[i])) == 0 && !line_has(line, "invalid") &&
            !line_has(line, "not allowed") && !line_has(line, "!read_ok"))
            return true;
    return false;
}

struct rp_error *rp_load_error(const char *function, int errnum, const char *log) {
    const char *reason = NULL, *source = NULL, *source_of_reason = NULL;
    for (const char *line = log; *line; line = next_line(line)) {
        if (*line == ';')
            source = line + 1;
        if (!is_noise(line)) {
            reason = line;
            source_of_reason = source;
        }
    }
    struct rp_error *err;
    if (!reason) {
        err = rp_error_new(errnum, NULL, "cannot load %s", function);
        if (errnum == EPERM)
            rp_error_hint_set(err, "run as root (sudo), or with CAP_BPF and CAP_PERFMON; if you "
                                   "are, this kernel forbids the program's type");
        return err;
    }
    RP_AUTO_FREE char *why = NULL;
    int len = source_of_reason ? (int)line_len(source_of_reason) : 0;
    if (asprintf(&why, "the kernel's verifier refused it: %.*s%s%.*s", (int)line_len(reason),
                 reason, len ? "\n   " : "", len, source_of_reason ? source_of_reason : "") < 0)
        return rp_error_nomem();
    err = rp_error_new(errnum, why, "cannot load %s", function);
    rp_error_hint_set(err, "-v shows the verifier's whole log");
    return rp_error_detail_set(err, log);
}
