// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* What a process may do is decided by a program: it gets no sockets of IPv6. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define AF_INET6 10
#define EPERM    1

const volatile pid_t target = 0;
int asked = 0, refused = 0;

SEC("lsm/socket_create")
int BPF_PROG(create, int family, int type, int protocol, int kern, int ret)
{
    if (ret || bpf_get_current_pid_tgid() >> 32 != target)
        return ret;
    asked++;
    if (family != AF_INET6)
        return 0;
    refused++;
    return -EPERM;
}

char LICENSE[] SEC("license") = "GPL";
