/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves and pauses probes, and says whether what must hold did.
 *   moving load KIND MOVES [OBJECT]   a process calls place A and place B in turn, each with the
 * number of the round; a probe moves between them, and pauses. KIND: tracepoint, perf, uprobe,
 * kprobe, fentry; OBJECT: the program in libbpf's dialect (libbpf/moving.bpf.c), compiled moving
 * flood KIND MOVES  the same as fast as the process can, on all CPUs: only what comes too late
 * counts moving many MOVES        moves, and looks whether anything grew moving keep              a
 * second module takes over the maps of the first moving errors            moves that cannot be
 *   moving remove            modules end while their records are read
 *   moving stats             how often a program ran, of a probe that moves
 *   moving no-gate           a program that cannot have one
 *   moving time KIND MOVES MICROSECONDS [PLACES]   how long a move takes, with pauses between
 *   moving cost CALLS        how long an event takes, with a gate and without one
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reprobe_query.h"
#include "util/array.h"
#include "util/clock.h"

#define MAX_ROUNDS 4000000

static void check(struct rp_error *err) {
    if (!err)
        return;
    rp_error_print(err, stderr);
    exit(1);
}

static void must(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "moving: not so: %s\n", what);
    exit(1);
}

/* ------------------------------------------------------------------ places */

void place_a(long round, long place);
void place_b(long round, long place);

__attribute__((noinline)) void place_a(long round, long place) {
    __asm__ volatile("" : : "r"(round), "r"(place) : "memory");
}

__attribute__((noinline)) void place_b(long round, long place) {
    __asm__ volatile("" : : "r"(round), "r"(place) : "memory");
}

/* Programs send the round, and which place they are at: 0 or 1. `f` is the function that moves. */
#define HEAD_OF(output, send)                                                                      \
    "struct event { u32 round, place; };\n" output ";\n"                                           \
    "static int tell(void *ctx, u32 round, u32 place) {\n"                                         \
    "  if (!is_target()) return 0;\n"                                                              \
    "  struct event e = {round, place};\n"                                                         \
    "  events." send ";\n"                                                                         \
    "  return 0; }\n"
#define HEAD HEAD_OF("BPF_RINGBUF_OUTPUT(events, 1024)", "ringbuf_output(&e, sizeof(e), 0)")
#define TRACEPOINT                                                                                 \
    "int f(struct tracepoint__syscalls__sys_enter_getpgid *args) {\n"                              \
    "  return tell(args, args->pid, args->__syscall_nr == %d); }\n"

#define SYSCALLS(kind, prefix)                                                                     \
    { kind prefix "getpgid", kind prefix "getsid" }

static const struct kind {
    const char *name, *places[2];
    const char *source;
    bool calls; /* functions of this program, not syscalls */
} kinds[] = {
    {"tracepoint", SYSCALLS("tracepoint:", "syscalls:sys_enter_"), HEAD TRACEPOINT, false},
    {"perf", SYSCALLS("tracepoint:", "syscalls:sys_enter_"),
     HEAD_OF("BPF_PERF_OUTPUT(events)", "perf_submit(ctx, &e, sizeof(e))") TRACEPOINT, false},
    {"uprobe",
     {"uprobe:%s:place_a", "uprobe:%s:place_b"},
     HEAD
     "int f(struct pt_regs *ctx, long round, long place) { return tell(ctx, round, place); }\n",
     true},
    {"kprobe", SYSCALLS("kprobe:", "__x64_sys_"),
     HEAD "int f(struct pt_regs *ctx, struct pt_regs *regs) {\n"
          "  return tell(ctx, regs->di, regs->orig_ax == %d); }\n",
     false},
    {"fentry", SYSCALLS("fentry:", "__x64_sys_"),
     HEAD "struct arguments { struct pt_regs *regs; };\n"
          "int f(struct arguments *ctx) {\n"
          "  return tell(ctx, ctx->regs->di, ctx->regs->orig_ax == %d); }\n",
     false},
};

