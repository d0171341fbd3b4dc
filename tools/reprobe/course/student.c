/* SPDX-License-Identifier: Apache-2.0 */
#include "course/student.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

#define PROGRESS    ".progress"
#define PROGRAM_MAX (256u << 10) /* bytes of a program */

/* ------------------------------------------------------------------ files */

/* What root makes in a student's directory is the student's. */
static void give_away(const struct student *student, int fd) {
    if (geteuid() == 0 && student->owner.st_uid != 0 &&
        fchown(fd, student->owner.st_uid, student->owner.st_gid))
        fprintf(stderr, "reprobe: note: a file in %s stays root's\n", student->path);
}

/* The lesson's folder. */
static struct rp_error *open_folder(const struct student *student, const struct lesson *lesson,
                                    int *fd) {
    if (!student->is_others && mkdirat(student->fd, lesson->name, 0755) && errno != EEXIST)
        return rp_error_new(errno, NULL, "cannot make %s/%s", student->path, lesson->name);
    *fd = openat(student->fd, lesson->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0)
        return rp_error_new(errno, NULL, "cannot open %s/%s", student->path, lesson->name);
    if (!student->is_others)
        give_away(student, *fd);
    return NULL;
}

/* Writes a file beside it and renames that: whoever reads it reads all of the old or of the new
 * one. */
static struct rp_error *write_file(const struct student *student, int folder, const char *name,
                                   const char *text) {
    RP_AUTO_FREE char *draft = rp_text(".%s.%d", name, (int)getpid());
    if (!draft)
        return rp_error_nomem();
    unlinkat(folder, draft, 0);
    RP_AUTO_CLOSE int fd = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    size_t size = strlen(text);
    if (fd < 0 || write(fd, text, size) != (ssize_t)size || renameat(folder, draft, folder, name)) {
        int errnum = errno;
        unlinkat(folder, draft, 0);
        return rp_error_new(errnum, NULL, "cannot write %s in %s", name, student->path);
    }
    give_away(student, fd);
    return NULL;
}

/* A regular file that is not a link. */
static struct rp_error *read_file(const struct student *student, int folder, const char *name,
                                  char **text) {
    RP_AUTO_CLOSE int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        return rp_error_new(errno, errno == ELOOP ? "it is a symbolic link" : NULL,
                            "cannot read %s in %s", name, student->path);
    if (!S_ISREG(st.st_mode) || st.st_size > PROGRAM_MAX)
        return rp_error_new(
            EINVAL, S_ISREG(st.st_mode) ? "it has more than 256 KiB" : "it is not a regular file",
            "cannot read %s in %s", name, student->path);
    size_t size = 0;
    RP_AUTO_FREE char *whole = rp_file_bytes(fd, &size);
    if (!whole || memchr(whole, '\0', size))
        return rp_error_new(whole ? EINVAL : errno, whole ? "it contains a NUL byte" : NULL,
                            "cannot read %s in %s", name, student->path);
    whole[size] = '\0';
    *text = rp_take(whole);
    return NULL;
}

/* ------------------------------------------------------------------ the directory */

static char *default_path(void) {
    const char *own = getenv("REPROBE_COURSE"), *home = getenv("HOME");
    if (own && *own)
        return strdup(own);
    return rp_text("%s/reprobe-course", home && *home ? home : ".");
}

