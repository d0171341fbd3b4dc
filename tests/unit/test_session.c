/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reprobe_query.h"
#include "suites.h"

static void ok(struct rp_error *err) {
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
}

static struct rp_session *session_of(struct rp_session_opts opts) {
    opts.size = sizeof(opts);
    opts.interactive = true;
    if (!opts.duration_ns)
        opts.duration_ns = 5000000000;
    struct rp_session *session;
    ok(rp_session_new(&opts, &session));
    ok(rp_session_start_time(session));
    return session;
}

/* ------------------------------------------------------------------ watch */

struct pipes {
    struct rp_session *session;
    int first[2], second[2];
    char said[16];
    int called;
};

static bool on_second(void *ctx) {
    struct pipes *pipes = ctx;
    ck_assert_int_eq(read(pipes->second[0], pipes->said, sizeof(pipes->said)), 6);
    return false;
}

/* Ends both, and watches another pipe under the descriptor of one that is ready at this very
 * moment: nothing can be read there yet. */
static bool on_either(void *ctx) {
    struct pipes *pipes = ctx;
    pipes->called++;
    int reused = pipes->second[0];
    rp_session_unwatch(pipes->session, pipes->first[0]);
    rp_session_unwatch(pipes->session, reused);
    close(reused);
    close(pipes->second[1]);
    ck_assert_int_eq(pipe2(pipes->second, O_CLOEXEC | O_NONBLOCK), 0);
    ck_assert_int_eq(pipes->second[0], reused);
    ok(rp_session_watch(pipes->session, reused, on_second, pipes));
    return true;
}

static bool write_second(void *ctx) {
    struct pipes *pipes = ctx;
    ck_assert_int_eq(write(pipes->second[1], "second", 6), 6);
    return true;
}

START_TEST(watched_and_unwatched) {
    struct pipes pipes = {.session = session_of((struct rp_session_opts){0})};
    ck_assert_int_eq(pipe2(pipes.first, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(pipes.second, O_CLOEXEC), 0);
    ok(rp_session_watch(pipes.session, pipes.first[0], on_either, &pipes));
    ok(rp_session_watch(pipes.session, pipes.second[0], on_either, &pipes));
    ok(rp_session_every(pipes.session, 20000000, write_second, &pipes));
    ck_assert_int_eq(write(pipes.first[1], "x", 1), 1);
    ck_assert_int_eq(write(pipes.second[1], "x", 1), 1);
    ok(rp_session_run(pipes.session));
    ck_assert_int_eq(pipes.called, 1);
    ck_assert_str_eq(pipes.said, "second");
    rp_session_free(pipes.session);
    for (unsigned i = 0; i < 2; i++) {
        close(pipes.first[i]);
        close(pipes.second[i]);
    }
}
END_TEST

static bool read_file(void *ctx) {
    FILE *file = ctx;
    return fgetc(file) != EOF;
}

/* epoll does not take a regular file. */
START_TEST(a_file_is_watched) {
    struct rp_session *session = session_of((struct rp_session_opts){0});
    FILE *file = tmpfile();
    fputs("text", file);
    rewind(file);
    ok(rp_session_watch(session, fileno(file), read_file, file));
    ok(rp_session_run(session));
    ck_assert_int_eq(ftell(file), 4);
    rp_session_free(session);
    fclose(file);
}
END_TEST

/* ------------------------------------------------------------------ hooks */

struct seen {
    int signals[8], count, waits;
};

static bool on_signal(void *ctx, int signal) {
    struct seen *seen = ctx;
    seen->signals[seen->count++] = signal;
    return signal == SIGTERM;
}

/* Whenever there is nothing to do, the next signal. */
static void before_wait(void *ctx) {
    static const int signals[] = {SIGTSTP, SIGWINCH, SIGINT, SIGCHLD, SIGTERM};
    struct seen *seen = ctx;
    seen->waits++;
    raise(signals[seen->count]);
}

START_TEST(signals_are_told) {
    struct seen seen = {0};
    struct rp_session *session = session_of(
        (struct rp_session_opts){.before_wait = before_wait, .on_signal = on_signal, .ctx = &seen});
    ok(rp_session_run(session));
    ck_assert_int_eq(seen.count, 5);
    ck_assert_int_eq(seen.signals[0], SIGTSTP);
    ck_assert_int_eq(seen.signals[1], SIGWINCH);
    ck_assert_int_eq(seen.signals[2], SIGINT);
    ck_assert_int_eq(seen.signals[3], SIGCHLD);
    ck_assert_int_eq(seen.signals[4], SIGTERM);
    ck_assert_int_ge(seen.waits, 5);
    rp_session_free(session);
}
END_TEST

/* Without the hook these two are nobody's business. */
START_TEST(signals_are_not_taken) {
    sigset_t blocked;
    struct rp_session *session = session_of((struct rp_session_opts){.duration_ns = 1000000});
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    ck_assert(sigismember(&blocked, SIGINT));
    ck_assert(!sigismember(&blocked, SIGTSTP));
    ck_assert(!sigismember(&blocked, SIGWINCH));
    ok(rp_session_run(session));
    rp_session_free(session);
}
END_TEST

Suite *session_suite(void) {
    Suite *suite = suite_create("session");
    TCase *tc = tcase_create("session");
    tcase_add_test(tc, watched_and_unwatched);
    tcase_add_test(tc, a_file_is_watched);
    tcase_add_test(tc, signals_are_told);
    tcase_add_test(tc, signals_are_not_taken);
    suite_add_tcase(suite, tc);
    return suite;
}
