/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/instance.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "compile/module.h"
#include "debug/files.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define AUTO_SPEC RP_AUTO(rp_spec_clear)

/* ------------------------------------------------------------------ attach */

/* Adds to an error of the kind's functions what failed. */
static struct rp_error *cannot_attach(struct rp_error *err, const struct rp_spec *spec) {
    RP_AUTO_FREE char *text = rp_spec_text(spec);
    return err && text ? rp_error_what_set(err, "cannot attach %s", text) : err;
}

/* The kernel may refuse any program there, and that error is clearer than the one about this
 * program. */
static struct rp_error *load(struct rp_module *module, const char *function,
                             const struct rp_spec *spec, struct rp_program **out) {
    const struct rp_probe_kind *kind = spec->kind;
    struct rp_program_kind program = {.type = kind->prog_type, .attach_type = kind->attach_type};
    if (kind->attach_type) {
        program.attach_btf = (uint32_t)spec->number;
        program.attach_object = (uint32_t)(spec->number >> 32);
    }
    if (kind->set_program)
        kind->set_program(spec, &program);
    struct rp_error *err = rp_program_take(module, function, &program, out);
    struct rp_error *refusal =
        err && kind->attach_type && kind->refuses ? kind->refuses(spec) : NULL;
    if (!refusal)
        return err;
    rp_error_free(err);
    return cannot_attach(refusal, spec);
}

/* Of a module that is only to look. */
static struct rp_error *check_effect(const struct rp_module *module, const struct rp_spec *spec) {
    const char *hint = rp_module_read_only(module);
    if (!hint || !spec->kind->decides)
        return NULL;
    return rp_error_hint_set(rp_probe_error(EPERM, "its result decides %s", spec->kind->decides),
                             "%s", hint);
}

/* A program's function that was written for another build has offsets that may be others here. */
static struct rp_error *check_build(const struct rp_module *module, const char *function,
                                    const char *path) {
    RP_AUTO_FREE char *wanted = path ? rp_module_build(module, function) : NULL;
    RP_AUTO_FREE char *build = wanted ? rp_debug_file_build(path) : NULL;
    if (!wanted || (build && !strcmp(wanted, build)))
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ESTALE,
                       "%s has the offsets of another build of %s (%s, and this is %s), where they "
                       "may differ",
                       function, path, wanted, build ? build : "not known"),
        "ask the question again, and save or build it anew");
}

/* The pattern with the full name of its kind; NULL: out of memory. */
static char *pattern_text(const struct rp_matches *matches, const char *pattern) {
    char *text = NULL;
    return asprintf(&text, "%s%s", matches->kind->name, strchr(pattern, ':')) < 0 ? NULL : text;
}

/* Before anything is attached. */
static void set_kind(struct rp_instance *instance, const struct rp_probe_kind *kind) {
    instance->kind = kind;
    if (kind->misses)
        rp_attachment_count_missed(&instance->attachment);
}

static struct rp_error *attach_to_matches(struct rp_module *module, const char *function,
                                          struct rp_instance *instance) {
    struct rp_matches *matches = &instance->matches;
    uint64_t start = rp_now_ns();
    RP_TRY(rp_matches_find(instance->asked, instance->pid, matches));
    double find_ms = rp_ms_since(start);
    RP_TRY(check_build(module, function, matches->path));
    set_kind(instance, matches->kind);
    instance->spec = pattern_text(matches, instance->asked);
    if (!instance->spec)
        return rp_error_nomem();
    struct rp_program_kind program = {.type = matches->kind->prog_type,
                                      .attach_type = rp_matches_attach_type(matches)};
    RP_TRY(rp_program_take(module, function, &program, &instance->program));
    start = rp_now_ns();
    struct rp_error *err = rp_matches_attach(matches, program.attach_type, instance->program->fd,
                                             &instance->attachment);
    if (err)
        return rp_error_what_set(err, "cannot attach %s", instance->spec);
    rp_module_add_attach_ms(module, find_ms + rp_ms_since(start));
    return NULL;
}

/* By a link that takes many attach points, here one (Linux 5.18 for the kernel, 6.6 for files): it
 * asks for CAP_PERFMON alone, where a perf event asks for more. */
