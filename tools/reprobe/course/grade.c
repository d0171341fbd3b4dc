/* SPDX-License-Identifier: Apache-2.0 */
/* Marks what students handed in. Each student's programs run in a machine of their own, which is
 * thrown away; a program that ends it, or takes all of its time, costs the student that lesson
 * only. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "course/course.h"
#include "course/show.h"
#include "util/cells.h"
#include "util/cleanup.h"
#include "util/error.h"

#define NAME_COLUMNS 24

/* What a student has for a lesson. */
struct entry {
    const struct lesson *lesson;
    const char *name; /* of the program */
    char *text;       /* NULL: nothing was handed in, or it is as it was given */
    char *problem;    /* why it could not be read, or NULL */
    bool graded;
    struct verdict verdict;
};

struct sheet {
    const char *student;
    RP_VEC(struct entry) entries; /* as many as there are lessons */
};

static void sheet_clear(struct sheet *sheet) {
    for (size_t i = 0; i < sheet->entries.count; i++) {
        free(sheet->entries.items[i].text);
        free(sheet->entries.items[i].problem);
        verdict_clear(&sheet->entries.items[i].verdict);
    }
    rp_vec_clear(&sheet->entries);
}

/* ------------------------------------------------------------------ what was handed in */

static bool has_folder(const struct student *student, const struct lesson *lesson) {
    struct stat st;
    return !fstatat(student->fd, lesson->name, &st, AT_SYMLINK_NOFOLLOW);
}

static struct rp_error *read_entry(const struct student *student, const struct lesson *lesson,
                                   struct entry *entry) {
    bool changed;
    entry->lesson = lesson;
    if (!has_folder(student, lesson))
        return NULL;
    struct rp_error *err = student_program(student, lesson, &entry->name, &entry->text, &changed);
    if (err) {
        entry->problem = rp_text("%s: %s", rp_error_what(err), rp_error_why(err));
        rp_error_free(err);
        return entry->problem ? NULL : rp_error_nomem();
    }
    if (changed)
        return NULL;
    free(entry->text);
    entry->text = NULL;
    return NULL;
}

static struct rp_error *read_sheet(const struct course *course, const char *directory,
                                   struct sheet *sheet) {
    struct student student;
    RP_TRY(student_open_others(directory, &student));
    struct rp_error *err = NULL;
    for (size_t i = 0; !err && i < course->lessons.count; i++) {
        struct entry *entry = rp_vec_add(&sheet->entries);
        err = entry ? read_entry(&student, course->lessons.items[i], entry) : rp_error_nomem();
    }
    student_close(&student);
    return err;
}

/* ------------------------------------------------------------------ marking */

/* The next line that is a verdict on the entry. */
static bool take_verdict(struct entry *entry, char **rest) {
    RP_AUTO_FREE char *line = NULL;
    size_t length = strcspn(*rest, "\n");
    if (!(*rest)[length]) /* not a whole line: the machine ended in the middle */
        return false;
    line = strndup(*rest, length);
    *rest += length + 1;
    struct rp_error *err = line ? verdict_parse(entry->lesson, line, &entry->verdict) : NULL;
    if (err)
        entry->problem = rp_text("%s", rp_error_why(err));
    rp_error_free(err);
    entry->graded = !err;
    return line;
}

/* It is what was running when the machine ended, or was ended. */
static struct rp_error *give_up_on(struct entry *entry) {
    entry->graded = true;
    entry->verdict.outcome = OUTCOME_ENDED;
    entry->verdict.advice = strdup("It ended the machine that it ran in, or took all of its time.");
    return entry->verdict.advice ? NULL : rp_error_nomem();
}

static bool is_open(const struct entry *entry) {
    return entry->text && !entry->graded && !entry->problem;
}

