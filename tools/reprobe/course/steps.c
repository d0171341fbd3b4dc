/* SPDX-License-Identifier: Apache-2.0 */
/* What a student asks for: a check, a hint, the file as it was, the solution. */
#include <sys/utsname.h>

#include "course/course.h"
#include "course/show.h"
#include "course/spawn.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"

static struct rp_error *check(const struct course *course, const struct submission *submission,
                              struct verdict *verdict, char **how) {
    const struct lab lab = {.kernel = course->kernel, .labs = course->labs_path};
    uint64_t start = rp_now_ns();
    enum place place = check_place(submission->lesson, course->wish);
    RP_TRY(place == PLACE_HERE ? check_here(submission, verdict)
                               : check_in_lab(submission, &lab, verdict));
    struct utsname name;
    uname(&name);
    *how = rp_text("%s%s, %.1f s",
                   place == PLACE_HERE ? "on this kernel, Linux " : "in the lab, Linux ",
                   place == PLACE_HERE ? name.release : course->kernel, rp_ms_since(start) / 1e3);
    return *how ? NULL : rp_error_nomem();
}

static struct rp_error *keep(struct course *course, const struct lesson *lesson, bool tried,
                             bool right) {
    struct progress *progress = student_progress(&course->student, lesson);
    if (!progress)
        return rp_error_nomem();
    progress->tries += tried;
    progress->done = progress->done || right;
    return student_save(&course->student);
}

static void say_next(const struct lesson *lesson, const struct verdict *verdict, bool changed) {
    if (verdict->outcome == OUTCOME_RIGHT)
        return;
    putchar('\n');
    if (!changed)
        show_text("The program is still as it was. Read the lesson, change it, and save it.", 2);
    RP_AUTO_FREE char *text = rp_text("`hint` (reprobe course hint %u) helps.", lesson->number);
    show_text(text ? text : "", 2);
    fflush(stdout);
}

struct rp_error *course_check(struct course *course, const struct lesson *lesson, bool *right) {
    const char *name;
    bool changed;
    RP_AUTO_FREE char *text = NULL, *how = NULL;
    struct verdict verdict = {0};
    RP_TRY(student_program(&course->student, lesson, &name, &text, &changed));
    const struct submission submission = {lesson, name, text};
    struct rp_error *err = check(course, &submission, &verdict, &how);
    spawn_end_by_signal();
    if (err)
        return err;
    *right = verdict.outcome == OUTCOME_RIGHT;
    err = keep(course, lesson, changed, *right); /* before it is shown: then Ctrl-C may come */
    if (course->json)
        verdict_write(lesson, &verdict, stdout);
    else
        show_verdict(lesson, name, how, &verdict);
    if (!course->json)
        say_next(lesson, &verdict, changed);
    verdict_clear(&verdict);
    return err;
}

struct rp_error *course_hint(struct course *course, const struct lesson *lesson) {
    struct progress *progress = student_progress(&course->student, lesson);
    if (!progress)
        return rp_error_nomem();
    unsigned count = (unsigned)lesson->hints.count;
    if (progress->hints < count)
        progress->hints++;
    unsigned first = progress->hints; /* the newest last, below those that were shown before */
    for (unsigned i = 0; i < first; i++) {
        printf("hint %u of %u:\n", i + 1, count);
        show_text(lesson->hints.items[i], 2);
    }
    return student_save(&course->student);
}

struct rp_error *course_reset(struct course *course, const struct lesson *lesson) {
    RP_TRY(student_reset(&course->student, lesson));
    for (size_t i = 0; i < lesson->programs.count; i++)
        printf("%s/%s/%s is as it was at first; yours is %s.old beside it.\n", course->student.path,
               lesson->name, lesson->programs.items[i], lesson->programs.items[i]);
    return NULL;
}

struct rp_error *course_solution(struct course *course, const struct lesson *lesson) {
    const struct progress *progress = student_progress(&course->student, lesson);
    if (!progress)
        return rp_error_nomem();
    if (!progress->tries && !progress->done && !course->now) {
        printf("Try it yourself first: change the program and check it once. Then the solution is\n"
               "yours (or now: reprobe course solution --now %u).\n",
               lesson->number);
        return NULL;
    }
    for (size_t i = 0; i < lesson->programs.count; i++) {
        RP_AUTO_FREE char *text = NULL;
        RP_TRY(lesson_file(lesson, "solution", lesson->programs.items[i], &text));
        printf("%s%s", i ? "\n" : "", text);
    }
    return NULL;
}

const struct lesson *course_next(struct course *course) {
    for (size_t i = 0; i < course->lessons.count; i++) {
        const struct progress *progress =
            student_progress(&course->student, course->lessons.items[i]);
        if (!progress || !progress->done)
            return course->lessons.items[i];
    }
    return NULL;
}
