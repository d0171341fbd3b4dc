/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe course: lessons that check themselves. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "course/course.h"
#include "course/places.h"
#include "course/show.h"
#include "course/spawn.h"
#include "reprobe_tool.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

#define MAX_WORDS 1024

enum { KEY_DIR = 0x4000, KEY_LABS, KEY_HERE, KEY_LAB, KEY_KERNEL, KEY_JSON, KEY_NOW };

static const struct argp_option options[] = {
    {"dir", KEY_DIR, "DIR", 0,
     "Keep the student's files in DIR ($REPROBE_COURSE, or ~/reprobe-course)", 0},
    {"labs", KEY_LABS, "DIR", 0, "Take the lessons from DIR ($REPROBE_LABS, or docs/labs)", 0},
    {"here", KEY_HERE, 0, 0, "Check on this kernel", 1},
    {"lab", KEY_LAB, 0, 0, "Check in the lab, even if this kernel can do it", 1},
    {"kernel", KEY_KERNEL, "6.1|6.12", 0, "The kernel of the lab (6.12)", 1},
    {"json", KEY_JSON, 0, 0, "Print verdicts as JSON, an object a line", 2},
    {"now", KEY_NOW, 0, 0, "Show the solution without a try", 2},
    {0}};

struct request {
    struct course course;
    char *words[MAX_WORDS];
    size_t count;
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct request *request = state->input;
    struct course *course = &request->course;
    switch (key) {
    case KEY_DIR:
        course->directory = arg;
        return 0;
    case KEY_LABS:
        course->labs = arg;
        return 0;
    case KEY_HERE:
    case KEY_LAB:
        course->wish = key == KEY_HERE ? PLACE_HERE : PLACE_LAB;
        return 0;
    case KEY_KERNEL:
        if (strcmp(arg, "6.1") != 0 && strcmp(arg, "6.12") != 0)
            argp_error(state, "the lab has no kernel `%s` (it has 6.1 and 6.12)", arg);
        course->kernel = arg;
        return 0;
    case KEY_JSON:
        course->json = true;
        return 0;
    case KEY_NOW:
        course->now = true;
        return 0;
    case ARGP_KEY_ARG:
        if (request->count == MAX_WORDS)
            argp_error(state, "at most %d words are allowed", MAX_WORDS);
        request->words[request->count++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ------------------------------------------------------------------ its commands */

static struct rp_error *find_lesson(struct course *course, const char *word,
                                    const struct lesson **lesson) {
    *lesson = word ? lessons_find(&course->lessons, word) : course_next(course);
    if (*lesson)
        return NULL;
    if (!word) {
        *lesson = course->lessons.items[course->lessons.count - 1];
        return NULL;
    }
    return rp_error_hint_set(
        rp_error_new(ENOENT, "there is no such lesson or command", "reprobe course: `%s`", word),
        "reprobe course list shows the lessons; reprobe help course explains");
}

static struct rp_error *check(struct course *course, const struct lesson *lesson) {
    RP_TRY(student_prepare(&course->student, lesson));
    course->failed = true;
    bool right = false;
    RP_TRY(course_check(course, lesson, &right));
    course->failed = !right;
    return NULL;
}

static struct rp_error *list(struct course *course, const struct lesson *lesson) {
    (void)lesson;
    return show_list(&course->student, &course->lessons);
}

static const struct {
    const char *word;
    struct rp_error *(*run)(struct course *course, const struct lesson *lesson);
} commands[] = {
    {"list", list},
    {"check", check},
    {"hint", course_hint},
    {"reset", course_reset},
    {"solution", course_solution},
};

static struct rp_error *run_words(struct request *request) {
    struct course *course = &request->course;
    const char *word = request->count ? request->words[0] : NULL;
    const struct lesson *lesson;
    for (size_t i = 0; word && i < RP_COUNT(commands); i++) {
        if (strcmp(commands[i].word, word) != 0)
            continue;
        RP_TRY(find_lesson(course, request->count > 1 ? request->words[1] : NULL, &lesson));
        return commands[i].run(course, lesson);
    }
    if (request->count > 1)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "there is no such command", "reprobe course: `%s`", word),
            "reprobe help course explains");
    RP_TRY(find_lesson(course, word, &lesson));
    return course_watch(course, lesson);
}

static struct rp_error *run(struct request *request) {
    struct course *course = &request->course;
    const char *word = request->count ? request->words[0] : "";
    course->labs_path = course->labs ? realpath(course->labs, NULL) : places_labs();
    if (!course->labs_path)
        return rp_error_hint_set(rp_error_new(ENOENT, NULL, "cannot find the lessons"),
                                 "--labs or REPROBE_LABS names their folder");
    RP_TRY(lessons_read(course->labs_path, &course->lessons));
    if (!strcmp(word, "examine"))
        return check_examine(&course->lessons);
    if (!strcmp(word, "grade"))
        return course_grade(course, request->words + 1, request->count - 1);
    RP_TRY(student_open(course->directory, &course->student));
    return run_words(request);
}

int command_course(int argc, char **argv) {
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[list|check|hint|reset|solution] [LESSON]\ngrade DIR…",
        .doc = "Lessons that check themselves: copies a lesson to your directory, watches its "
               "program, and on each save runs it beside a workload and says what is right and "
               "what is not yet. Without a LESSON, a number or a name, it goes on where you were."};
    struct request request = {.course = {.kernel = "6.12", .student = {.fd = -1}}};
    rp_argp_parse(&argp, argc, argv, 0, &request);
    spawn_take_signals();
    struct rp_error *err = run(&request);
    spawn_end_by_signal();
    student_close(&request.course.student);
    lessons_clear(&request.course.lessons);
    free(request.course.labs_path);
    int status = rp_tool_end(err, false);
    return status || !request.course.failed ? status : 1;
}
