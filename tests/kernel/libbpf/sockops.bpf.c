// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Connections of a cgroup's processes, from both ends. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

int connects = 0, established = 0, accepted = 0;

SEC("sockops")
int on_socket(struct bpf_sock_ops *ops)
{
    switch (ops->op) {
    case BPF_SOCK_OPS_TCP_CONNECT_CB:
        __sync_fetch_and_add(&connects, 1);
        break;
    case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
        __sync_fetch_and_add(&established, 1);
        break;
    case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
        __sync_fetch_and_add(&accepted, 1);
        break;
    }
    return 1;
}

char LICENSE[] SEC("license") = "GPL";