static struct rp_error *attach_by_link(struct rp_module *module, const char *function,
                                       const struct rp_spec *spec, struct rp_instance *instance) {
    RP_AUTO(rp_matches_clear) struct rp_matches one = {0};
    struct rp_program *by_link;
    RP_TRY(rp_matches_of_spec(spec, &one));
    struct rp_program_kind program = {.type = spec->kind->prog_type,
                                      .attach_type = rp_matches_attach_type(&one)};
    if (!program.attach_type)
        return rp_error_new(EOPNOTSUPP, NULL, "cannot attach");
    RP_TRY(rp_program_take(module, function, &program, &by_link));
    struct rp_error *err =
        rp_matches_attach(&one, program.attach_type, by_link->fd, &instance->attachment);
    rp_program_give_back(err ? by_link : instance->program);
    instance->program = err ? instance->program : by_link;
    return err;
}

/* As its kind does, or else with fewer privileges. */
static struct rp_error *attach_one(struct rp_module *module, const char *function,
                                   const struct rp_spec *spec, struct rp_instance *instance) {
    struct rp_error *err = spec->kind->attach(spec, instance->program->fd, &instance->attachment);
    int errnum = err ? rp_error_errno(err) : 0;
    bool by_link = (errnum == EPERM || errnum == EACCES) && spec->kind->multi_type &&
                   (spec->path || !spec->offset);
    if (!by_link)
        return err;
    struct rp_error *other = attach_by_link(module, function, spec, instance);
    rp_error_free(other ? other : err);
    return other ? err : NULL;
}

static uint64_t missed_at(const void *ctx, bool *known) {
    const struct rp_instance *instance = ctx;
    return rp_attachment_missed(&instance->attachment, known);
}

/* The module asks what is missed there as long as the instance is in use. */
static struct rp_error *watch(struct rp_instance *instance) {
    if (!instance->kind || !instance->kind->misses)
        return NULL;
    const struct rp_missing missing = {
        .missed = missed_at,
        .ctx = instance,
        .is_return = instance->kind->misses == RP_MISSES_RETURNS,
    };
    return rp_module_watch(instance->program->module, &missing);
}

/* Fills in an instance that has its `asked`. */
static struct rp_error *attach(struct rp_module *module, const char *function,
                               struct rp_instance *instance) {
    if (rp_probe_is_pattern(instance->asked))
        return attach_to_matches(module, function, instance);
    AUTO_SPEC struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(instance->asked, &spec));
    spec.pid = instance->pid;
    spec.module = module;
    set_kind(instance, spec.kind);
    uint64_t start = rp_now_ns();
    RP_TRY(cannot_attach(spec.kind->resolve(&spec), &spec));
    RP_TRY(cannot_attach(check_effect(module, &spec), &spec));
    RP_TRY(cannot_attach(check_build(module, function, spec.path), &spec));
    double resolve_ms = rp_ms_since(start);
    instance->spec = rp_spec_text(&spec);
    if (!instance->spec)
        return rp_error_nomem();
    RP_TRY(load(module, function, &spec, &instance->program));
    start = rp_now_ns();
    RP_TRY(cannot_attach(attach_one(module, function, &spec, instance), &spec));
    rp_module_add_attach_ms(module, resolve_ms + rp_ms_since(start));
    return NULL;
}

static struct rp_instance *take_left(const struct rp_module *module, const char *function,
                                     const char *spec, pid_t pid);

struct rp_error *rp_instance_new(struct rp_module *module, const char *function, const char *spec,
                                 pid_t pid, struct rp_instance **out) {
    *out = take_left(module, function, spec, pid);
    if (*out)
        return watch(*out);
    struct rp_instance *instance = calloc(1, sizeof(*instance));
    if (!instance)
        return rp_error_nomem();
    instance->pid = pid;
    instance->asked = strdup(spec);
    struct rp_error *err = instance->asked ? attach(module, function, instance) : rp_error_nomem();
    err = err ? err : watch(instance);
    if (err) {
        rp_instance_free(instance);
        return err;
    }
    *out = instance;
    return NULL;
}

