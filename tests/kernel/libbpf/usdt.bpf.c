// SPDX-License-Identifier: GPL-2.0
/* The arguments of USDT probes: in registers, in memory, as constants. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

struct step {
    int number, arguments;
    char word[16];
};

struct guarded {
    long number, constant;
    long absent, count; /* what bpf_usdt_arg() says of one more, and bpf_usdt_arg_cnt() */
};

struct indexed {
    long negative, thousands;
};

/* For objects of other compilers: their types are kept. */
const struct step *unused_step;
const struct guarded *unused_guarded;
const struct indexed *unused_indexed;

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 65536);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 65536);
} indexes SEC(".maps");

SEC("usdt")
int BPF_USDT(on_step, int number, const char *word)
{
    struct step *step = bpf_ringbuf_reserve(&events, sizeof(*step), 0);
    if (!step)
        return 0;
    step->number = number;
    step->arguments = bpf_usdt_arg_cnt(ctx);
    bpf_probe_read_user_str(step->word, sizeof(step->word), word);
    bpf_ringbuf_submit(step, 0);
    return 0;
}

SEC("usdt")
int on_guarded(struct pt_regs *ctx)
{
    struct guarded all = {};
    long nothing;
    bpf_usdt_arg(ctx, 0, &all.number);
    bpf_usdt_arg(ctx, 1, &all.constant);
    all.count = bpf_usdt_arg_cnt(ctx);
    all.absent = bpf_usdt_arg(ctx, 2, &nothing);
    bpf_ringbuf_output(&events, &all, sizeof(all), 0);
    return 0;
}

SEC("usdt")
int BPF_USDT(on_indexed, int negative, long thousands)
{
    struct indexed indexed = {negative, thousands};
    bpf_ringbuf_output(&indexes, &indexed, sizeof(indexed), 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