static const struct kind *kind_of(const char *name) {
    for (size_t i = 0; i < RP_COUNT(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    must(false, "there is such a kind");
    return NULL;
}

static const char *place(const struct kind *kind, unsigned i) {
    static char specs[2][PATH_MAX + 64];
    char self[PATH_MAX] = "";
    must(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0, "this program has a path");
    snprintf(specs[i], sizeof(specs[i]), kind->places[i], self);
    return specs[i];
}

/* ------------------------------------------------------------------ the load */

/* Shared with the process that is traced. */
static struct load {
    uint32_t begun, done; /* rounds: what it called last, and what has returned */
} * load;

static void call_places(bool calls, uint32_t round) {
    if (calls) {
        place_a(round, 0);
        place_b(round, 1);
    } else {
        syscall(SYS_getpgid, round);
        syscall(SYS_getsid, round);
    }
}

static pid_t start_load(const struct kind *kind, bool flood) {
    if (!load)
        load = mmap(NULL, sizeof(*load), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(load != MAP_FAILED, "there is memory");
    pid_t pid = fork();
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint32_t round = 1; flood || round < MAX_ROUNDS; round++) {
        __atomic_store_n(&load->begun, round, __ATOMIC_SEQ_CST);
        call_places(kind->calls, round);
        __atomic_store_n(&load->done, round, __ATOMIC_SEQ_CST);
        if (!flood)
            usleep(20);
    }
    _exit(0);
}

static void end_load(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* ------------------------------------------------------------------ what was seen */

static uint8_t *seen[2]; /* of each attach point, how often each round came */

/* 0 or 1: where it is; 2: paused; ANY: within a call. What it had sent before is delivered when the
 * call returns, so no record may come from elsewhere. */
enum { PAUSED = 2, ANY = 3 };
static unsigned settled = ANY;

static bool on_event(void *ctx, const void *data, size_t size) {
    const struct { uint32_t round, place; } *event = data;
    (void)ctx;
    must(size >= sizeof(*event) && event->place < 2, "records are whole");
    must(settled == ANY || event->place == settled, "no record is late");
    if (!seen[0])
        return true;
    must(event->round < MAX_ROUNDS, "its round is one of the load");
    seen[event->place][event->round]++;
    return true;
}

struct run {
    const struct kind *kind;
    struct rp_session *session;
    struct rp_module *module;
    struct rp_probe *probe;
    pid_t load;
    unsigned count, wanted; /* phases */
    /* From one call's return to the beginning of the next. */
    struct phase {
        unsigned place;
        uint32_t from, to; /* rounds */
    } * phases;
    double longest_ms;
};

static const char *object_file; /* NULL: `text` is compiled */

static void compile(struct run *run, const char *text, bool movable) {
    struct rp_compile_opts compile = {.size = sizeof(compile), .movable = movable};
    char target[32];
    const char *settings[] = {target};
    snprintf(target, sizeof(target), "target=%d", run->load);
    if (!object_file) {
        check(rp_session_compile(run->session, text, &compile, &run->module));
        return;
    }
    compile.settings = settings;
    compile.setting_count = 1;
    check(rp_session_compile_file(run->session, object_file, &compile, &run->module));
}

static void open_run(struct run *run, const char *text, const char *spec, bool movable) {
    const struct rp_target target = {.size = sizeof(target), .pid = run->load};
    const struct rp_session_opts opts = {
        .size = sizeof(opts), .target = &target, .interactive = true};
    check(rp_session_new(&opts, &run->session));
    compile(run, text, movable);
    check(rp_session_attach(run->session, run->module, "f", spec, &run->probe));
}

/* Whether its program uses a map of gates. */
static bool has_gate(const struct rp_probe *probe) {
    uint32_t ids[16], size = sizeof(struct bpf_prog_info);
    struct bpf_prog_info program = {.nr_map_ids = RP_COUNT(ids), .map_ids = (uintptr_t)ids};
    must(!bpf_obj_get_info_by_fd(rp_probe_program(probe), &program, &size), "it has a program");
    bool found = false;
    for (uint32_t i = 0; i < program.nr_map_ids; i++) {
        struct bpf_map_info map = {0};
        int fd = bpf_map_get_fd_by_id(ids[i]);
        size = sizeof(map);
        must(!bpf_obj_get_info_by_fd(fd, &map, &size), "the program has its maps");
        close(fd);
        found |= !strcmp(map.name, "rp_gates");
    }
    return found;
}

static void open_kind(struct run *run, bool movable) {
    char source[2048];
    snprintf(source, sizeof(source), run->kind->source, (int)SYS_getsid);
    open_run(run, source, place(run->kind, 0), movable);
    must(has_gate(run->probe) == movable, "what can be moved at once has a gate");
    check(rp_session_read(run->session, run->module, "events", on_event, run));
}

/* ------------------------------------------------------------------ load, flood */

/* Moves, or pauses, or resumes; returns where it is then. */
static unsigned go_on(struct run *run) {
    unsigned place_now = run->phases[run->count - 1].place;
    if (rp_probe_is_paused(run->probe)) {
        check(rp_probe_resume(run->probe));
        return run->phases[run->count - 2].place;
    }
    if (run->count % 4 == 3) {
        check(rp_session_pause(run->session, run->probe));
        return PAUSED;
    }
    check(rp_session_move(run->session, run->probe, place(run->kind, !place_now)));
    return !place_now;
}

#define ROUNDS_A_PHASE 4

/* A -> B -> A -> paused -> A -> B … */
static bool next_phase(void *ctx) {
    struct run *run = ctx;
    struct phase *last = &run->phases[run->count - 1], *next = last + 1;
    last->to = __atomic_load_n(&load->done, __ATOMIC_SEQ_CST);
    if (last->to < last->from + ROUNDS_A_PHASE)
        return true; /* on a busy machine the load may not have had its turn */
    if (run->count == run->wanted)
        return false;
    settled = ANY;
    uint64_t start = rp_now_ns();
    next->place = settled = go_on(run);
    double ms = rp_ms_since(start);
    if (ms > run->longest_ms)
        run->longest_ms = ms;
    next->from = __atomic_load_n(&load->begun, __ATOMIC_SEQ_CST) + 1;
    run->count++;
    return true;
}

static void check_round(const struct run *run, unsigned i, uint32_t round) {
    const struct phase *phase = &run->phases[i];
    for (unsigned at = 0; at < 2; at++)
        if (seen[at][round] != (at == phase->place)) {
            fprintf(stderr,
                    "moving: phase %u, at place %u from round %u to %u: place %u saw round %u "
                    "%u times\n",
                    i, phase->place, phase->from, phase->to, at, round, seen[at][round]);
            exit(1);
        }
}

static void check_phases(const struct run *run) {
    unsigned long rounds = 0;
    for (unsigned i = 1; i + 1 < run->count; i++) {
        const struct phase *phase = &run->phases[i], *next = phase + 1;
        for (uint32_t round = phase->from; round <= phase->to; round++, rounds++)
            check_round(run, i, round);
        if (phase->place == PAUSED || next->place == PAUSED)
            continue;
        /* Of any two calls one after the other, from the old place to the new one. */
        bool forth = phase->place < next->place;
        for (uint32_t round = phase->to + 1; round + 1 < next->from; round++)
            must(seen[0][forth ? round : round + 1] + seen[1][round],
                 "while it moves, one of both places sees what happens");
    }
    must(rounds > run->count, "there were rounds between the moves");
    printf("%u phases, %lu rounds between them\n", run->count, rounds);
}

static void under_load(const struct kind *kind, unsigned moves, bool flood) {
    struct run run = {.kind = kind, .wanted = moves, .count = 1, .load = start_load(kind, flood)};
    run.phases = calloc(moves + 1, sizeof(*run.phases));
    for (unsigned i = 0; i < 2 && !flood; i++)
        seen[i] = calloc(MAX_ROUNDS, 1);
    open_kind(&run, true);
    settled = 0;
    run.phases[0].from = __atomic_load_n(&load->begun, __ATOMIC_SEQ_CST) + 1;
    check(rp_session_every(run.session, 3000000, next_phase, &run));
    check(rp_session_run(run.session));
    end_load(run.load);
    struct rp_stats stats = *rp_session_stats(run.session);
    must(stats.delivered > run.count, "there were events");
    must(flood || stats.lost == 0, "nothing is lost");
    if (flood)
        printf("%u phases, %lu records, longest %.1f ms\n", run.count,
               (unsigned long)stats.delivered, run.longest_ms);
    else
        check_phases(&run);
    rp_session_free(run.session);
    free(run.phases);
    for (unsigned i = 0; i < 2; i++)
        free(seen[i]);
}

/* ------------------------------------------------------------------ many */

static unsigned files_in(const char *path) {
    unsigned count = 0;
    DIR *dir = opendir(path);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* The sanitizers keep for a while what is freed. */
#if defined(__SANITIZE_ADDRESS__)
#define COUNT_MEMORY false
#elif defined(__has_feature)
#define COUNT_MEMORY !__has_feature(address_sanitizer)
#else
#define COUNT_MEMORY true
#endif

/* What this process has. */
struct use {
    unsigned fds, threads, programs, maps;
    long private_kib; /* resident, without what files back */
};

static void add_descriptor(struct use *use, const char *name) {
    char path[300], line[256];
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", name);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        use->programs += !strncmp(line, "prog_tag:", 9);
        use->maps += !strncmp(line, "map_type:", 9);
    }
    if (file)
        fclose(file);
}

static struct use use_now(void) {
    struct use use = {.fds = files_in("/proc/self/fd"), .threads = files_in("/proc/self/task")};
    DIR *dir = opendir("/proc/self/fdinfo");
    for (struct dirent *entry; (entry = readdir(dir));)
        add_descriptor(&use, entry->d_name);
    closedir(dir);
    char text[64] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    must(file && fgets(text, sizeof(text), file), "this process has memory");
    fclose(file);
    char *next;
    long resident = strtol(strchr(text, ' '), &next, 10), shared = strtol(next, NULL, 10);
    use.private_kib = (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024);
    return use;
}

static void print_use(const char *when, const struct use *use) {
    printf("%s: %u descriptors, %u programs, %u maps, %u threads, %ld KiB\n", when, use->fds,
           use->programs, use->maps, use->threads, use->private_kib);
}

/* Tracepoints whose programs can read the same fields. */
static const char *const many_places[] = {
    "getpgid",   "getsid",    "getpgrp", "getppid",   "getuid",   "geteuid",
    "getgid",    "getegid",   "setuid",  "setgid",    "umask",    "dup",
    "dup2",      "dup3",      "fsync",   "fdatasync", "sync",     "chroot",
    "chdir",     "fchdir",    "rmdir",   "mkdir",     "unlink",   "link",
    "symlink",   "readlink",  "chmod",   "fchmod",    "truncate", "ftruncate",
    "getrlimit", "getrusage", "times",   "setpgid",   "setsid",   "getgroups",
};

static const char *many_place(unsigned i) {
    static char spec[128];
    snprintf(spec, sizeof(spec), "tracepoint:syscalls:sys_enter_%s",
             many_places[i % RP_COUNT(many_places)]);
    return spec;
}

#define COUNTING                                                                                   \
    "BPF_HASH(counts, u32, u64);\n"                                                                \
    "int f(void *ctx) { counts.increment(bpf_get_current_pid_tgid() >> 32); return 0; }\n"

/* Through more places than are kept, and back. */
static void move_around(struct run *run, unsigned places) {
    for (unsigned i = 0; i <= places; i++)
        check(rp_session_move(run->session, run->probe, many_place(i % places)));
}

static void move_between(struct run *run, unsigned moves) {
    for (unsigned i = 0; i < moves; i++) {
        check(rp_session_move(run->session, run->probe, place(run->kind, i % 2)));
        if (i % 100 == 0) /* long enough for what was left to be taken away, now and then */
            usleep(i % 4000 ? 1000 : 400000);
    }
}

static void many(unsigned moves) {
    struct run run = {.kind = kind_of("tracepoint"), .load = getpid()};
    open_run(&run, COUNTING, place(run.kind, 0), true);
    move_around(&run, RP_COUNT(many_places));
    move_between(&run, 200);
    struct use before = use_now();
    print_use("before", &before);
    move_between(&run, moves);
    struct use after = use_now();
    print_use("after", &after);
    must(after.fds <= before.fds && after.programs <= before.programs,
         "no more descriptors and programs");
    must(after.maps == before.maps && after.threads <= before.threads, "no more maps and threads");
    must(!COUNT_MEMORY || after.private_kib < before.private_kib + 1024, "not more memory");
    rp_session_free(run.session);
    struct use end = use_now();
    print_use("end", &end);
    must(end.programs == 0 && end.maps == 0, "nothing is left");
}

/* ------------------------------------------------------------------ keep, errors */

static uint64_t count_in(const struct rp_module *module) {
    uint32_t key = (uint32_t)getpid();
    uint64_t count = 0;
    bpf_map_lookup_elem(rp_module_map_fd(module, "counts"), &key, &count);
    return count;
}

static struct rp_module *compile_keeping(struct run *run, const char *text) {
    struct rp_module *module;
    struct rp_compile_opts opts = {
        .size = sizeof(opts), .movable = true, .keep_maps_of = run->module};
    check(rp_session_compile(run->session, text, &opts, &module));
    return module;
}

static void keep(void) {
    struct run run = {.kind = kind_of("tracepoint"), .load = getpid()};
    open_run(&run, COUNTING, place(run.kind, 0), true);
    for (int i = 0; i < 10; i++)
        getpgid(0);
    must(count_in(run.module) == 10, "events are counted");
    must(count_in(compile_keeping(&run, "BPF_HASH(counts, u32, s64);"
                                        "int f(void *ctx) { return 0; }")) == 0,
         "a map of another type is not kept");
    must(count_in(compile_keeping(&run, "BPF_HASH(counts, u32, u64, 7);"
                                        "int f(void *ctx) { return 0; }")) == 0,
         "a map of another size is not kept");
    struct rp_module *next =
        compile_keeping(&run, "BPF_HASH(more, u32);\n" COUNTING "/* a second version */");
    must(count_in(next) == 10, "the map is kept");
    check(rp_session_attach(run.session, next, "f", place(run.kind, 1), NULL));
    rp_session_remove(run.session, run.module);
    getsid(0);
    getpgid(0);
    must(count_in(next) == 11, "the map lives on, the old program does not");
    rp_session_free(run.session);
    puts("kept");
}

static void must_fail(struct run *run, const char *spec) {
    struct rp_error *err = rp_probe_move(run->probe, spec);
    must(err, "it cannot move there");
    rp_error_print(err, stdout);
    rp_error_free(err);
    uint64_t before = count_in(run->module);
    getpgid(0);
    must(count_in(run->module) == before + 1, "it is where it was");
    must(strcmp(rp_probe_spec(run->probe), place(run->kind, 0)) == 0, "and says so");
}

static void errors(void) {
    struct run run = {.kind = kind_of("tracepoint"), .load = getpid()};
    open_run(&run, COUNTING, place(run.kind, 0), true);
    must_fail(&run, "tracepoint:syscalls:sys_enter_nothing");
    must_fail(&run, "kprobe:vfs_read");
    must_fail(&run, "no spec");
    rp_session_free(run.session);
    open_run(&run,
             "BPF_HASH(counts, u32, u64);\n"
             "int f(struct tracepoint__syscalls__sys_enter_mmap *args) {\n"
             "  if (args->off == 1234567) counts.increment(bpf_get_current_pid_tgid() >> 32);\n"
             "  return 0; }\n",
             "tracepoint:syscalls:sys_enter_mmap", true);
    struct rp_error *err = rp_probe_move(run.probe, place(run.kind, 0));
    must(err, "a program cannot move to a tracepoint that has less than it reads");
    rp_error_print(err, stdout);
    rp_error_free(err);
    syscall(SYS_mmap, 0, 0, 0, 0, -1, 1234567);
    must(count_in(run.module) == 1, "it is where it was");
    rp_session_free(run.session);
}

/* ------------------------------------------------------------------ stats */

static void stats(void) {
    struct run run = {.kind = kind_of("uprobe"), .load = getpid()};
    int counting;
    uint64_t before, after, ns;
    check(rp_run_stats_enable(&counting));
    open_run(&run, COUNTING, place(run.kind, 0), true);
    rp_run_stats(run.probe, &before, &ns);
    for (int i = 0; i < 10; i++)
        place_a(i, 0);
    check(rp_session_move(run.session, run.probe, place(run.kind, 1)));
    for (int i = 0; i < 5; i++) {
        place_a(i, 0);
        place_b(i, 0);
    }
    check(rp_session_pause(run.session, run.probe));
    place_b(0, 0);
    check(rp_probe_resume(run.probe));
    place_b(0, 0);
    check(rp_session_move(run.session, run.probe, place(run.kind, 0)));
    place_a(0, 0);
    rp_run_stats(run.probe, &after, &ns);
    must(before == 0 && after == 17 && ns > 0, "each run counts where it was");
    must(count_in(run.module) == 17, "and as often as it counted itself");
    close(counting);
    rp_session_free(run.session);
    puts("17 runs");
}

/* ------------------------------------------------------------------ remove */

struct removing {
    struct run run;
    bool removed;
};

static bool remove_it(void *ctx, const void *data, size_t size) {
    struct removing *removing = ctx;
    (void)data;
    (void)size;
    must(!removing->removed, "a module that was removed sends nothing any more");
    rp_session_remove(removing->run.session, removing->run.module);
    removing->removed = true;
    return true;
}

static bool end(void *ctx) {
    (void)ctx;
    return false;
}

/* A module, from within the callback of its own records. What is left is counted. */
static void remove_modules(void) {
    struct removing removing = {.run = {.kind = kind_of("tracepoint"), .load = getpid()}};
    struct rp_session *session = NULL;
    struct rp_stats stats, before;
    open_kind(&removing.run, true);
    session = removing.run.session;
    for (int i = 0; i < 10; i++)
        getpgid(0);
    settled = 0;
    before = *rp_session_module_stats(session, removing.run.module);
    must(before.delivered == 0, "nothing is delivered before anybody looks");
    rp_session_remove(session, removing.run.module);
    stats = *rp_session_stats(session);
    must(stats.delivered == 10 && stats.lost == 0, "what was sent is delivered and counted");

    char source[2048];
    snprintf(source, sizeof(source), removing.run.kind->source, (int)SYS_getsid);
    const struct rp_compile_opts opts = {.size = sizeof(opts), .movable = true};
    check(rp_session_compile(session, source, &opts, &removing.run.module));
    check(rp_session_attach(session, removing.run.module, "f", place(removing.run.kind, 0), NULL));
    check(rp_session_read(session, removing.run.module, "events", remove_it, &removing));
    for (int i = 0; i < 10; i++)
        getpgid(0);
    check(rp_session_every(session, 50000000, end, NULL));
    check(rp_session_run(session));
    stats = *rp_session_stats(session);
    must(removing.removed && stats.delivered == 11 && stats.dropped == 9, "each is counted");
    rp_session_free(session);
    struct use use = use_now();
    must(use.programs == 0 && use.maps == 0, "nothing is left");
    puts("removed");
}

/* The kernel lets 8 functions call each other, and these are as many: it is used without a gate,
 * and does the same, if not at once. */
static void no_gate(void) {
    static const char text[] = "#include <reprobe/callback.h>\n"
                               "BPF_HASH(counts, u32, u64);\n"
                               "BPF_CALLBACK(c7, u32 i) { "
                               "counts.increment(bpf_get_current_pid_tgid() >> 32); return 0; }\n"
                               "BPF_CALLBACK(c6, u32 i) { return bpf_loop(1, c7, 0, 0) < 0; }\n"
                               "BPF_CALLBACK(c5, u32 i) { return bpf_loop(1, c6, 0, 0) < 0; }\n"
                               "BPF_CALLBACK(c4, u32 i) { return bpf_loop(1, c5, 0, 0) < 0; }\n"
                               "BPF_CALLBACK(c3, u32 i) { return bpf_loop(1, c4, 0, 0) < 0; }\n"
                               "BPF_CALLBACK(c2, u32 i) { return bpf_loop(1, c3, 0, 0) < 0; }\n"
                               "BPF_CALLBACK(c1, u32 i) { return bpf_loop(1, c2, 0, 0) < 0; }\n"
                               "int f(void *ctx) { bpf_loop(1, c1, 0, 0); return 0; }\n";
    struct run run = {.kind = kind_of("tracepoint"), .load = getpid()};
    open_run(&run, text, place(run.kind, 0), true);
    must(!has_gate(run.probe), "it has no gate");
    getpgid(0);
    check(rp_session_move(run.session, run.probe, place(run.kind, 1)));
    getpgid(0);
    getsid(0);
    check(rp_session_pause(run.session, run.probe));
    getsid(0);
    check(rp_session_move(run.session, run.probe, place(run.kind, 0)));
    getpgid(0);
    check(rp_probe_resume(run.probe));
    getpgid(0);
    must(count_in(run.module) == 3, "it counts at its place, and when it is not paused");
    rp_session_free(run.session);
    puts("without");
}

/* ------------------------------------------------------------------ time, cost */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void take_time(const struct kind *kind, unsigned moves, unsigned spacing_us,
                      unsigned places) {
    struct run run = {.kind = kind, .load = start_load(kind, false)};
    if (places)
        open_run(&run, COUNTING, place(run.kind, 0), true);
    else
        open_kind(&run, true);
    double *ms = calloc(moves + 1, sizeof(*ms));
    for (unsigned i = 0; i < moves; i++) {
        const char *to = places ? many_place(i % places) : place(kind, (i + 1) % 2);
        uint64_t start = rp_now_ns();
        check(rp_session_move(run.session, run.probe, to));
        ms[i] = rp_ms_since(start);
        usleep(spacing_us);
    }
    end_load(run.load);
    rp_session_free(run.session);
    printf("%s: first %.3f ms; of %u: ", kind->name, ms[0], moves);
    qsort(ms, moves, sizeof(*ms), by_size);
    printf("min %.3f, median %.3f, p99 %.3f, max %.3f ms\n", ms[0], ms[moves / 2],
           ms[moves * 99 / 100], ms[moves - 1]);
    free(ms);
}

static double ns_a_call(unsigned calls) {
    uint64_t start = rp_now_ns();
    for (unsigned i = 0; i < calls; i++)
        syscall(SYS_getpgid, 0);
    return (double)(rp_now_ns() - start) / calls;
}

/* On each CPU one of these processes calls. */
static double ns_on_all(unsigned calls) {
    double *ns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(ns != MAP_FAILED, "there is memory");
    pid_t pid = fork();
    ns[!pid] = ns_a_call(calls);
    if (!pid)
        _exit(0);
    waitpid(pid, NULL, 0);
    double mean = (ns[0] + ns[1]) / 2;
    munmap(ns, 4096);
    return mean;
}

static void cost(unsigned calls) {
    static const char empty[] = "int f(void *ctx) { return 0; }";
    printf("getpgid(), ns a call: no probe %.0f\n", ns_a_call(calls));
    for (int round = 0; round < 3; round++)
        for (int movable = 0; movable < 2; movable++) {
            struct run run = {.kind = kind_of("tracepoint"), .load = getpid()};
            open_run(&run, empty, place(run.kind, 0), movable);
            printf("%s: alone %.0f, two at once %.0f", movable ? "gate" : "no gate",
                   ns_a_call(calls), ns_on_all(calls));
            check(rp_probe_pause(run.probe));
            printf(", paused %.0f\n", ns_a_call(calls));
            rp_session_free(run.session);
        }
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    const struct kind *kind = argc > 3 ? kind_of(argv[2]) : NULL;
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[kind ? 3 : 2], NULL, 10) : 0;
    unsigned spacing = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
    unsigned places = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 0;
    if (!strcmp(what, "load") && argc > 4)
        object_file = argv[4];
    if (!strcmp(what, "load") && kind)
        under_load(kind, count, false);
    else if (!strcmp(what, "flood") && kind)
        under_load(kind, count, true);
    else if (!strcmp(what, "many") && count)
        many(count);
    else if (!strcmp(what, "keep"))
        keep();
    else if (!strcmp(what, "errors"))
        errors();
    else if (!strcmp(what, "remove"))
        remove_modules();
    else if (!strcmp(what, "stats"))
        stats();
    else if (!strcmp(what, "no-gate"))
        no_gate();
    else if (!strcmp(what, "time") && kind)
        take_time(kind, count, spacing, places);
    else if (!strcmp(what, "cost") && count)
        cost(count);
    else
        must(false, "the command line says what to do");
    return 0;
}