/* ------------------------------------------------------------------ start and stop */

bool rp_instance_has_gate(const struct rp_instance *instance) {
    return instance->program && instance->program->gate.words;
}

void rp_instance_start(const struct rp_instance *instance) {
    rp_gate_open(&instance->program->gate);
}

void rp_instance_disable(struct rp_instance *instance) {
    if (rp_instance_has_gate(instance))
        rp_gate_close(&instance->program->gate);
    else
        rp_attachment_disable(&instance->attachment);
}

void rp_instance_detach(struct rp_instance *instance) {
    if (rp_instance_has_gate(instance))
        rp_gate_close(&instance->program->gate);
    rp_attachment_disable(&instance->attachment);
}

void rp_instance_stop(struct rp_instance *instance) {
    if (rp_instance_has_gate(instance)) {
        rp_gate_close(&instance->program->gate);
        rp_gate_wait(&instance->program->gate);
    } else {
        rp_attachment_end(&instance->attachment);
    }
}

/* What was missed belongs to its module, which does not ask for it any more. */
static void give_missed(struct rp_instance *instance) {
    struct rp_module *module = instance->program ? instance->program->module : NULL;
    if (!module || !instance->kind->misses)
        return;
    bool known;
    const struct rp_missing missing = {.ctx = instance,
                                       .is_return = instance->kind->misses == RP_MISSES_RETURNS};
    uint64_t missed = rp_attachment_take_missed(&instance->attachment, &known);
    rp_module_unwatch(module, &missing, missed, known);
}

static void free_detached(struct rp_instance *instance) {
    give_missed(instance);
    if (instance->program)
        rp_program_give_back(instance->program);
    rp_matches_clear(&instance->matches);
    free(instance->asked);
    free(instance->spec);
    free(instance);
}

/* ------------------------------------------------------------------ instances that a probe has
 * left */

#define MAX_LEFT  32
#define MAX_BATCH 8
#define LINGER_NS (200 * 1000000ULL) /* how long one waits to be used again */
#define QUIET_NS  (100 * 1000000ULL) /* how long nothing must have moved */

/* `list` is in the order in which they were left; the thread takes from it and adds to `ended`.
 * Everything else belongs to the one thread that uses the library. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct rp_instance *list, *ended;
    unsigned count;   /* of the list, and the one that is being detached */
    bool works;       /* the thread is running */
    bool hurry;       /* a caller waits for all of them */
    uint64_t last_ns; /* when something last moved */
} left = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Removes the instance at `at` from the list. */
static struct rp_instance *unlink_left(struct rp_instance **at) {
    struct rp_instance *instance = *at;
    *at = instance->next;
    instance->next = NULL;
    return instance;
}

/* When to end the one that was left first; 0: now. */
static uint64_t due_ns(void) {
    if (left.hurry || left.count > MAX_LEFT)
        return 0;
    uint64_t due = left.list->left_ns + LINGER_NS, quiet = left.last_ns + QUIET_NS;
    return due > quiet ? due : quiet;
}

/* Waits until then, or until something changes. The condition uses the time of day, which may be
 * set: then it wakes too early or, by at most LINGER_NS, too late. */
static void wait_until(uint64_t due) {
    uint64_t ns = due - rp_now_ns();
    struct timespec when;
    clock_gettime(CLOCK_REALTIME, &when);
    ns += (uint64_t)when.tv_nsec;
    when.tv_sec += (time_t)(ns / 1000000000);
    when.tv_nsec = (long)(ns % 1000000000);
    pthread_cond_timedwait(&left.changed, &left.lock, &when);
}

/* Detaches some of them, as long as it is time to. Called with the lock, but releases it in
 * between. */
static struct rp_instance *end_batch(void) {
    struct rp_instance *batch = NULL;
    for (unsigned i = 0; i < MAX_BATCH && left.list && due_ns() <= rp_now_ns(); i++) {
        struct rp_instance *instance = unlink_left(&left.list);
        pthread_mutex_unlock(&left.lock);
        rp_attachment_end(&instance->attachment);
        pthread_mutex_lock(&left.lock);
        instance->next = batch;
        batch = instance;
        left.count--;
        pthread_cond_broadcast(&left.changed);
    }
    return batch;
}

