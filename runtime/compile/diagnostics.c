/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/diagnostics.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "compile/hints.h"
#include "compile/link.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

#define MAX_DIAGNOSTICS 10
#define TAB_STOP        8 /* clang's -ftabstop */

/* The length of the line at `p`, without its newline. */
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

enum kind { NO_DIAGNOSTIC, ERROR, WARNING, NOTE, INCLUDED };

/* What the line begins: "FILE:LINE:COL: error: …" or "In file included from …", but not a source
 * line or a caret, which follow. *words, which may be NULL, is the text after the kind. */
static enum kind kind_of(const char *line, const char **words) {
    static const struct {
        const char *mark;
        enum kind kind;
    } marks[] = {{": error: ", ERROR},
                 {": fatal error: ", ERROR},
                 {": warning: ", WARNING},
                 {": note: ", NOTE}};
    if (strncmp(line, "In file included from ", 22) == 0 ||
        strncmp(line, "                 from ", 22) == 0)
        return INCLUDED;
    for (size_t i = 0; i < RP_COUNT(marks); i++) {
        const char *mark = memmem(line, line_len(line), marks[i].mark, strlen(marks[i].mark));
        if (mark && words)
            *words = mark + strlen(marks[i].mark);
        if (mark)
            return marks[i].kind;
    }
    return NO_DIAGNOSTIC;
}

/* Whether the line is about a text that is not the author's. */
static bool is_elsewhere(const char *line) {
    static const char *const places[] = {
        "/virtual/",       "reprobe-types.h:", "/kconfig.h:",    "/reprobe/callback.h:",
        "<scratch space>", "<built-in>",       "<command line>", "<unknown>:"};
    const char *words = line;
    kind_of(line, &words);
    for (size_t i = 0; i < RP_COUNT(places); i++)
        if (memmem(line, (size_t)(words - line), places[i], strlen(places[i])))
            return true;
    return false;
}

/* "3 errors generated." */
static bool is_count(const char *line) {
    return isdigit((unsigned char)*line) && line_has(line, " generated.");
}

/* The end of the words that are of use to an author. */
static const char *end_of_words(const char *line) {
    static const char *const tails[] = {
        " is invalid in C99 [-Werror",
        "; ISO C99 and later do not support implicit function declarations", " [-Werror", " to 0x"};
    const char *end = line + line_len(line);
    for (size_t i = 0; i < RP_COUNT(tails); i++) {
        const char *tail = memmem(line, (size_t)(end - line), tails[i], strlen(tails[i]));
        if (tail)
            end = tail;
    }
    return end;
}

/* Prints a line with `path` shown as `name`. */
static void put_line(FILE *out, const char *line, const char *path, const char *name) {
    size_t path_len = strlen(path);
    const char *end = end_of_words(line);
    for (const char *at; path_len && (at = memmem(line, (size_t)(end - line), path, path_len));
         line = at + path_len) {
        fwrite(line, 1, (size_t)(at - line), out);
        fputs(name, out);
    }
    fwrite(line, 1, (size_t)(end - line), out);
    fputc('\n', out);
}

/* Line `number` of `text`, or NULL. */
static const char *nth_line(const char *text, unsigned long number) {
    for (; number > 1 && *text; number--)
        text = next_line(text);
    return number == 1 && *text ? text : NULL;
}

/* The line of the author's text that a diagnostic is about; NULL if it is about another file. */
static const char *authors_line(const char *diagnostic, const char *path, const char *text) {
    size_t len = strlen(path);
    if (!text || strncmp(diagnostic, path, len) != 0 || diagnostic[len] != ':')
        return NULL;
    return nth_line(text, strtoul(diagnostic + len + 1, NULL, 10));
}

/* The line with its tabs as spaces, as clang prints it; malloc()ed; NULL if it has more than plain
 * ASCII, which clang prints better. */
static char *plain_line(const char *line) {
    size_t len = line_len(line), columns = 0;
    char *plain = malloc(len * TAB_STOP + 1);
    for (size_t i = 0; plain && i < len; i++) {
        if (line[i] == '\t') {
            do
                plain[columns++] = ' ';
            while (columns % TAB_STOP);
        } else if (isprint((unsigned char)line[i])) {
            plain[columns++] = line[i];
        } else {
            free(rp_take(plain));
        }
    }
    if (plain)
        plain[columns] = '\0';
    return plain;
}

/* libbcc rewrites calls, and inserts lines (see libbcc.c). Whether `shown`, up to the caret, is
 * still the author's line, or the end of it in its place. */
static bool is_same(const char *shown, const char *plain) {
    size_t same = 0, blank = strspn(shown, " "), len = line_len(shown);
    const char *caret = next_line(shown);
    size_t renamed = strlen(RP_CALLBACK_TEXT);
    if (strncmp(shown, RP_CALLBACK_TEXT, renamed) != 0)
        renamed = 0;
    while ((same < renamed || plain[same] == shown[same]) && plain[same])
        same++;
    return same >= strcspn(caret, "^\n") ||
           (blank < strlen(plain) && strncmp(plain + blank, shown + blank, len - blank) == 0);
}

/* What is printed of clang's output. */
struct printer {
    FILE *out;
    const char *path, *name, *text;
    unsigned count;
    struct rp_names seen; /* a macro, or LLVM, may say the same of one place more than once */
    bool showing;         /* the current error or warning */
    bool whole;           /* with its location and its lines */
    bool rewritten;       /* the next line is no longer the author's */
    bool beyond;          /* it is behind the author's last line, where libbcc writes more */
    char *authors;        /* the author's line, until it is printed instead */
};

