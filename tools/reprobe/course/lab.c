/* SPDX-License-Identifier: Apache-2.0 */
/* Checks in the lab: the machine gets the programs by standard input, and says verdicts. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "course/check.h"
#include "course/places.h"
#include "course/spawn.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/file.h"

#define BOOT_SECONDS  120
#define VERDICT_LIMIT (1u << 20)

/* ------------------------------------------------------------------ this machine's side */

/* "LESSON PROGRAM BYTES" and so many bytes, for each submission, in memory. */
static struct rp_error *write_submissions(const struct submission *submissions, size_t count,
                                          int *fd) {
    *fd = memfd_create("submissions", MFD_CLOEXEC);
    FILE *file = *fd >= 0 ? fdopen(dup(*fd), "w") : NULL;
    if (!file)
        return rp_error_new(errno, NULL, "cannot hand the programs to the lab");
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s %s %zu\n%s", submissions[i].lesson->name, submissions[i].name,
                strlen(submissions[i].text), submissions[i].text);
    if (fclose(file) || lseek(*fd, 0, SEEK_SET) != 0)
        return rp_error_new(errno, NULL, "cannot hand the programs to the lab");
    return NULL;
}

static void mix_folder(struct rp_digest *digest, const char *path, unsigned depth) {
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        RP_AUTO_FREE char *file = rp_text("%s/%s", path, entries[i]->d_name);
        struct stat st;
        if (entries[i]->d_name[0] != '.' && file && !lstat(file, &st)) {
            rp_digest_file(digest, &st);
            if (S_ISDIR(st.st_mode) && depth > 0)
                mix_folder(digest, file, depth - 1);
        }
        free(entries[i]);
    }
    free(entries);
}

/* A lab sees files as they were when it first read them: another reprobe, or other lessons, need
 * another lab. */
static char *session_name(const char *program, const struct lab *lab) {
    struct rp_digest digest = rp_digest_begin();
    struct stat st;
    char hex[65];
    if (!stat(program, &st))
        rp_digest_file(&digest, &st);
    mix_folder(&digest, lab->labs, 2);
    rp_digest_end(&digest, hex);
    return rp_text("course-%s-%.8s", lab->kernel, hex);
}

struct rp_error *check_in_lab(const struct submission *submission, const struct lab *lab,
                              struct verdict *out) {
    RP_AUTO_FREE char *script = places_lab_script(), *program = places_program();
    RP_AUTO_FREE char *name = script && program ? session_name(program, lab) : NULL;
    RP_AUTO_CLOSE int input = -1;
    if (!name)
        return rp_error_new(ENOENT, "scripts/lab is not beside this program", "cannot use the lab");
    RP_TRY(write_submissions(submission, 1, &input));
    const char *argv[] = {script,  "--in",   name,      "--kernel", lab->kernel, "--",
                          program, "course", "examine", "--labs",   lab->labs,   NULL};
    const struct spawn spawn = {.argv = argv,
                                .input = input,
                                .seconds = BOOT_SECONDS + check_seconds(submission->lesson),
                                .limit = VERDICT_LIMIT,
                                .talks = true};
    struct spawned spawned = {0};
    struct rp_error *err = spawn_run(&spawn, &spawned);
    if (!err && (spawned.end != SPAWN_ENDED || spawned.status))
        err = rp_error_new(EIO, "the lab did not check it", "cannot check lesson %u",
                           submission->lesson->number);
    if (!err)
        err = verdict_parse(submission->lesson, spawned.out, out);
    spawned_clear(&spawned);
    return err;
}

struct rp_error *check_in_disposable_lab(const struct submission *submissions, size_t count,
                                         const struct lab *lab, char **lines) {
    RP_AUTO_FREE char *script = places_lab_script(), *program = places_program();
    RP_AUTO_CLOSE int input = -1;
    unsigned seconds = 0;
    for (size_t i = 0; i < count; i++)
        seconds += check_seconds(submissions[i].lesson);
    RP_AUTO_FREE char *limit = rp_text("%u", seconds);
    if (!script || !program || !limit)
        return rp_error_new(ENOENT, "scripts/lab is not beside this program", "cannot use the lab");
    RP_TRY(write_submissions(submissions, count, &input));
    const char *argv[] = {script,  "--timeout", limit,     "--kernel", lab->kernel, "--",
                          program, "course",    "examine", "--labs",   lab->labs,   NULL};
    const struct spawn spawn = {
        .argv = argv, .input = input, .seconds = BOOT_SECONDS + seconds, .limit = VERDICT_LIMIT};
    struct spawned spawned = {0};
    struct rp_error *err = spawn_run(&spawn, &spawned);
    /* 125: there was no lab; after a verdict it is the machine that a program has ended. */
    if (!err && WIFEXITED(spawned.status) && WEXITSTATUS(spawned.status) == 125 && !*spawned.out &&
        !strstr(spawned.err, "kernel panicked"))
        err = rp_error_new(EIO, spawned.err, "cannot use the lab");
    if (!err)
        *lines = rp_take(spawned.out);
    spawned_clear(&spawned);
    return err;
}

/* ------------------------------------------------------------------ the guest's side */

static void say_failure(const struct lesson *lesson, const struct rp_error *err) {
    struct rp_writer json;
    rp_json_begin(&json, stdout);
    rp_json_string(&json, "lesson", lesson->name);
    RP_AUTO_FREE char *text = rp_text("%s: %s", rp_error_what(err), rp_error_why(err));
    rp_json_text(&json, "error", text ? text : "", SIZE_MAX);
    rp_json_end(&json);
}

static void examine(const struct submission *submission) {
    struct verdict verdict = {0};
    struct rp_error *err = check_here(submission, &verdict);
    if (err)
        say_failure(submission->lesson, err);
    else
        verdict_write(submission->lesson, &verdict, stdout);
    fflush(stdout);
    rp_error_free(err);
    verdict_clear(&verdict);
}

struct rp_error *check_examine(const struct lessons *lessons) {
    RP_AUTO_FREE char *text = NULL;
    RP_TRY(rp_file_read("-", &text));
    for (char *rest = text; *rest;) {
        char lesson[128], name[128];
        size_t size, head = strcspn(rest, "\n") + 1;
        if (sscanf(rest, "%127s %127s %zu", lesson, name, &size) != 3 || head > strlen(rest) ||
            size > strlen(rest + head))
            return rp_error_new(EPROTO, "it is not a submission", "cannot read standard input");
        RP_AUTO_FREE char *program = strndup(rest + head, size);
        const struct submission submission = {lessons_find(lessons, lesson), name, program};
        if (!submission.lesson || !program || strchr(name, '/'))
            return rp_error_new(EPROTO, "there is no such lesson", "cannot check `%s`", lesson);
        examine(&submission);
        rest += head + size;
    }
    return NULL;
}
