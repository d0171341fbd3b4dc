/* SPDX-License-Identifier: Apache-2.0 */
#include "course/lesson.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "course/lesson_rules.h"
#include "reprobe_tool.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

static struct rp_error *set_once(char **to, const char *word, const char *value) {
    if (*to)
        return rp_error_new(EINVAL, "it is there twice", "`%s`", word);
    if (!*value)
        return rp_error_new(EINVAL, "it needs a value", "`%s`", word);
    *to = strdup(value);
    return *to ? NULL : rp_error_nomem();
}

static struct rp_error *set_number(unsigned *to, const char *word, const char *value) {
    uint64_t number;
    if (!rp_parse_count(value, 600, &number))
        return rp_error_new(EINVAL, "it needs a number from 1 to 600", "`%s`", word);
    *to = (unsigned)number;
    return NULL;
}

/* A file's name: nothing that leads out of the folder. */
static struct rp_error *add_program(struct lesson *lesson, const char *name) {
    if (!*name || *name == '.' || strchr(name, '/'))
        return rp_error_new(EINVAL, "it needs a file's name", "`program`");
    return rp_texts_add(&lesson->programs, strdup(name)) ? NULL : rp_error_nomem();
}

static struct rp_error *add_options(struct lesson *lesson, const char *value) {
    RP_AUTO_FREE char *copy = strdup(value);
    for (char *rest = copy, *word; (word = strsep(&rest, " \t"));)
        if (*word && !rp_texts_add(&lesson->options, strdup(word)))
            return rp_error_nomem();
    return copy ? NULL : rp_error_nomem();
}

static struct rp_error *add_wrong(struct lesson *lesson, const char *file, char ***text) {
    struct lesson_wrong *wrong = rp_vec_add(&lesson->wrong);
    if (!wrong || (file && !(wrong->file = strdup(file))))
        return rp_error_nomem();
    *text = &wrong->text;
    return NULL;
}

/* A line "WORD VALUE"; *text becomes what the indented lines below it are added to. */
static struct rp_error *read_word(struct lesson *lesson, const char *word, const char *value,
                                  char ***text) {
    if (!strcmp(word, "title"))
        return set_once(&lesson->title, word, value);
    if (!strcmp(word, "minutes"))
        return set_number(&lesson->minutes, word, value);
    if (!strcmp(word, "seconds"))
        return set_number(&lesson->seconds, word, value);
    if (!strcmp(word, "workload"))
        return set_once(&lesson->workload, word, value);
    if (!strcmp(word, "runner"))
        return set_once(&lesson->runner, word, value);
    if (!strcmp(word, "program"))
        return add_program(lesson, value);
    if (!strcmp(word, "options"))
        return add_options(lesson, value);
    if (!strcmp(word, "measure"))
        return lesson_add_measure(lesson, value);
    if (!strcmp(word, "want") || !strcmp(word, "advice"))
        return lesson_add_rule(lesson, *word == 'w', value, text);
    if (!strcmp(word, "wrong") && *value)
        return add_wrong(lesson, value, text);
    if (*value)
        return rp_error_new(EINVAL, "there is no such word", "`%s %s`", word, value);
    if (!strcmp(word, "unsolved"))
        return add_wrong(lesson, NULL, text);
    if (!strcmp(word, "needs-kprobes") || !strcmp(word, "changes-the-system")) {
        *(*word == 'n' ? &lesson->needs_kprobes : &lesson->changes) = true;
        return NULL;
    }
    if (!strcmp(word, "right")) {
        *text = &lesson->right;
        return NULL;
    }
    if (strcmp(word, "hint") != 0)
        return rp_error_new(EINVAL, "there is no such word", "`%s`", word);
    if (!rp_texts_add(&lesson->hints, strdup("")))
        return rp_error_nomem();
    *text = &lesson->hints.items[lesson->hints.count - 1];
    return NULL;
}

/* Lines of one paragraph are joined by blanks; a line that is indented by a tab keeps its form. */
static struct rp_error *add_text(char **text, const char *line) {
    if (!text)
        return rp_error_new(EINVAL, "no word above it takes a text", "an indented line");
    const char *content = line + strspn(line, " ");
    const char *before = *text ? *text : "";
    bool is_code = *content == '\t', was_code = false;
    const char *last = strrchr(before, '\n');
    was_code = last && last[1] == '\t';
    const char *between = !*before ? "" : is_code || was_code ? "\n" : " ";
    char *joined = rp_text("%s%s%s", before, between, content);
    if (!joined)
        return rp_error_nomem();
    free(*text);
    *text = joined;
    return NULL;
}

static struct rp_error *read_line(struct lesson *lesson, char *line, char ***text) {
    line[strcspn(line, "\r")] = '\0';
    if (*line == '#' || !line[strspn(line, " \t")])
        return NULL;
    if (*line == ' ')
        return add_text(*text, line);
    *text = NULL;
    char *value = line + strcspn(line, " \t");
    if (*value)
        *value++ = '\0';
    value += strspn(value, " \t");
    for (size_t end = strlen(value); end > 0 && isspace((unsigned char)value[end - 1]);)
        value[--end] = '\0';
    return read_word(lesson, line, value, text);
}