static void find_authors_line(struct printer *p, const char *diagnostic, enum kind kind) {
    const char *shown = next_line(diagnostic), *line = NULL;
    size_t len = strlen(p->path);
    if (kind != INCLUDED && *shown && kind_of(shown, NULL) == NO_DIAGNOSTIC && !is_count(shown))
        line = authors_line(diagnostic, p->path, p->text);
    p->beyond = p->text && !line && !strncmp(diagnostic, p->path, len) && diagnostic[len] == ':';
    free(p->authors);
    p->authors = line ? plain_line(line) : NULL;
    p->rewritten = p->authors && !is_same(shown, p->authors);
}

/* "NAME:LINE: error: ", without the column, which belongs to libbcc's text. */
static void put_place(const struct printer *p, const char *line, const char *words) {
    const char *number = line + strlen(p->path), *column = strchr(number + 1, ':') + 1;
    const char *kind = strchr(column, ':');
    fprintf(p->out, "%s%.*s%.*s", p->name, (int)(column - 1 - number), number, (int)(words - kind),
            kind);
}

static void put_words(struct printer *p, const char *line, const char *words, enum kind kind) {
    bool unwanted_advice = kind == NOTE && strncmp(words, "include the header", 18) == 0;
    p->whole = kind != INCLUDED && !unwanted_advice && !is_elsewhere(line);
    find_authors_line(p, line, kind);
    if (kind == NOTE && (p->rewritten || p->beyond)) /* about what the author has not written */
        p->whole = false;
    if (!p->showing || (!p->whole && kind != ERROR))
        return;
    if (p->whole && p->rewritten)
        put_place(p, line, words);
    put_line(p->out, p->whole && !p->rewritten ? line : words, p->path, p->name);
}

/* A source line, or a line below it: a caret, a correction. */
static void put_source(struct printer *p, const char *shown) {
    put_line(p->out, p->authors ? p->authors : shown, p->path, p->name);
    p->whole = !p->rewritten; /* the caret would point nowhere */
    free(rp_take(p->authors));
}

/* Prints the errors, or the warnings about the author's own lines, each with its lines and notes.
 */
static unsigned put_diagnostics(FILE *out, const char *output, const char *path, const char *name,
                                enum kind wanted) {
    RP_AUTO_FREE char *text = NULL;
    rp_error_free(rp_file_read(path, &text));
    struct printer p = {.out = out, .path = path, .name = name, .text = text};
    for (const char *line = output; *line; line = next_line(line)) {
        const char *words = line;
        enum kind kind = kind_of(line, &words);
        if (is_count(line))
            continue;
        if (kind == ERROR || kind == WARNING) {
            bool own = memmem(line, line_len(line), path, strlen(path)) != NULL;
            p.showing = kind == wanted && (own || kind == ERROR) &&
                        rp_names_add(&p.seen, line, line_len(line));
            p.count += p.showing;
            p.showing = p.showing && p.count <= MAX_DIAGNOSTICS;
        }
        if (kind != NO_DIAGNOSTIC)
            put_words(&p, line, words, kind);
        else if (p.showing && p.whole)
            put_source(&p, line);
    }
    if (p.count > MAX_DIAGNOSTICS)
        fprintf(out, "… and %u more\n", p.count - MAX_DIAGNOSTICS);
    free(p.authors);
    rp_names_clear(&p.seen);
    return p.count;
}

static void trim_end(char *text) {
    size_t len = strlen(text);
    while (len && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
}

static struct rp_error *add_hint(struct rp_error *err, const char *output,
                                 const struct rp_scan *scan) {
    const char *line = output, *words = NULL;
    while (*line && kind_of(line, &words) != ERROR)
        line = next_line(line);
    if (!*line)
        return err;
    RP_AUTO_FREE char *message = strndup(words, line_len(words));
    line = next_line(line);
    RP_AUTO_FREE char *source = strndup(line, line_len(line));
    if (!message || !source)
        return err;
    RP_AUTO_FREE char *hint = rp_compile_hint(message, source, scan);
    return hint ? rp_error_hint_set(err, "%s", hint) : err;
}

struct rp_error *rp_compile_error(const char *name, const char *path, const char *output,
                                  const struct rp_scan *scan) {
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return rp_error_nomem();
    if (strstr(output, "expected exactly one compiler job")) {
        fclose(out);
        return rp_error_hint_set(
            rp_error_new(EINVAL, "a flag asks clang to do more than compile this one source",
                         "cannot compile %s", name),
            "everything after `--` goes to clang: put reprobe's own options and files before it");
    }
    unsigned count = put_diagnostics(out, output, path, name, ERROR);
    if (!count)
        put_line(out, output, path, name);
    fclose(out);
    trim_end(text);
    RP_AUTO_FREE char *why = NULL;
    if (count && asprintf(&why, "%u error%s\n%s", count, count > 1 ? "s" : "", text) < 0)
        return rp_error_nomem();
    const char *said = text[strspn(text, " \n")] ? text : "the compiler did not say why";
    struct rp_error *err = rp_error_new(EINVAL, why ? why : said, "cannot compile %s", name);
    return add_hint(rp_error_detail_set(err, output), output, scan);
}

char *rp_compile_warnings(const char *name, const char *path, const char *output) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    unsigned count = put_diagnostics(out, output, path, name, WARNING);
    fclose(out);
    if (count)
        trim_end(text);
    else
        free(rp_take(text));
    return text;
}
