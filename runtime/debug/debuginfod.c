/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/debuginfod.h"

#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/alarm.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/library.h"
#include "util/private_dir.h"
#include "util/text.h"
#include "util/vec.h"

#define LIMIT_S 60
#define LOOK_MS 50

#define FUNCTIONS(F)                                                                               \
    F(debuginfod_begin)                                                                            \
    F(debuginfod_end)                                                                              \
    F(debuginfod_find_debuginfo)                                                                   \
    F(debuginfod_get_url)                                                                          \
    F(debuginfod_get_user_data)                                                                    \
    F(debuginfod_set_progressfn)                                                                   \
    F(debuginfod_set_user_data)

static struct { FUNCTIONS(RP_LIBRARY_MEMBER) } client;

/* What has not come. */
struct absent {
    char *program, *build_id, *why;
    bool is_for_good; /* else it may be asked for again */
};

static const struct rp_debuginfod *use;
static RP_VEC(struct absent) absents;

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

struct request {
    const char *program;
    uint64_t began_ns;
    uint64_t limit_ms;
    bool is_late, is_ended;
};

static uint64_t limit_ms(void) {
    const char *text = getenv(DEBUGINFOD_MAXTIME_ENV_VAR);
    unsigned long seconds = text ? strtoul(text, NULL, 10) : 0;
    return 1000 * (seconds && seconds <= UINT32_MAX ? seconds : LIMIT_S);
}

/* Of `all` bytes, or, while that is 0, called `got` times. */
static int on_progress(debuginfod_client *of, long got, long all) {
    struct request *request = client.debuginfod_get_user_data(of);
    uint64_t bytes = all > 0 && got > 0 ? (uint64_t)got : 0;
    request->is_late = rp_ms_since(request->began_ns) > (double)request->limit_ms;
    request->is_ended =
        use->progress && !use->progress(request->program, bytes, all > 0 ? (uint64_t)all : 0);
    return request->is_late || request->is_ended;
}

static const char *reason(const struct request *request, int fd) {
    if (request->is_late)
        return "it took too long (DEBUGINFOD_MAXTIME)";
    return request->is_ended ? "an interrupt ended it"
           : fd == -ENOENT   ? "no server has it"
           : fd == -ENOSYS   ? "DEBUGINFOD_URLS names no server"
                             : strerror(-fd);
}

static bool is_absent(const char *build_id) {
    for (size_t i = 0; i < absents.count; i++)
        if (!strcmp(absents.items[i].build_id, build_id))
            return true;
    return false;
}

static void clear(const struct absent *absent) {
    free(absent->program);
    free(absent->build_id);
    free(absent->why);
}

static void forget(struct absent *absent) {
    clear(absent);
    *absent = absents.items[--absents.count];
}

void rp_debuginfod_again(void) {
    for (size_t i = absents.count; i-- > 0;)
        if (!absents.items[i].is_for_good)
            forget(&absents.items[i]);
}

static void note(const char *program, const char *build_id, const char *why, bool is_for_good) {
    struct absent absent = {strdup(program), strdup(build_id), strdup(why), is_for_good};
    if (absent.program && absent.build_id && absent.why && rp_vec_push(&absents, absent))
        return;
    clear(&absent);
}

/* libdebuginfod notes by an empty file, which counts for ten minutes, that no server has it: also
 * where it was not let finish. */
static void forget_entry(const char *build_id) {
    const char *place = getenv(DEBUGINFOD_CACHE_PATH_ENV_VAR);
    RP_AUTO_FREE char *path = rp_text("%s/%s/debuginfo", place, build_id);
    struct stat st;
    if (path && !lstat(path, &st) && S_ISREG(st.st_mode) && !st.st_size)
        unlink(path);
}

static void end(const char *program, const char *url) {
    if (use->end)
        use->end(program, url);
}

static int ask(const char *program, const char *build_id, char **name) {
    debuginfod_client *one = client.debuginfod_begin();
    if (!one)
        return -1;
    struct request request = {program, rp_now_ns(), limit_ms(), false, false};
    client.debuginfod_set_user_data(one, &request);
    client.debuginfod_set_progressfn(one, on_progress);
    rp_alarm_begin(LOOK_MS); /* libcurl waits a second at a time */
    int fd = client.debuginfod_find_debuginfo(one, (const unsigned char *)build_id, 0, name);
    rp_alarm_end();
    request.is_late |= fd == -ETIME; /* its own clock was first */
    const char *url = fd >= 0 ? client.debuginfod_get_url(one) : NULL;
    end(program, url);
    if (request.is_late || request.is_ended)
        forget_entry(build_id);
    if (fd < 0)
        note(program, build_id, reason(&request, fd), !request.is_ended);
    client.debuginfod_end(one);
    return fd < 0 ? -1 : fd;
}

int rp_debuginfod_fetch(const char *program, const char *build_id, char **name) {
    if (!use || is_absent(build_id))
        return -1;
    const char *why = open_library();
    if (!why && !choose_place())
        why = "there is no directory of this user's to keep it in";
    if (!why)
        return ask(program, build_id, name);
    note(program, build_id, why, true);
    return -1;
}

const char *rp_debuginfod_why(const char *program) {
    for (size_t i = 0; i < absents.count; i++)
        if (!strcmp(absents.items[i].program, program))
            return absents.items[i].why;
    return NULL;
}