static struct rp_error *require(const struct lesson *lesson) {
    const char *missing = !lesson->title             ? "a title"
                          : !lesson->minutes         ? "minutes"
                          : !lesson->workload        ? "a workload"
                          : !lesson->programs.count  ? "a program"
                          : !lesson->wants.count     ? "a want"
                          : !lesson->right           ? "a text below `right`"
                          : lesson->hints.count != 3 ? "three hints"
                                                     : NULL;
    if (!missing)
        return lesson_check_names(lesson);
    return rp_error_new(EINVAL, NULL, "it needs %s", missing);
}

static struct rp_error *read_lines(struct lesson *lesson, char *rest) {
    unsigned number = 0;
    char **text = NULL;
    for (char *line; (line = strsep(&rest, "\n"));) {
        number++;
        struct rp_error *err = read_line(lesson, line, &text);
        if (!err)
            continue;
        RP_AUTO_FREE char *what = rp_text("%s", rp_error_what(err));
        return rp_error_what_set(err, "%s/lesson:%u: %s", lesson->path, number, what ? what : "");
    }
    struct rp_error *err = require(lesson);
    if (!err)
        return NULL;
    RP_AUTO_FREE char *what = rp_text("%s", rp_error_what(err));
    return rp_error_what_set(err, "%s/lesson: %s", lesson->path, what ? what : "");
}

struct rp_error *lesson_read(const char *path, struct lesson **out) {
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    struct lesson *lesson = calloc(1, sizeof(*lesson));
    if (!lesson)
        return rp_error_nomem();
    lesson->number = (unsigned)strtoul(name, NULL, 10);
    lesson->name = strdup(name);
    lesson->path = strdup(path);
    RP_AUTO_FREE char *text = NULL;
    struct rp_error *err = lesson->name && lesson->path ? NULL : rp_error_nomem();
    if (!err)
        err = lesson_file(lesson, NULL, "lesson", &text);
    if (!err)
        err = read_lines(lesson, text);
    if (err)
        lesson_free(lesson);
    else
        *out = lesson;
    return err;
}

void lesson_free(struct lesson *lesson) {
    if (!lesson)
        return;
    lesson_clear_rules(lesson);
    for (size_t i = 0; i < lesson->wrong.count; i++) {
        free(lesson->wrong.items[i].file);
        free(lesson->wrong.items[i].text);
    }
    rp_vec_clear(&lesson->wrong);
    rp_texts_clear(&lesson->options);
    rp_texts_clear(&lesson->programs);
    rp_texts_clear(&lesson->hints);
    free(lesson->name);
    free(lesson->path);
    free(lesson->title);
    free(lesson->workload);
    free(lesson->runner);
    free(lesson->right);
    free(lesson);
}

struct rp_error *lesson_file(const struct lesson *lesson, const char *folder, const char *name,
                             char **text) {
    RP_AUTO_FREE char *path =
        rp_text("%s/%s%s%s", lesson->path, folder ? folder : "", folder ? "/" : "", name);
    return path ? rp_file_read(path, text) : rp_error_nomem();
}

/* ------------------------------------------------------------------ all of them */

/* NN-NAME, with the digits first. */
static int is_lesson(const struct dirent *entry) {
    const char *name = entry->d_name;
    return isdigit((unsigned char)name[0]) && isdigit((unsigned char)name[1]) && name[2] == '-';
}

static struct rp_error *add_lesson(const char *labs, const char *name, struct lessons *out) {
    RP_AUTO_FREE char *path = rp_text("%s/%s", labs, name);
    struct lesson *lesson = NULL;
    if (!path)
        return rp_error_nomem();
    RP_TRY(lesson_read(path, &lesson));
    if (rp_vec_push(out, lesson))
        return NULL;
    lesson_free(lesson);
    return rp_error_nomem();
}

struct rp_error *lessons_read(const char *labs, struct lessons *out) {
    struct dirent **entries = NULL;
    int count = scandir(labs, &entries, is_lesson, alphasort);
    if (count < 0)
        return rp_error_new(errno, NULL, "cannot read the lessons in %s", labs);
    struct rp_error *err = NULL;
    for (int i = 0; i < count; i++) {
        if (!err)
            err = add_lesson(labs, entries[i]->d_name, out);
        free(entries[i]);
    }
    free(entries);
    if (!err && !out->count)
        err = rp_error_new(ENOENT, "there are no lessons", "cannot read %s", labs);
    return err;
}

void lessons_clear(struct lessons *lessons) {
    for (size_t i = 0; i < lessons->count; i++)
        lesson_free(lessons->items[i]);
    rp_vec_clear(lessons);
}

const struct lesson *lessons_find(const struct lessons *lessons, const char *word) {
    char *end;
    unsigned long number = strtoul(word, &end, 10);
    bool is_number = isdigit((unsigned char)*word) && !*end;
    for (size_t i = 0; i < lessons->count; i++) {
        const struct lesson *lesson = lessons->items[i];
        if (is_number ? lesson->number == number
                      : !strcmp(lesson->name, word) || !strcmp(lesson->name + 3, word))
            return lesson;
    }
    return NULL;
}
