/* SPDX-License-Identifier: Apache-2.0 */
/* userring: sends samples to a program through a user ring buffer and gets answers through a ring
 * buffer. One thread sends samples, one makes the program drain them, the main thread reads the
 * answers. */
#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reprobe_tool.h"

#define DEFAULT_SAMPLES 10
#define DEFAULT_PAGES   64
#define NAP_US          1000   /* of the draining thread, without --busy */
#define BLOCKED_US      100000 /* how long --drop-check lets the sender wait */
#define CHECK_NS        10000000
#define RESERVE_MS      100 /* after which the sender checks whether to stop */

extern const char rp_embedded_userring_c[];

enum { KEY_SAMPLES = 0x1100, KEY_PAGES, KEY_FULL, KEY_BUSY, KEY_DROP_CHECK, KEY_DISCARD, KEY_JSON };

static const struct argp_option options[] = {
    {"samples", KEY_SAMPLES, "N", 0, "Send N samples (default: 10)", 0},
    {"discard", KEY_DISCARD, "N", 0, "Reserve and then discard every Nth sample", 0},
    {"pages", KEY_PAGES, "N", 0, "Size of each ring buffer in pages, a power of two (default: 64)",
     0},
    {"full", KEY_FULL, "block|report", 0,
     "What to do when the ring buffer is full: wait for space (the default), or skip the sample "
     "and count it as refused",
     0},
    {"drop-check", KEY_DROP_CHECK, 0, 0,
     "Do not drain until the ring buffer is full and, with --full=report, all samples are sent or "
     "refused",
     0},
    {"busy", KEY_BUSY, 0, 0, "Drain all the time, without a pause", 0},
    {"quiet", 'q', 0, 0, "Print only the summary, not a line for each answer", 0},
    {"json", KEY_JSON, 0, 0, "Print one JSON object per line", 0},
    {"verbose", 'v', 0, 0, "With an error, print its full log", 0},
    {0}};

/* As in bpf-src/userring.c. */
struct sample {
    uint64_t number;
    uint64_t sent_ns;
};

struct answer {
    uint64_t number;
    uint64_t wait_ns;
    uint32_t drain;
    uint32_t cpu;
};

struct userring {
    struct rp_tool *tool;
    uint64_t samples, discard_every;
    unsigned pages;
    bool reports, drop_check, busy, quiet;

    struct rp_user_ringbuf *ring;
    pthread_t sender, drainer;
    uint8_t *was_sent;           /* by number; set before the sample is sent */
    atomic_bool full, sent_all;  /* the ring was full once; the sender is done */
    atomic_bool stop;            /* all threads are to end */
    atomic_uint_fast64_t sent;   /* samples that will be answered */
    uint64_t refused, discarded; /* only the sender's, until it has ended */
    uint64_t waits;              /* how often the sender found the ring full */
    int send_errno;              /* why the sender gave up, or 0 */
    uint64_t answered, next;     /* answers so far; the lowest valid number of the next */
    uint64_t wrong;              /* if `failed`, the first invalid number */
    uint32_t drains;
    bool failed;
};

/* ------------------------------------------------------------- options */