/* One machine: as many entries as get a verdict, and the one that ended it. */
static struct rp_error *mark_some(const struct course *course, struct sheet *sheet, bool *done) {
    RP_VEC(struct submission) open = {0};
    struct entry *entries = sheet->entries.items;
    RP_AUTO_FREE char *lines = NULL;
    const struct lab lab = {.kernel = course->kernel, .labs = course->labs_path};
    bool ok = true;
    for (size_t i = 0; i < sheet->entries.count; i++)
        if (is_open(&entries[i]))
            ok = ok && rp_vec_push(&open, ((struct submission){entries[i].lesson, entries[i].name,
                                                               entries[i].text}));
    *done = !open.count;
    struct rp_error *err = !ok     ? rp_error_nomem()
                           : *done ? NULL
                                   : check_in_disposable_lab(open.items, open.count, &lab, &lines);
    rp_vec_clear(&open);
    char *rest = lines;
    for (size_t i = 0; rest && !err && i < sheet->entries.count; i++) {
        if (!is_open(&entries[i]) || take_verdict(&entries[i], &rest))
            continue;
        return give_up_on(&entries[i]);
    }
    return err;
}

/* ------------------------------------------------------------------ the table */

static char mark_of(const struct entry *entry) {
    static const char marks[] = {[OUTCOME_RIGHT] = '+',
                                 [OUTCOME_NOT_YET] = '-',
                                 [OUTCOME_REFUSED] = 'x',
                                 [OUTCOME_ENDED] = '!'};
    return entry->problem ? '?' : entry->graded ? marks[entry->verdict.outcome] : '.';
}

static bool is_right(const struct entry *entry) {
    return entry->graded && entry->verdict.outcome == OUTCOME_RIGHT;
}

static void print_header(const struct course *course) {
    printf("%-*s", NAME_COLUMNS, "STUDENT");
    for (size_t i = 0; i < course->lessons.count; i++)
        printf("%3u", course->lessons.items[i]->number);
    printf("  RIGHT\n");
    fflush(stdout);
}

/* A name that somebody chose: it may have any bytes. */
static void print_name(const char *name) {
    size_t length = rp_cells_fit(name, strlen(name), NAME_COLUMNS - 1);
    size_t printed = rp_print_text(name, length, stdout);
    printf("%*s", (int)(printed < NAME_COLUMNS ? NAME_COLUMNS - printed : 1), "");
}

static void print_row(const struct sheet *sheet) {
    unsigned right = 0;
    print_name(sheet->student);
    for (size_t i = 0; i < sheet->entries.count; i++) {
        right += is_right(&sheet->entries.items[i]);
        printf("%3c", mark_of(&sheet->entries.items[i]));
    }
    printf("  %u of %zu\n", right, sheet->entries.count);
    fflush(stdout);
}

/* What the compiler says is left out: it may quote any file that the machine could read. */
static void print_json(const struct sheet *sheet) {
    struct rp_writer json;
    rp_json_begin(&json, stdout);
    rp_json_text(&json, "student", sheet->student, SIZE_MAX);
    rp_json_object(&json, "lessons");
    for (size_t i = 0; i < sheet->entries.count; i++) {
        const struct entry *entry = &sheet->entries.items[i];
        rp_json_object(&json, entry->lesson->name);
        rp_json_string(&json, "verdict",
                       entry->problem  ? "unreadable"
                       : entry->graded ? verdict_word(entry->verdict.outcome)
                                       : "not begun");
        if (entry->problem)
            rp_json_text(&json, "problem", entry->problem, SIZE_MAX);
        if (entry->graded && entry->verdict.advice)
            rp_json_text(&json, "advice", entry->verdict.advice, SIZE_MAX);
        rp_json_object_end(&json);
    }
    rp_json_object_end(&json);
    rp_json_end(&json);
    fflush(stdout);
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static struct rp_error *mark(struct course *course, const char *directory) {
    struct sheet sheet = {.student = last_part(directory)};
    struct rp_error *err = read_sheet(course, directory, &sheet);
    for (bool done = false; !err && !done;)
        err = mark_some(course, &sheet, &done);
    if (!err && course->json)
        print_json(&sheet);
    else if (!err)
        print_row(&sheet);
    sheet_clear(&sheet);
    return err;
}

struct rp_error *course_grade(struct course *course, char *const *directories, size_t count) {
    if (!count)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it needs the students' directories", "reprobe course grade"),
            "reprobe course grade class/*");
    if (!course->json)
        print_header(course);
    for (size_t i = 0; i < count; i++)
        RP_TRY(mark(course, directories[i]));
    if (!course->json)
        printf("\n+ right  - not yet  x refused  ! ended  ? cannot be read  . not begun\n");
    return NULL;
}
