/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

#define LOG_SIZE_MAX     ((1U << 24) - 1) /* the most that Linux before 5.2 takes */
#define LOG_INSTRUCTIONS 1                /* kernel/bpf/verifier.c: BPF_LOG_LEVEL1 */
#define LOG_STATES       2 /* BPF_LOG_LEVEL2: every path, with the state of the registers */
#define LOG_STATISTICS   4 /* BPF_LOG_STATS: why it is rejected, but no instructions */

/* ------------------------------------------------------------- maps */

static int create(const struct rp_object_map *map, int btf_fd) {
    LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = map->flags,
                .inner_map_fd = (uint32_t)map->inner_fd);
    if (btf_fd >= 0 && map->btf_value) {
        opts.btf_fd = (uint32_t)btf_fd;
        opts.btf_key_type_id = map->btf_key;
        opts.btf_value_type_id = map->btf_value;
    }
    char name[BPF_OBJ_NAME_LEN];
    snprintf(name, sizeof(name), "%s", map->name);
    return bpf_map_create(map->type, name, map->key_size, map->value_size, map->max_entries, &opts);
}

int rp_map_create(const struct rp_object_map *map, int btf_fd) {
    int fd = create(map, btf_fd);
    if (fd < 0 && btf_fd >= 0 && map->btf_value) /* not every map type may have BTF */
        fd = create(map, -1);
    return fd;
}

struct rp_error *rp_map_create_error(const char *source, const struct rp_object_map *map,
                                     int errnum) {
    RP_AUTO_FREE char *why = NULL;
    if (asprintf(&why,
                 "its map `%s` (%u entries, key %u bytes, value %u bytes) cannot be created: %s",
                 map->name, map->max_entries, map->key_size, map->value_size, strerror(errnum)) < 0)
        return rp_error_nomem();
    struct rp_error *err = rp_error_new(errnum, why, "cannot use %s", source);
    unsigned pages = map->max_entries / (unsigned)sysconf(_SC_PAGESIZE);
    if (errnum == EPERM)
        rp_error_hint_set(err, "run as root (sudo), or with CAP_BPF and CAP_PERFMON");
    else if (map->type == BPF_MAP_TYPE_RINGBUF && errnum == EINVAL)
        rp_error_hint_set(err,
                          "a ring buffer's pages must be a power of two (%u is not), and the "
                          "kernel 5.8 or later",
                          pages);
    else if (map->type == BPF_MAP_TYPE_USER_RINGBUF && errnum == EINVAL)
        rp_error_hint_set(err,
                          "a user ring buffer's pages must be a power of two (%u here), and the "
                          "kernel 6.1 or later",
                          pages);
    else if (errnum == E2BIG || errnum == ENOMEM)
        rp_error_hint_set(err, "its entries are too large or too many");
    else if (errnum == EINVAL)
        rp_error_hint_set(err, "this kernel may not have this map type, or a size is out of range");
    return err;
}

/* ------------------------------------------------------------- programs */

/* bpftool and perf show "kprobe__vfs_read" as "vfs_read": a name has 15 bytes. */
static void set_name(char name[BPF_OBJ_NAME_LEN], const char *function) {
    const char *prefix_end = strstr(function, "__");
    snprintf(name, BPF_OBJ_NAME_LEN, "%s", prefix_end && prefix_end[2] ? prefix_end + 2 : function);
}

struct program {
    enum bpf_prog_type type;
    char name[BPF_OBJ_NAME_LEN];
    const char *license;
    const struct bpf_insn *insns;
    size_t count;
    const struct bpf_prog_load_opts *opts;
};

static int load(const struct program *p, unsigned level, char *log, unsigned size) {
    struct bpf_prog_load_opts opts = *p->opts;
    opts.sz = sizeof(opts);
    opts.log_level = level;
    opts.log_buf = log;
    opts.log_size = size;
    return bpf_prog_load(p->type, p->name, p->license, p->insns, p->count, &opts);
}

/* Of a log that does not fit, kernels before 6.4 keep the beginning, later ones the end. */
static bool is_whole(const char *log) {
    return strstr(log, "\nprocessed ") || strncmp(log, "processed ", 10) == 0;
}

/* NULL: out of memory. */
static char *log_at(const struct program *p, unsigned level, unsigned size) {
    char *log = calloc(1, size);
    int fd = log ? load(p, level, log, size) : -1;
    if (fd >= 0)
        close(fd);
    return log;
}

/* The log of a rejected program; if it is long, at least the reason. NULL: out of memory. */
static char *log_of(const struct program *p, int errnum) {
    static const struct {
        unsigned level, size;
    } tries[] = {
        {LOG_INSTRUCTIONS, 1 << 20}, {LOG_INSTRUCTIONS, 1 << 24}, {LOG_STATISTICS, 1 << 16}};
    if (errnum == E2BIG) {
        /* A million instructions take seconds to write, and the last ones are of no use. */
        char *log = log_at(p, LOG_STATISTICS, 1 << 16);
        if (!log || strstr(log, "BPF program is too large"))
            return log;
        free(log);
    }
    for (size_t i = 0; i < RP_COUNT(tries); i++) {
        char *log = log_at(p, tries[i].level, tries[i].size);
        if (!log || is_whole(log) || !*log || i + 1 == RP_COUNT(tries))
            return log;
        free(log);
    }
    return NULL;
}

