// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* One program for a call and its return: the call leaves what it is given in the session's cookie, and a call with a length of 8 does not want to see its return. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern bool bpf_session_is_return(void) __ksym __weak;
extern __u64 *bpf_session_cookie(void) __ksym __weak;

struct call {
    long length, result;
};

const struct call *unused_call; /* for objects of other compilers */

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 64 * 1024);
} calls SEC(".maps");

int entries = 0;

SEC("uprobe.session") int on_write(struct pt_regs *ctx)
{
    __u64 *length = bpf_session_cookie();
    struct call call = {};

    if (!bpf_session_is_return()) {
        *length = PT_REGS_PARM3(ctx);
        __sync_fetch_and_add(&entries, 1);
        return *length == 8;
    }
    call.length = *length;
    call.result = (int)PT_REGS_RC(ctx);
    bpf_ringbuf_output(&calls, &call, sizeof(call), 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