static uint64_t count_of(struct argp_state *state, const char *arg, uint64_t max) {
    char *end;
    errno = 0;
    unsigned long long count = strtoull(arg, &end, 10);
    if (*arg < '0' || *arg > '9' || *end || errno || !count || count > max)
        argp_error(state, "`%s` is not a number from 1 to %llu", arg, (unsigned long long)max);
    return count;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct userring *u = state->input;
    switch (key) {
    case KEY_SAMPLES:
        u->samples = count_of(state, arg, 100000000);
        break;
    case KEY_DISCARD:
        u->discard_every = count_of(state, arg, UINT64_MAX);
        break;
    case KEY_PAGES:
        u->pages = (unsigned)count_of(state, arg, 1U << 18);
        if (u->pages & (u->pages - 1))
            argp_error(state, "`%s` is not a power of two", arg);
        break;
    case KEY_FULL:
        u->reports = strcmp(arg, "report") == 0;
        if (!u->reports && strcmp(arg, "block") != 0)
            argp_error(state, "`%s` is not a value of --full (it is block or report)", arg);
        break;
    case KEY_BUSY:
        u->busy = true;
        break;
    case KEY_DROP_CHECK:
        u->drop_check = true;
        break;
    case 'q':
        u->quiet = true;
        break;
    case KEY_JSON:
        u->tool->json = true;
        break;
    case 'v':
        u->tool->verbose = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ------------------------------------------------------------- the sender */

static uint64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts); /* what bpf_ktime_get_ns() reads */
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Space for a sample; NULL when the ring is full and the sender does not wait. */
static struct sample *reserve(struct userring *u) {
    void *sample;
    int errnum = rp_user_ringbuf_reserve(u->ring, sizeof(struct sample), 0, &sample);
    if (errnum == ENOSPC) {
        u->waits++;
        atomic_store(&u->full, true);
    }
    while (errnum == ENOSPC && !u->reports && !atomic_load(&u->stop))
        errnum = rp_user_ringbuf_reserve(u->ring, sizeof(struct sample), RESERVE_MS, &sample);
    if (errnum && errnum != ENOSPC)
        u->send_errno = errnum;
    return sample;
}

static void send_one(struct userring *u, uint64_t number) {
    struct sample *sample = reserve(u);
    if (!sample) {
        u->refused += u->reports;
        return;
    }
    if (u->discard_every && number % u->discard_every == 0) {
        rp_user_ringbuf_discard(u->ring, sample);
        u->discarded++;
        return;
    }
    *sample = (struct sample){.number = number, .sent_ns = now_ns()};
    u->was_sent[number] = 1;
    atomic_fetch_add(&u->sent, 1);
    rp_user_ringbuf_submit(u->ring, sample);
}

static void *send_all(void *ctx) {
    struct userring *u = ctx;
    for (uint64_t i = 1; i <= u->samples && !u->send_errno && !atomic_load(&u->stop); i++)
        send_one(u, i);
    atomic_store(&u->sent_all, true);
    return NULL;
}

/* ------------------------------------------------------------- the draining thread */

/* Waits until the ring buffer is full and, with --full=block, the sender has waited a while. */
static void let_it_fill(struct userring *u) {
    while (!atomic_load(&u->stop) && !atomic_load(&u->sent_all) &&
           (u->reports || !atomic_load(&u->full)))
        usleep(NAP_US);
    if (!u->reports)
        usleep(BLOCKED_US);
}

/* The program runs when kill() returns. Signal 0 does nothing. */
static void *drain(void *ctx) {
    struct userring *u = ctx;
    if (u->drop_check)
        let_it_fill(u);
    while (!atomic_load(&u->stop)) {
        kill(getpid(), 0);
        if (!u->busy)
            usleep(NAP_US);
    }
    return NULL;
}

/* ------------------------------------------------------------- answers */

static bool is_done(const struct userring *u) {
    return u->failed || (atomic_load(&u->sent_all) && u->answered == atomic_load(&u->sent));
}

static void print_answer(const struct userring *u, const struct answer *a) {
    if (u->tool->json) {
        struct rp_writer json;
        rp_json_begin(&json, stdout);
        rp_json_uint(&json, "number", a->number);
        rp_json_uint(&json, "drain", a->drain);
        rp_json_uint(&json, "cpu", a->cpu);
        rp_json_uint(&json, "wait_ns", a->wait_ns);
        rp_json_end(&json);
    } else {
        printf("%-10llu %-8u %-3u %.1f\n", (unsigned long long)a->number, a->drain, a->cpu,
               (double)a->wait_ns / 1e3);
    }
}

/* The answer must belong to the next sample that was sent. */
static void check_answer(struct userring *u, uint64_t number) {
    while (u->next <= u->samples && !u->was_sent[u->next] && u->next != number)
        u->next++;
    if (number != u->next || number > u->samples || !u->was_sent[number]) {
        u->failed = true;
        u->wrong = number;
    }
    u->next++;
}

static bool take_answer(void *ctx, const void *data, size_t size) {
    struct userring *u = ctx;
    const struct answer *answer = data;
    if (size < sizeof(*answer))
        return false;
    u->answered++;
    u->drains = answer->drain + 1;
    check_answer(u, answer->number);
    if (!u->quiet)
        print_answer(u, answer);
    return !is_done(u) && !ferror(stdout);
}

static bool go_on(void *ctx) {
    return !is_done(ctx);
}

static void print_sum(const struct userring *u) {
    unsigned long long sent = atomic_load(&u->sent);
    if (u->tool->json) {
        struct rp_writer json;
        rp_json_begin(&json, stdout);
        rp_json_uint(&json, "samples", u->samples);
        rp_json_uint(&json, "sent", sent);
        rp_json_uint(&json, "discarded", u->discarded);
        rp_json_uint(&json, "refused", u->refused);
        rp_json_uint(&json, "full", u->waits);
        rp_json_uint(&json, "answered", u->answered);
        rp_json_uint(&json, "drains", u->drains);
        rp_json_end(&json);
        return;
    }
    printf("%s%llu samples: %llu sent, %llu discarded, %llu refused (the buffer was full "
           "%llu times)\n%llu answers, in order, from %u drains\n",
           u->quiet ? "" : "\n", (unsigned long long)u->samples, sent,
           (unsigned long long)u->discarded, (unsigned long long)u->refused,
           (unsigned long long)u->waits, (unsigned long long)u->answered, u->drains);
}

/* ------------------------------------------------------------- one run */

static bool start_threads(struct userring *u) {
    int errnum = pthread_create(&u->sender, NULL, send_all, u);
    if (!errnum) {
        errnum = pthread_create(&u->drainer, NULL, drain, u);
        if (!errnum)
            return true;
        atomic_store(&u->stop, true);
        pthread_join(u->sender, NULL);
    }
    fprintf(stderr, "reprobe: cannot start a thread: %s\n", strerror(errnum));
    return false;
}

static void end_threads(struct userring *u) {
    atomic_store(&u->stop, true);
    pthread_join(u->sender, NULL);
    pthread_join(u->drainer, NULL);
}

/* Whether every sample that was sent came back, in order; if not, says what went wrong. */
static bool verify(const struct userring *u) {
    uint64_t sent = atomic_load(&u->sent);
    if (u->send_errno)
        fprintf(stderr, "reprobe: cannot send a sample: %s\n", strerror(u->send_errno));
    else if (u->failed)
        fprintf(stderr, "reprobe: answer %llu has the number %llu, which is not the next one\n",
                (unsigned long long)u->answered, (unsigned long long)u->wrong);
    else if (u->answered != sent || !atomic_load(&u->sent_all))
        fprintf(stderr, "reprobe: ended early: %llu answers to %llu samples sent, of %llu\n",
                (unsigned long long)u->answered, (unsigned long long)sent,
                (unsigned long long)u->samples);
    else if (u->refused)
        fprintf(stderr, "reprobe: the full buffer refused %llu samples\n",
                (unsigned long long)u->refused);
    return !u->send_errno && !u->failed && u->answered == sent &&
           sent + u->discarded + u->refused == u->samples;
}

static struct rp_error *open_rings(struct userring *u, struct rp_session *session) {
    char pages[32];
    snprintf(pages, sizeof(pages), "-DPAGES=%u", u->pages);
    const char *const cflags[] = {pages};
    const struct rp_compile_opts opts = {
        .size = sizeof(opts), .name = "userring.c", .cflags = cflags, .cflag_count = 1};
    struct rp_module *module;
    struct rp_error *err = rp_session_compile(session, rp_embedded_userring_c, &opts, &module);
    if (!err)
        err = rp_user_ringbuf_open(module, "samples", &u->ring);
    if (!err)
        err = rp_session_read(session, module, "answers", take_answer, u);
    if (!err)
        err = rp_session_every(session, CHECK_NS, go_on, u);
    return err ? err : rp_session_attach_named(session, module, NULL);
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    struct userring *u = ctx;
    struct rp_error *err = open_rings(u, session);
    if (err)
        return err;
    if (!u->tool->json && !u->quiet)
        printf("%-10s %-8s %-3s %s\n", "NUMBER", "DRAIN", "CPU", "WAIT(us)");
    u->failed = !start_threads(u);
    if (u->failed)
        return NULL;
    err = rp_session_run(session);
    end_threads(u);
    if (!err) {
        print_sum(u);
        u->failed = !verify(u);
    }
    return err;
}

static struct rp_error *run_and_clean(struct rp_session *session, void *ctx) {
    struct userring *u = ctx;
    struct rp_error *err = run(session, u);
    rp_user_ringbuf_free(u->ring);
    return err;
}

int main(int argc, char **argv) {
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Sends numbered samples to a BPF program through a user ring buffer, prints the "
               "program's answers, which come back through a ring buffer, and checks that it "
               "answers each sample, in order. Needs Linux 6.1."};
    struct userring u = {
        .tool = rp_tool_new(), .samples = DEFAULT_SAMPLES, .pages = DEFAULT_PAGES, .next = 1};
    rp_argp_parse(&argp, argc, argv, 0, &u);
    u.tool->target->pid = getpid();
    u.was_sent = calloc(u.samples + 1, 1);
    if (!u.was_sent) {
        fprintf(stderr, "reprobe: not enough memory for %llu samples\n",
                (unsigned long long)u.samples);
        return 1;
    }
    int status = rp_tool_run(u.tool, run_and_clean, &u);
    free(u.was_sent);
    return status ? status : u.failed;
}
