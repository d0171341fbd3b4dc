/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/debuginfod.h"

#include <dirent.h>
#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/alarm.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/library.h"
#include "util/private_dir.h"
#include "util/text.h"
#include "util/vec.h"
#include "util/worker.h"

#define LIMIT_S 60
#define LOOK_MS 50
#define STOP_MS 300

static const char too_long[] = "it took too long (DEBUGINFOD_MAXTIME)",
                  interrupted[] = "an interrupt ended it";

#define FUNCTIONS(F)                                                                               \
    F(debuginfod_begin)                                                                            \
    F(debuginfod_end)                                                                              \
    F(debuginfod_find_debuginfo)                                                                   \
    F(debuginfod_get_url)                                                                          \
    F(debuginfod_get_user_data)                                                                    \
    F(debuginfod_set_progressfn)                                                                   \
    F(debuginfod_set_user_data)

static struct { FUNCTIONS(RP_LIBRARY_MEMBER) } client;

/* What has come, or has not. */
struct answer {
    char *program, *build_id;
    char *path;       /* NULL: it has not come, */
    char *why;        /* for this reason */
    bool is_for_good; /* else it may be asked for again */
};

static const struct rp_debuginfod *use;
static RP_VEC(struct answer) answers;

void rp_debuginfod_use(const struct rp_debuginfod *given) {
    use = given;
}

/* ------------------------------------------------------------------ the client */

static const char *open_library(void) {
    RP_LIBRARY_OF_FILE(library, DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL, FUNCTIONS);
    static char text[128];
    return rp_library_open(&library, &client, text);
}

/* Where libdebuginfod would keep it, if that is this user's: sudo may leave another user's home in
 * $HOME. */
static char *usual_place(void) {
    const char *own = getenv(DEBUGINFOD_CACHE_PATH_ENV_VAR), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        return strdup(own);
    if (xdg && *xdg == '/')
        return rp_text("%s/debuginfod_client", xdg);
    return home && *home == '/' ? rp_text("%s/.cache/debuginfod_client", home) : NULL;
}

static bool is_own(const char *path) {
    return path && rp_file_make_directory(path) && rp_path_is_private(path);
}

static bool choose_place(void) {
    RP_AUTO_FREE char *usual = usual_place();
    if (is_own(usual))
        return setenv(DEBUGINFOD_CACHE_PATH_ENV_VAR, usual, true) == 0;
    const struct passwd *user = getpwuid(geteuid());
    RP_AUTO_FREE char *other = user ? rp_text("%s/.cache/debuginfod_client", user->pw_dir) : NULL;
    return is_own(other) && setenv(DEBUGINFOD_CACHE_PATH_ENV_VAR, other, true) == 0;
}

/* ------------------------------------------------------------------ one request */

/* A worker asks, so that this process can end it: libdebuginfod calls back only while something
 * comes (0.192), and libcurl waits a second at a time. What the two share: */
struct request {
    atomic_ulong got, all; /* bytes; 0: not known yet */
    atomic_bool stop;
    int error; /* 0: `path` is there, from `url`, which is "" where it was kept */
    char path[PATH_MAX], url[1024];
};

static uint64_t limit_ms(void) {
    const char *text = getenv(DEBUGINFOD_MAXTIME_ENV_VAR);
    unsigned long seconds = text ? strtoul(text, NULL, 10) : 0;
    return 1000 * (seconds && seconds <= UINT32_MAX ? seconds : LIMIT_S);
}

/* In the worker. Of `all` bytes, or, while that is 0, called `got` times. */
static int on_progress(debuginfod_client *of, long got, long all) {
    struct request *request = client.debuginfod_get_user_data(of);
    if (all > 0 && got > 0) {
        request->got = (unsigned long)got;
        request->all = (unsigned long)all;
    }
    return request->stop;
}

static bool keep(char *to, size_t size, const char *text) {
    return text && (size_t)snprintf(to, size, "%s", text) < size;
}

static void work(struct request *request, const char *build_id) {
    debuginfod_client *one = client.debuginfod_begin();
    char *path = NULL;
    if (!one)
        return;
    client.debuginfod_set_user_data(one, request);
    client.debuginfod_set_progressfn(one, on_progress);
    rp_alarm_begin(LOOK_MS);
    int fd = client.debuginfod_find_debuginfo(one, (const unsigned char *)build_id, 0, &path);
    rp_alarm_end();
    if (fd >= 0 && keep(request->path, sizeof(request->path), path)) {
        keep(request->url, sizeof(request->url), client.debuginfod_get_url(one));
        request->error = 0;
    } else if (fd < 0) {
        request->error = -fd;
    }
}

/* It has some time to put away what has come so far. */
static void stop(struct request *request, struct pollfd *worker, pid_t child) {
    request->stop = true;
    if (!poll(worker, 1, STOP_MS))
        kill(child, SIGKILL);
}

/* Waits for the worker, whose end of a pipe is closed with it. NULL: it came to its end; otherwise
 * why not. */
