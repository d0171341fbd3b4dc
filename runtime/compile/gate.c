/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/gate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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
