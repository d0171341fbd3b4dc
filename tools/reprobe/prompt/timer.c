/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of the prompt's that end before the prompt does. */
#include <errno.h>
#include <sys/timerfd.h>

#include "prompt.h"
#include "util/error.h"

#define NS_A_SECOND 1000000000ULL

struct rp_error *prompt_timer(struct prompt *prompt, uint64_t every_ns, rp_ready_fn ready,
                              void *ctx, int *fd) {
    const struct timespec time = {(time_t)(every_ns / NS_A_SECOND), (long)(every_ns % NS_A_SECOND)};
    *fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (*fd < 0 || timerfd_settime(*fd, 0, &(struct itimerspec){time, time}, NULL))
        return rp_error_new(errno, NULL, "cannot set a timer");
    return rp_session_watch(prompt->session, *fd, ready, ctx);
}