static const char *await(struct request *request, const char *program, int pipe_end, pid_t child) {
    struct pollfd worker = {.fd = pipe_end, .events = POLLIN};
    uint64_t began_ns = rp_now_ns();
    const char *why = NULL;
    while (!why && poll(&worker, 1, LOOK_MS) <= 0) {
        if (rp_ms_since(began_ns) > (double)limit_ms())
            why = too_long;
        else if (use->progress && !use->progress(program, request->got, request->all))
            why = interrupted;
    }
    if (why)
        stop(request, &worker, child);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return why;
}

static const char *reason(int errnum) {
    return errnum == ETIME    ? too_long /* its own clock was first */
           : errnum == ENOENT ? "no server has it"
           : errnum == ENOSYS ? "DEBUGINFOD_URLS names no server"
                              : strerror(errnum);
}

/* NULL: it has come; otherwise why not. */
static const char *ask_by_worker(struct request *request, const char *program,
                                 const char *build_id) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return strerror(errno);
    pid_t child = rp_worker_fork();
    if (child == 0) {
        work(request, build_id);
        _exit(0);
    }
    close(ends[1]);
    const char *why = child < 0 ? strerror(errno) : await(request, program, ends[0], child);
    close(ends[0]);
    return why ? why : request->error ? reason(request->error) : NULL;
}

static struct answer *find(const char *build_id) {
    for (size_t i = 0; i < answers.count; i++)
        if (!strcmp(answers.items[i].build_id, build_id))
            return &answers.items[i];
    return NULL;
}

static void clear(const struct answer *answer) {
    free(answer->program);
    free(answer->build_id);
    free(answer->path);
    free(answer->why);
}

static void forget(struct answer *answer) {
    clear(answer);
    *answer = answers.items[--answers.count];
}

void rp_debuginfod_again(void) {
    for (size_t i = answers.count; i-- > 0;)
        if (!answers.items[i].is_for_good)
            forget(&answers.items[i]);
}

/* `why` NULL: it has come, to `path`. */
static void note(const char *program, const char *build_id, const char *path, const char *why) {
    struct answer answer = {.program = strdup(program),
                            .build_id = strdup(build_id),
                            .path = why ? NULL : strdup(path),
                            .why = why ? strdup(why) : NULL,
                            .is_for_good = why != interrupted};
    if (answer.program && answer.build_id && (answer.path || answer.why) &&
        rp_vec_push(&answers, answer))
        return;
    clear(&answer);
}

/* What a worker that was ended leaves behind: what has come so far, in debuginfo.XXXXXX, and an
 * empty debuginfo, by which libdebuginfod notes for ten minutes that no server has it. */
static void forget_entry(const char *build_id) {
    RP_AUTO_FREE char *path = rp_text("%s/%s", getenv(DEBUGINFOD_CACHE_PATH_ENV_VAR), build_id);
    RP_AUTO_CLOSEDIR DIR *dir = path ? opendir(path) : NULL;
    struct stat st;
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        bool is_part = !strncmp(entry->d_name, "debuginfo.", 10);
        if ((is_part || !strcmp(entry->d_name, "debuginfo")) &&
            !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
            (is_part || !st.st_size))
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
}

/* -1, with errno: *name is NULL. */
static int open_named(const char *path, char **name) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *name = fd < 0 ? NULL : strdup(path);
    if (fd < 0 || *name)
        return fd;
    close(fd);
    errno = ENOMEM;
    return -1;
}

static int ask(const char *program, const char *build_id, char **name) {
    struct request *request =
        mmap(NULL, sizeof(*request), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (request == MAP_FAILED)
        return -1;
    request->error = EIO; /* of a worker that crashed */
    const char *why = ask_by_worker(request, program, build_id);
    int fd = why ? -1 : open_named(request->path, name);
    if (!why && fd < 0)
        why = strerror(errno);
    if (use->end)
        use->end(program, fd >= 0 && *request->url ? request->url : NULL);
    if (why == too_long || why == interrupted)
        forget_entry(build_id);
    note(program, build_id, request->path, why);
    munmap(request, sizeof(*request));
    return fd;
}

/* What has come before, unless it was removed meanwhile. */
static int open_kept(struct answer *known, char **name) {
    int fd = open_named(known->path, name);
    if (fd < 0)
        forget(known);
    return fd;
}

int rp_debuginfod_fetch(const char *program, const char *build_id, char **name) {
    struct answer *known = find(build_id);
    if (!use || (known && !known->path))
        return -1;
    int fd = known ? open_kept(known, name) : -1;
    if (fd >= 0)
        return fd;
    const char *why = open_library();
    if (!why && !choose_place())
        why = "there is no directory of this user's to keep it in";
    if (!why)
        return ask(program, build_id, name);
    note(program, build_id, "", why);
    return -1;
}

const char *rp_debuginfod_why(const char *program) {
    for (size_t i = 0; i < answers.count; i++)
        if (answers.items[i].why && !strcmp(answers.items[i].program, program))
            return answers.items[i].why;
    return NULL;
}
