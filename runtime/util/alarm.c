/* SPDX-License-Identifier: Apache-2.0 */
#include "util/alarm.h"

#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static struct {
    timer_t timer;
    bool made;
    struct sigaction action; /* what was there before */
    sigset_t mask;
} guard;

static void on_alarm(int signal) {
    (void)signal;
}

static void make_timer(void) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    event._sigev_un._tid = gettid();
    guard.made = timer_create(CLOCK_MONOTONIC, &event, &guard.timer) == 0;
}

void rp_alarm_begin(unsigned ms) {
    struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART: that is its purpose */
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    const struct itimerspec often = {.it_value = time, .it_interval = time};
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigaction(SIGALRM, &action, &guard.action);
    pthread_sigmask(SIG_UNBLOCK, &alarm, &guard.mask);
    make_timer();
    if (guard.made)
        timer_settime(guard.timer, 0, &often, NULL);
}

void rp_alarm_end(void) {
    if (guard.made)
        timer_delete(guard.timer);
    guard.made = false;
    pthread_sigmask(SIG_SETMASK, &guard.mask, NULL);
    sigaction(SIGALRM, &guard.action, NULL);
}
