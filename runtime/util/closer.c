/* SPDX-License-Identifier: Apache-2.0 */
#include "util/closer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* They only wait, and those that wait together wait for the same thing. */
#define THREADS_MAX 32

struct rp_closer {
    int *fds;
    size_t count, next; /* the latter by all threads */
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
};

static void *close_some(void *ctx) {
    struct rp_closer *closer = ctx;
    size_t i;
    while ((i = __atomic_fetch_add(&closer->next, 1, __ATOMIC_RELAXED)) < closer->count)
        if (closer->fds[i] >= 0)
            close(closer->fds[i]);
    return NULL;
}

static void start_threads(struct rp_closer *closer) {
    /* The process's signals go to its other threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (closer->thread_count < THREADS_MAX && closer->thread_count < closer->count) {
        pthread_t *thread = &closer->threads[closer->thread_count];
        if (pthread_create(thread, NULL, close_some, closer) != 0)
            break;
        closer->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct rp_closer *rp_closer_start(int *fds, size_t count) {
    struct rp_closer *closer = calloc(1, sizeof(*closer));
    struct rp_closer alone = {.fds = fds, .count = count};
    if (closer) {
        *closer = alone;
        start_threads(closer);
        if (closer->thread_count)
            return closer;
    }
    free(closer);
    close_some(&alone);
    free(fds);
    return NULL;
}

void rp_closer_wait(struct rp_closer *closer) {
    if (!closer)
        return;
    for (size_t i = 0; i < closer->thread_count; i++)
        pthread_join(closer->threads[i], NULL);
    free(closer->fds);
    free(closer);
}
