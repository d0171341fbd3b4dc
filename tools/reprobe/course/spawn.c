/* SPDX-License-Identifier: Apache-2.0 */
#include "course/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"
#include "util/vec.h"

#define GRACE_NS 3000000000u

static volatile sig_atomic_t signalled;
static volatile pid_t running; /* as for kill(2): negative, a process group */

static void on_signal(int signo) {
    if (running && !signalled) {
        signalled = signo;
        kill(running, SIGTERM);
        return;
    }
    signal(signo, SIG_DFL);
    raise(signo);
}

void spawn_take_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < 3; i++)
        sigaction(signals[i], &action, NULL);
}

void spawn_end_by_signal(void) {
    if (!signalled)
        return;
    signal(signalled, SIG_DFL);
    raise(signalled);
}

struct bytes {
    RP_VEC(char);
};

struct stream {
    int fd; /* -1: at its end */
    struct bytes bytes;
};

/* A program that may not start as many processes as it likes must not start at all without that
 * limit. */
static void join_cgroup(const char *cgroup) {
    RP_AUTO_FREE char *path = cgroup ? rp_text("%s/cgroup.procs", cgroup) : NULL;
    RP_AUTO_CLOSE int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (cgroup && (fd < 0 || write(fd, "0", 1) != 1))
        _exit(126);
}

static void start(const struct spawn *spawn, const int out[2], const int err[2]) {
    int input = spawn->input >= 0 ? spawn->input : open("/dev/null", O_RDONLY | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (spawn->group)
        setpgid(0, 0);
    join_cgroup(spawn->cgroup);
    if (spawn->directory && chdir(spawn->directory))
        _exit(126);
    dup2(input, STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    if (!spawn->talks)
        dup2(err[1], STDERR_FILENO);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    execvp(spawn->argv[0], (char *const *)spawn->argv);
    _exit(127);
}

static bool take(struct stream *stream, size_t limit) {
    char chunk[65536];
    ssize_t got = read(stream->fd, chunk, sizeof(chunk));
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0) {
        close(stream->fd);
        stream->fd = -1;
        return true;
    }
    for (ssize_t i = 0; i < got; i++)
        if (chunk[i] && stream->bytes.count < limit && !rp_vec_push(&stream->bytes, chunk[i]))
            return false;
    return stream->bytes.count < limit;
}

static void interrupt_it(pid_t pid, int *sent, uint64_t *deadline) {
    *sent = *sent ? SIGKILL : SIGTERM;
    kill(pid, *sent);
    *deadline = rp_now_ns() + GRACE_NS;
}

/* Until both streams are at their ends, or it has ended and something that it left behind has not.
 */
static enum spawn_end follow(const struct spawn *spawn, pid_t pid, struct stream streams[2]) {
    uint64_t deadline = rp_now_ns() + spawn->seconds * (uint64_t)1000000000;
    enum spawn_end end = SPAWN_ENDED;
    int sent = 0;
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        struct pollfd fds[2] = {{streams[0].fd, POLLIN, 0}, {streams[1].fd, POLLIN, 0}};
        uint64_t now = rp_now_ns();
        if (now >= deadline) {
            if (sent == SIGKILL)
                break;
            end = end == SPAWN_ENDED ? SPAWN_LATE : end;
            interrupt_it(pid, &sent, &deadline);
            continue;
        }
        if (poll(fds, 2, (int)((deadline - now) / 1000000) + 1) <= 0)
            continue;
        for (int i = 0; i < 2; i++) {
            if (!fds[i].revents || take(&streams[i], spawn->limit) || end == SPAWN_FLOODED)
                continue;
            end = SPAWN_FLOODED;
            interrupt_it(pid, &sent, &deadline);
        }
    }
    if (streams[0].fd >= 0 || streams[1].fd >= 0)
        kill(pid, SIGKILL);
    return end;
}

static struct rp_error *finish(struct stream streams[2], struct spawned *out) {
    char **texts[] = {&out->out, &out->err};
    for (int i = 0; i < 2; i++) {
        if (streams[i].fd >= 0)
            close(streams[i].fd);
        if (!rp_vec_push(&streams[i].bytes, '\0'))
            return rp_error_nomem();
        *texts[i] = streams[i].bytes.items;
    }
    return NULL;
}

struct rp_error *spawn_run(const struct spawn *spawn, struct spawned *out) {
    int std_out[2], std_err[2];
    *out = (struct spawned){0};
    if (pipe2(std_out, O_CLOEXEC))
        return rp_error_new(errno, NULL, "cannot run %s", spawn->argv[0]);
    if (pipe2(std_err, O_CLOEXEC)) {
        close(std_out[0]);
        close(std_out[1]);
        return rp_error_new(errno, NULL, "cannot run %s", spawn->argv[0]);
    }
    pid_t pid = fork();
    if (pid == 0)
        start(spawn, std_out, std_err);
    int errnum = errno;
    close(std_out[1]);
    close(std_err[1]);
    struct stream streams[2] = {{.fd = std_out[0]}, {.fd = std_err[0]}};
    if (pid > 0 && spawn->group)
        setpgid(pid, pid); /* whoever comes first */
    running = pid <= 0 ? 0 : spawn->group ? -pid : pid;
    if (pid > 0) {
        out->end = follow(spawn, running, streams);
        while (waitpid(pid, &out->status, 0) < 0 && errno == EINTR)
            ;
        if (spawn->group)
            kill(-pid, SIGKILL); /* what it has left behind */
    }
    running = 0;
    RP_TRY(finish(streams, out));
    if (signalled)
        return rp_error_new(EINTR, NULL, "the check was ended");
    return pid > 0 ? NULL : rp_error_new(errnum, NULL, "cannot run %s", spawn->argv[0]);
}

void spawned_clear(struct spawned *spawned) {
    free(spawned->out);
    free(spawned->err);
    *spawned = (struct spawned){0};
}
