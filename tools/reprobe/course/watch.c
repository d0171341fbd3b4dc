/* SPDX-License-Identifier: Apache-2.0 */
/* Watches a lesson's programs, and listens to what the student types meanwhile. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "course/course.h"
#include "course/show.h"
#include "util/cleanup.h"
#include "util/error.h"

#define QUIET_MS 60 /* an editor that saves makes several events */

enum next { NEXT_WAIT, NEXT_CHECK, NEXT_LESSON, NEXT_END };

struct watch {
    struct course *course;
    const struct lesson *lesson;
    int inotify;  /* of the lesson's folder */
    bool listens; /* standard input is the student's keyboard */
};

static struct rp_error *watch_folder(struct watch *watch) {
    RP_AUTO_FREE char *path = rp_text("%s/%s", watch->course->student.path, watch->lesson->name);
    watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (!path || watch->inotify < 0 ||
        inotify_add_watch(watch->inotify, path,
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
                              IN_ONLYDIR | IN_DONT_FOLLOW) < 0)
        return rp_error_hint_set(
            rp_error_new(errno, NULL, "cannot watch %s", path ? path : "the folder"),
            "reprobe course check %u checks it once", watch->lesson->number);
    return NULL;
}

static bool is_program(const struct lesson *lesson, const char *name) {
    for (size_t i = 0; i < lesson->programs.count; i++)
        if (!strcmp(lesson->programs.items[i], name))
            return true;
    return false;
}

/* Reads what has happened; whether one of the programs was saved, and whether the folder is gone.
 */
static bool read_events(struct watch *watch, bool *gone) {
    char bytes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool saved = false;
    ssize_t got;
    while ((got = read(watch->inotify, bytes, sizeof(bytes))) > 0) {
        for (const char *at = bytes; at < bytes + got;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            *gone = *gone || (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED));
            saved = saved || (event->len && is_program(watch->lesson, event->name)) ||
                    (event->mask & IN_Q_OVERFLOW);
            at += sizeof(*event) + event->len;
        }
    }
    return saved;
}

static struct rp_error *folder_is_gone(const struct watch *watch) {
    return rp_error_hint_set(
        rp_error_new(ENOENT, "its folder is gone", "cannot watch lesson %u", watch->lesson->number),
        "reprobe course %u makes it again", watch->lesson->number);
}

static struct rp_error *on_saved(struct watch *watch, enum next *next) {
    bool gone = false, saved = read_events(watch, &gone);
    struct pollfd fd = {watch->inotify, POLLIN, 0};
    while (!gone && poll(&fd, 1, QUIET_MS) > 0)
        saved = read_events(watch, &gone) || saved;
    if (gone)
        return folder_is_gone(watch);
    if (saved)
        *next = NEXT_CHECK;
    return NULL;
}

static void say_words(void) {
    show_text(
        "Save the program, and it is checked. Or type: check, hint, solution, reset, list, next, "
        "quit (Ctrl-C does it, too).",
        2);
    fflush(stdout);
}

static struct rp_error *on_word(struct watch *watch, const char *word, enum next *next) {
    struct course *course = watch->course;
    if (!strcmp(word, "") || !strcmp(word, "check"))
        *next = NEXT_CHECK;
    else if (!strcmp(word, "quit") || !strcmp(word, "q") || !strcmp(word, "exit"))
        *next = NEXT_END;
    else if (!strcmp(word, "next"))
        *next = NEXT_LESSON;
    else if (!strcmp(word, "hint"))
        return course_hint(course, watch->lesson);
    else if (!strcmp(word, "solution"))
        return course_solution(course, watch->lesson);
    else if (!strcmp(word, "reset"))
        return course_reset(course, watch->lesson);
    else if (!strcmp(word, "list"))
        return show_list(&course->student, &course->lessons);
    else
        say_words();
    return NULL;
}

static struct rp_error *on_typed(struct watch *watch, enum next *next) {
    char line[128];
    ssize_t got = read(STDIN_FILENO, line, sizeof(line) - 1);
    if (got <= 0) {
        watch->listens = false;
        if (got == 0) /* Ctrl-D */
            *next = NEXT_END;
        return NULL;
    }
    line[got] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    struct rp_error *err = on_word(watch, line, next);
    fflush(stdout);
    return err;
}

static struct rp_error *wait_for_next(struct watch *watch, enum next *next) {
    *next = NEXT_WAIT;
    while (*next == NEXT_WAIT) {
        struct pollfd fds[] = {{watch->inotify, POLLIN, 0},
                               {watch->listens ? STDIN_FILENO : -1, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[0].revents)
            RP_TRY(on_saved(watch, next));
        if (fds[1].revents)
            RP_TRY(on_typed(watch, next));
    }
    return NULL;
}

static const struct lesson *lesson_after(const struct course *course, const struct lesson *lesson) {
    for (size_t i = 0; i + 1 < course->lessons.count; i++)
        if (course->lessons.items[i] == lesson)
            return course->lessons.items[i + 1];
    return NULL;
}

/* Until the student has it right or wants to go on (then *next is NEXT_LESSON), or ends it. */
static struct rp_error *watch_lesson(struct watch *watch, enum next *next) {
    struct course *course = watch->course;
    RP_TRY(student_prepare(&course->student, watch->lesson));
    RP_TRY(watch_folder(watch));
    show_lesson(&course->student, watch->lesson);
    say_words();
    for (;;) {
        bool right = false;
        RP_TRY(wait_for_next(watch, next));
        if (*next != NEXT_CHECK)
            return NULL;
        printf("\nchecking…\n");
        fflush(stdout);
        struct rp_error *err = course_check(course, watch->lesson, &right);
        if (err) { /* the student may mend it, and saves again */
            rp_error_print(err, stderr);
            rp_error_free(err);
        }
        if (right) {
            *next = NEXT_LESSON;
            return NULL;
        }
    }
}

struct rp_error *course_watch(struct course *course, const struct lesson *lesson) {
    struct watch watch = {.course = course, .inotify = -1, .listens = isatty(STDIN_FILENO)};
    struct rp_error *err = NULL;
    enum next next = NEXT_LESSON;
    for (; lesson && !err && next == NEXT_LESSON; lesson = lesson_after(course, lesson)) {
        watch.lesson = lesson;
        err = watch_lesson(&watch, &next);
        if (watch.inotify >= 0)
            close(watch.inotify);
        watch.inotify = -1;
    }
    if (err || next != NEXT_LESSON)
        return err;
    const struct lesson *open = course_next(course);
    if (open)
        printf("\nThat was the last lesson. Lesson %u is still open: reprobe course %u\n",
               open->number, open->number);
    else
        printf("\nAll lessons are done.\n");
    return NULL;
}
