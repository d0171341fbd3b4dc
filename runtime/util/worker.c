/* SPDX-License-Identifier: Apache-2.0 */
#include "util/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static char own_name[16]; /* TASK_COMM_LEN, its final NUL included */

static const char *name_of_workers(void) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789", begin[] = "reprobe:";
    unsigned char random[sizeof(own_name) - sizeof(begin)];
    if (*own_name || getrandom(random, sizeof(random), 0) != sizeof(random))
        return own_name;
    char *to = stpcpy(own_name, begin);
    for (size_t i = 0; i < RP_COUNT(random); i++)
        *to++ = letters[random[i] % (sizeof(letters) - 1)];
    return own_name;
}

pid_t rp_worker_fork(void) {
    name_of_workers(); /* here, for the child's own workers have the same */
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, name_of_workers());
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    return child;
}

/* Whoever waits for it tells of its crash, or of its alarm(2): nothing else does. */
static void let_crash(void) {
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < RP_COUNT(crashes); i++) {
        sigaction(crashes[i], &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
        sigaddset(&set, crashes[i]);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
}

static struct rp_error *await(pid_t child, const char *who, int *status) {
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR)
            return rp_error_new(errno, NULL, "cannot wait for %s", who);
    if (WIFSIGNALED(*status)) {
        RP_AUTO_FREE char *why = rp_text("signal %d (%s) ended %s", WTERMSIG(*status),
                                         strsignal(WTERMSIG(*status)), who);
        return rp_error_new(EINVAL, why, "cannot go on");
    }
    *status = WEXITSTATUS(*status);
    return NULL;
}

struct rp_error *rp_worker_run(const char *who, int (*work)(void *ctx), void *ctx, int *status) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t child = rp_worker_fork();
    if (child == 0) {
        let_crash();
        _exit(work(ctx));
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return child < 0 ? rp_error_new(errno, NULL, "cannot start %s", who)
                     : await(child, who, status);
}

void rp_worker_name(uint64_t name[2]) {
    memcpy(name, name_of_workers(), sizeof(own_name));
}
