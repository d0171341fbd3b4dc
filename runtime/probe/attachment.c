/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel holds for a program at its places, and how it ends. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/probe.h"

struct rp_attached {
    int fd;
    char *event;
    bool detaching; /* by `detacher`, who has `fd` from then on */
    pthread_t detacher;
};

struct rp_error *rp_attachment_add(struct rp_attachment *attachment, int fd, char *event) {
    struct rp_attached *places =
        realloc(attachment->places, (attachment->count + 1) * sizeof(*places));
    if (!places) {
        close(fd);
        free(event);
        return rp_error_nomem();
    }
    attachment->places = places;
    places[attachment->count++] = (struct rp_attached){.fd = fd, .event = event};
    return NULL;
}

static void *detach(void *ctx) {
    struct rp_attached *place = ctx;
    close(place->fd);
    place->fd = -1;
    return NULL;
}

/* PERF_EVENT_IOC_DISABLE would not do: the kernel calls a tracepoint's or kprobe's programs whether
 * or not their perf event is enabled. Closing takes the program away first and waits after, so the
 * wait is left to a thread; to one a place, so that they wait together. */
void rp_attachment_disable(struct rp_attachment *attachment) {
    /* The process's signals are for its other threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < attachment->count; i++) {
        struct rp_attached *place = &attachment->places[i];
        if (!place->detaching && place->fd >= 0)
            place->detaching = pthread_create(&place->detacher, NULL, detach, place) == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (size_t i = 0; i < attachment->count; i++)
        if (!attachment->places[i].detaching && attachment->places[i].fd >= 0)
            detach(&attachment->places[i]);
}

static void end_place(struct rp_attached *place) {
    if (place->detaching)
        pthread_join(place->detacher, NULL);
    else if (place->fd >= 0)
        detach(place);
    if (place->event)
        rp_breakpoint_delete(place->event);
    free(place->event);
}

void rp_attachment_end(struct rp_attachment *attachment) {
    for (size_t i = 0; i < attachment->count; i++)
        end_place(&attachment->places[i]);
    free(attachment->places);
    *attachment = (struct rp_attachment){0};
}
