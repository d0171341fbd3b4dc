/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each TCP connection that a local process makes, with the time from its SYN to
 * the answer; with FAILED, also for each attempt that fails. FAMILY and MIN_NS, if defined, select
 * connections.
 */
#include <linux/sched.h>
#include <linux/socket.h>
#include <net/tcp_states.h>

struct event {
    u64 ns;
    u32 pid;
    int err; /* why the connection failed */
    u16 family;
    u16 lport;
    u16 dport;
    u8 saddr[16]; /* an IPv4 address has the first 4 */
    u8 daddr[16];
    char comm[TASK_COMM_LEN];
};

/* Who called connect(), and when: the answer interrupts whatever task runs then. */
struct connect {
    u64 since;
    u32 pid;
    char comm[TASK_COMM_LEN];
};

BPF_HASH(connects, const void *, struct connect);
BPF_RINGBUF_OUTPUT(events, 256);

static int begin(const void *sk)
{
    struct connect connect = {};
    if (!is_target())
        return 0;
    connect.since = bpf_ktime_get_ns();
    connect.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&connect.comm, sizeof(connect.comm));
    connects.update(&sk, &connect);
    return 0;
}

static int error_of(int newstate, const struct sock *sk)
{
    if (newstate == TCP_ESTABLISHED)
        return 0;
    return sk->sk_err ? sk->sk_err : ECANCELED; /* the process itself closed the socket */
}

TRACEPOINT_PROBE(sock, inet_sock_set_state)
{
    const void *sk = args->skaddr;
    if (args->protocol != IPPROTO_TCP)
        return 0;
#ifdef FAMILY
    if (args->family != FAMILY)
        return 0;
#endif
    if (args->newstate == TCP_SYN_SENT)
        return begin(sk);
    if (args->newstate == TCP_SYN_RECV) /* both ends called connect(): the answer will come */
        return 0;
    struct connect *connect = connects.lookup(&sk);
    if (!connect)
        return 0;
    u64 ns = bpf_ktime_get_ns() - connect->since;
    int err = error_of(args->newstate, sk);
#ifdef MIN_NS
    if (ns < MIN_NS)
        goto out;
#endif
#ifndef FAILED
    if (err)
        goto out;
#endif
    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        goto out;
    event->ns = ns;
    event->pid = connect->pid;
    event->err = err;
    event->family = args->family;
    event->lport = args->sport;
    event->dport = args->dport;
    if (args->family == AF_INET) {
        __builtin_memcpy(event->saddr, args->saddr, sizeof(args->saddr));
        __builtin_memcpy(event->daddr, args->daddr, sizeof(args->daddr));
    } else {
        __builtin_memcpy(event->saddr, args->saddr_v6, sizeof(args->saddr_v6));
        __builtin_memcpy(event->daddr, args->daddr_v6, sizeof(args->daddr_v6));
    }
    __builtin_memcpy(event->comm, connect->comm, sizeof(event->comm));
    events.ringbuf_submit(event, 0);
out:
    connects.delete(&sk);
    return 0;
}
