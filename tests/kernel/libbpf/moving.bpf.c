// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* For moving.c, in the other dialect: sends the round, and which of two places it is at. -DKIND_… says by what. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "out.h"

#define GETSID 124

const volatile pid_t target = 0;

struct event {
    __u32 round, place;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 22);
} events SEC(".maps");

static int tell(__u32 round, __u32 place)
{
    struct event event = {round, place};
    if (bpf_get_current_pid_tgid() >> 32 == target)
        bpf_ringbuf_output(&events, &event, sizeof(event), 0);
    return 0;
}

#if defined(KIND_tracepoint)
SEC("tp")
int f(struct trace_event_raw_sys_enter *ctx)
{
    return tell(ctx->args[0], (int)ctx->id == GETSID);
}
#elif defined(KIND_uprobe)
SEC("uprobe")
int BPF_KPROBE(f, long round, long place)
{
    return tell(round, place);
}
#elif defined(KIND_kprobe)
SEC("kprobe")
int BPF_KPROBE(f, struct pt_regs *regs)
{
    return tell(BPF_CORE_READ(regs, di), BPF_CORE_READ(regs, orig_ax) == GETSID);
}
#else
SEC("fentry")
int BPF_PROG(f, const struct pt_regs *regs)
{
    return tell(regs->di, regs->orig_ax == GETSID);
}
#endif

char LICENSE[] SEC("license") = "GPL";