static struct rp_error *open_directory(struct student *student) {
    if (mkdir(student->path, 0755) && errno != EEXIST)
        return rp_error_hint_set(rp_error_new(errno, NULL, "cannot make %s", student->path),
                                 "--dir or REPROBE_COURSE names another directory");
    student->fd = open(student->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (student->fd < 0 || fstat(student->fd, &student->owner))
        return rp_error_new(errno, NULL, "cannot open %s", student->path);
    const char *why = rp_file_distrust(&student->owner, S_IWOTH);
    return why ? rp_error_hint_set(rp_error_new(EACCES, why, "cannot use %s", student->path),
                                   "--dir or REPROBE_COURSE names another directory")
               : NULL;
}

/* "LESSON done|open HINTS TRIES" */
static struct rp_error *read_progress(struct student *student) {
    RP_AUTO_FREE char *text = NULL;
    struct stat st;
    if (fstatat(student->fd, PROGRESS, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
        return NULL;
    RP_TRY(read_file(student, student->fd, PROGRESS, &text));
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        char name[128], state[16];
        unsigned hints, tries;
        if (sscanf(line, "%127s %15s %u %u", name, state, &hints, &tries) != 4)
            continue;
        struct progress *progress = rp_vec_add(&student->progress);
        if (!progress || !(progress->lesson = strdup(name)))
            return rp_error_nomem();
        progress->done = !strcmp(state, "done");
        progress->hints = hints;
        progress->tries = tries;
    }
    return NULL;
}

struct rp_error *student_open(const char *path, struct student *out) {
    *out = (struct student){.fd = -1};
    out->path = path ? strdup(path) : default_path();
    if (!out->path)
        return rp_error_nomem();
    struct rp_error *err = open_directory(out);
    if (!err)
        err = read_progress(out);
    if (err)
        student_close(out);
    return err;
}

struct rp_error *student_open_others(const char *path, struct student *out) {
    *out = (struct student){.fd = -1, .is_others = true};
    out->path = strdup(path);
    if (!out->path)
        return rp_error_nomem();
    out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->fd >= 0)
        return NULL;
    int errnum = errno;
    student_close(out);
    return rp_error_new(errnum, NULL, "cannot open %s", path);
}

void student_close(struct student *student) {
    for (size_t i = 0; i < student->progress.count; i++)
        free(student->progress.items[i].lesson);
    rp_vec_clear(&student->progress);
    if (student->fd >= 0)
        close(student->fd);
    free(student->path);
    *student = (struct student){.fd = -1};
}

struct progress *student_progress(struct student *student, const struct lesson *lesson) {
    for (size_t i = 0; i < student->progress.count; i++)
        if (!strcmp(student->progress.items[i].lesson, lesson->name))
            return &student->progress.items[i];
    struct progress *progress = rp_vec_add(&student->progress);
    if (progress && !(progress->lesson = strdup(lesson->name))) {
        student->progress.count--;
        return NULL;
    }
    return progress;
}

struct rp_error *student_save(struct student *student) {
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return rp_error_nomem();
    for (size_t i = 0; i < student->progress.count; i++) {
        const struct progress *progress = &student->progress.items[i];
        fprintf(out, "%s %s %u %u\n", progress->lesson, progress->done ? "done" : "open",
                progress->hints, progress->tries);
    }
    return fclose(out) ? rp_error_nomem() : write_file(student, student->fd, PROGRESS, text);
}

/* ------------------------------------------------------------------ a lesson's folder */

static struct rp_error *copy_file(const struct student *student, const struct lesson *lesson,
                                  int folder, const char *name) {
    RP_AUTO_FREE char *text = NULL;
    RP_TRY(lesson_file(lesson, NULL, name, &text));
    return write_file(student, folder, name, text);
}

/* The text is the lesson's: it follows the lesson when that is made better. */
struct rp_error *student_prepare(const struct student *student, const struct lesson *lesson) {
    RP_AUTO_CLOSE int folder = -1;
    RP_TRY(open_folder(student, lesson, &folder));
    RP_TRY(copy_file(student, lesson, folder, "README.md"));
    for (size_t i = 0; i < lesson->programs.count; i++) {
        struct stat st;
        if (fstatat(folder, lesson->programs.items[i], &st, AT_SYMLINK_NOFOLLOW))
            RP_TRY(copy_file(student, lesson, folder, lesson->programs.items[i]));
    }
    return NULL;
}

struct rp_error *student_reset(const struct student *student, const struct lesson *lesson) {
    RP_AUTO_CLOSE int folder = -1;
    RP_TRY(open_folder(student, lesson, &folder));
    for (size_t i = 0; i < lesson->programs.count; i++) {
        const char *name = lesson->programs.items[i];
        RP_AUTO_FREE char *old = rp_text("%s.old", name);
        if (!old)
            return rp_error_nomem();
        if (renameat(folder, name, folder, old) && errno != ENOENT)
            return rp_error_new(errno, NULL, "cannot keep %s as %s", name, old);
        RP_TRY(copy_file(student, lesson, folder, name));
    }
    return NULL;
}

static bool is_newer(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

struct candidate {
    const char *name;
    char *text;
    bool changed;
    struct timespec time;
};

/* One that the student has changed is better than one that is as it was. */
static bool is_better(const struct candidate *a, const struct candidate *b) {
    if (!b->text || a->changed != b->changed)
        return !b->text || a->changed;
    return a->changed && is_newer(&a->time, &b->time);
}

static bool has_changed(const struct lesson *lesson, const char *name, const char *text) {
    RP_AUTO_FREE char *given = NULL;
    struct rp_error *err = lesson_file(lesson, NULL, name, &given);
    bool changed = err || !given || !text || strcmp(given, text) != 0;
    rp_error_free(err);
    return changed;
}

static struct rp_error *read_candidate(const struct student *student, const struct lesson *lesson,
                                       int folder, struct candidate *candidate) {
    struct stat st;
    RP_TRY(read_file(student, folder, candidate->name, &candidate->text));
    if (!fstatat(folder, candidate->name, &st, AT_SYMLINK_NOFOLLOW))
        candidate->time = st.st_mtim;
    candidate->changed = has_changed(lesson, candidate->name, candidate->text);
    return NULL;
}

struct rp_error *student_program(const struct student *student, const struct lesson *lesson,
                                 const char **name, char **text, bool *changed) {
    RP_AUTO_CLOSE int folder = -1;
    struct candidate best = {0};
    struct rp_error *first = NULL;
    RP_TRY(open_folder(student, lesson, &folder));
    for (size_t i = 0; i < lesson->programs.count; i++) {
        struct candidate candidate = {.name = lesson->programs.items[i]};
        struct rp_error *err = read_candidate(student, lesson, folder, &candidate);
        bool failed = err != NULL;
        if (!first)
            first = rp_take(err);
        rp_error_free(err);
        if (failed || !is_better(&candidate, &best)) {
            free(candidate.text);
            continue;
        }
        free(best.text);
        best = candidate;
    }
    if (!best.text)
        return rp_error_hint_set(first, "reprobe course reset %u brings the file back",
                                 lesson->number);
    rp_error_free(first);
    *name = best.name;
    *text = best.text;
    *changed = best.changed;
    return NULL;
}