/* A program and its gate may be used for other attach points when they are given back, but closing
 * the attachment does not always wait for CPUs that still run them: an RCU grace period must pass.
 */
static void pass_grace_period(void) {
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
        sleep(1); /* a kernel without membarrier() */
}

static void *end_those_left(void *unused) {
    pthread_mutex_lock(&left.lock);
    while (left.list) {
        uint64_t due = due_ns();
        if (due > rp_now_ns()) {
            wait_until(due);
            continue;
        }
        struct rp_instance *batch = end_batch();
        pthread_mutex_unlock(&left.lock);
        pass_grace_period();
        pthread_mutex_lock(&left.lock);
        while (batch) {
            struct rp_instance *instance = unlink_left(&batch);
            instance->next = left.ended;
            left.ended = instance;
        }
    }
    left.works = false;
    pthread_cond_broadcast(&left.changed);
    pthread_mutex_unlock(&left.lock);
    return unused;
}

/* With the lock. The process's signals go to its other threads. */
static bool start_thread(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    left.works = pthread_create(&thread, NULL, end_those_left, NULL) == 0;
    if (left.works)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return left.works;
}

/* Frees what the thread has ended, and notes that something moves. With the lock. */
static void collect(void) {
    left.last_ns = rp_now_ns();
    while (left.ended)
        free_detached(unlink_left(&left.ended));
}

static bool is_same(const struct rp_instance *instance, const struct rp_module *module,
                    const char *function, const char *spec, pid_t pid) {
    const struct rp_program *program = instance->program;
    return program->module == module && instance->attachment.count && instance->pid == pid &&
           strcmp(program->function, function) == 0 && strcmp(instance->asked, spec) == 0;
}

static struct rp_instance *take_left(const struct rp_module *module, const char *function,
                                     const char *spec, pid_t pid) {
    struct rp_instance *instance = NULL;
    pthread_mutex_lock(&left.lock);
    collect();
    for (struct rp_instance **at = &left.list; *at && !instance; at = &(*at)->next)
        if (is_same(*at, module, function, spec, pid)) {
            instance = unlink_left(at);
            left.count--;
            break;
        }
    pthread_mutex_unlock(&left.lock);
    return instance;
}

/* With the lock. False if there is no thread to end it. */
static bool add_left(struct rp_instance *instance) {
    if (!left.works && !start_thread())
        return false;
    instance->left_ns = left.last_ns;
    struct rp_instance **end = &left.list;
    while (*end)
        end = &(*end)->next;
    *end = instance;
    left.count++;
    if (left.count > MAX_LEFT)
        pthread_cond_broadcast(&left.changed);
    while (left.count > MAX_LEFT)
        pthread_cond_wait(&left.changed, &left.lock);
    return true;
}

void rp_instance_leave(struct rp_instance *instance) {
    bool has_gate = rp_instance_has_gate(instance);
    give_missed(instance);
    pthread_mutex_lock(&left.lock);
    collect();
    bool added = has_gate && !instance->kind->is_scarce && add_left(instance);
    pthread_mutex_unlock(&left.lock);
    if (added)
        return;
    rp_attachment_end(&instance->attachment);
    if (has_gate)
        pass_grace_period();
    free_detached(instance);
}

void rp_instance_free(struct rp_instance *instance) {
    if (!instance)
        return;
    rp_instance_detach(instance);
    rp_attachment_end(&instance->attachment);
    rp_instance_leave(instance);
}

bool rp_instances_linger(void) {
    pthread_mutex_lock(&left.lock);
    bool linger = left.works;
    pthread_mutex_unlock(&left.lock);
    return linger;
}

void rp_instances_flush(void) {
    pthread_mutex_lock(&left.lock);
    left.hurry = true;
    pthread_cond_broadcast(&left.changed);
    while (left.works)
        pthread_cond_wait(&left.changed, &left.lock);
    left.hurry = false;
    collect();
    pthread_mutex_unlock(&left.lock);
}