/* Fills in `opts`, which the result refers to. */
static struct program prepare(const struct rp_object *object,
                              const struct rp_object_function *function,
                              const struct rp_program_kind *kind, int btf_fd,
                              struct bpf_prog_load_opts *opts) {
    opts->expected_attach_type = kind->attach_type;
    opts->attach_btf_id = kind->attach_btf;
    opts->attach_btf_obj_fd = (uint32_t)rp_btf_object_fd(kind->attach_object);
    opts->prog_flags = function->flags;
    if (kind->type != BPF_PROG_TYPE_TRACING)
        opts->kern_version = object->kern_version; /* for a kprobe's program, before Linux 5.0 */
    if (btf_fd >= 0) {
        opts->prog_btf_fd = (uint32_t)btf_fd;
        opts->func_info = function->funcs.data;
        opts->func_info_cnt = function->funcs.count;
        opts->func_info_rec_size = function->funcs.size;
        opts->line_info = function->lines.data;
        opts->line_info_cnt = function->lines.count;
        opts->line_info_rec_size = function->lines.size;
    }
    struct program p = {.type = kind->type,
                        .license = object->license,
                        .insns = function->insns,
                        .count = function->insn_count,
                        .opts = opts};
    set_name(p.name, function->name);
    return p;
}

bool rp_program_verify(const struct rp_object *object, const struct rp_object_function *function,
                       const struct rp_program_kind *kind, int btf_fd, char **log) {
    LIBBPF_OPTS(bpf_prog_load_opts, opts);
    struct program p = prepare(object, function, kind, btf_fd, &opts);
    *log = calloc(1, LOG_SIZE_MAX);
    int fd = *log ? load(&p, LOG_STATES | LOG_STATISTICS, *log, LOG_SIZE_MAX) : -1;
    if (fd >= 0)
        close(fd);
    return fd >= 0 || (*log && errno == ENOSPC);
}

int rp_program_load(const struct rp_object *object, const struct rp_object_function *function,
                    const struct rp_program_kind *kind, int btf_fd, char **log) {
    LIBBPF_OPTS(bpf_prog_load_opts, opts);
    struct program p = prepare(object, function, kind, btf_fd, &opts);
    if (log)
        *log = NULL;
    int fd = load(&p, 0, NULL, 0);
    int errnum = errno;
    if (fd < 0 && log)
        *log = log_of(&p, errnum);
    errno = errnum;
    return fd;
}

/* ------------------------------------------------------------- gates */

#define GATES    32 /* in a block: as many as fit into a page, with two CPUs */
#define MAX_CPUS 64

/* One map of one value. */
struct rp_gate_block {
    int map_fd;
    struct rp_gate_words *words; /* of all gates, one after the other */
    uint32_t taken;              /* one bit for each gate */
};

/* CPU numbers go from 0 to the number of possible CPUs. */
static uint32_t cpu_count(void) {
    int possible = libbpf_num_possible_cpus();
    uint32_t count = 2;
    while ((int)count < possible && count < MAX_CPUS)
        count *= 2;
    return count;
}

static uint32_t gate_size(void) {
    return cpu_count() * (uint32_t)sizeof(struct rp_gate_words);
}

static bool open_block(struct rp_gate_block *block) {
    LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
    uint32_t size = GATES * gate_size();
    int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rp_gates", sizeof(uint32_t), size, 1, &opts);
    if (fd < 0)
        return false;
    void *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (words == MAP_FAILED) {
        close(fd);
        return false;
    }
    *block = (struct rp_gate_block){.map_fd = fd, .words = words};
    return true;
}

static void take_from(struct rp_gate_block *block, struct rp_gate *out) {
    unsigned i = (unsigned)__builtin_ctz(~block->taken);
    block->taken |= 1U << i;
    *out = (struct rp_gate){.cpus = cpu_count(),
                            .words = &block->words[i * cpu_count()],
                            .map_fd = block->map_fd,
                            .offset = i * gate_size()};
    rp_gate_close(out);
}

bool rp_gates_take(struct rp_gates *gates, struct rp_gate *out) {
    for (size_t i = 0; i < gates->count; i++)
        if (~gates->items[i].taken) {
            take_from(&gates->items[i], out);
            return true;
        }
    if (!rp_vec_reserve(gates, 1) || !open_block(&gates->items[gates->count]))
        return false;
    take_from(&gates->items[gates->count++], out);
    return true;
}

void rp_gates_give_back(struct rp_gates *gates, const struct rp_gate *gate) {
    for (size_t i = 0; i < gates->count; i++)
        if (gates->items[i].map_fd == gate->map_fd)
            gates->items[i].taken &= ~(1U << (gate->offset / gate_size()));
}

void rp_gates_clear(struct rp_gates *gates) {
    for (size_t i = 0; i < gates->count; i++) {
        munmap(gates->items[i].words, (size_t)GATES * gate_size());
        close(gates->items[i].map_fd);
    }
    rp_vec_clear(gates);
}

static void set_open(const struct rp_gate *gate, uint64_t is_open) {
    for (uint32_t cpu = 0; gate->words && cpu < gate->cpus; cpu++)
        __atomic_store_n(&gate->words[cpu].is_open, is_open, __ATOMIC_SEQ_CST);
}

void rp_gate_open(const struct rp_gate *gate) {
    set_open(gate, 1);
}

void rp_gate_close(const struct rp_gate *gate) {
    set_open(gate, 0);
}

void rp_gate_wait(const struct rp_gate *gate) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t cpu = 0; gate->words && cpu < gate->cpus; cpu++)
        while (__atomic_load_n(&gate->words[cpu].inside, __ATOMIC_SEQ_CST))
            sched_yield();
}
