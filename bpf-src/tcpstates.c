/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/*
 * Sends a record for each change of a TCP socket's state, with the time it spent in the old state.
 * FAMILY, LOCAL_PORT(port) and REMOTE_PORT(port), if defined, select sockets.
 */
#include <linux/sched.h>
#include <linux/socket.h>
#include <net/tcp_states.h>

struct event {
    u64 skaddr;
    u64 ns;
    u32 pid;
    u16 family;
    u16 lport;
    u16 rport;
    u8 oldstate;
    u8 newstate;
    u8 laddr[16]; /* an IPv4 address has the first 4 */
    u8 raddr[16];
    char comm[TASK_COMM_LEN];
};

/* Only the target's sockets: when each changed last. */
BPF_TABLE("lru_hash", const void *, u64, changed, 65536);
BPF_HASH(listening, u16, u8); /* the ports that the target listens on */
BPF_RINGBUF_OUTPUT(events, 256);

/*
 * Many changes happen when a packet arrives, in whatever task it interrupts. So a socket belongs to
 * the target once the target itself has changed its state, or if it comes from a listening socket
 * of the target.
 */
static bool is_targets(int oldstate, int newstate, u16 lport)
{
    bool ours = is_target();
    u8 yes = 1;
    if (newstate == TCP_LISTEN && ours)
        listening.update(&lport, &yes);
    if (oldstate == TCP_LISTEN && newstate == TCP_CLOSE)
        listening.delete(&lport);
    if (oldstate == TCP_LISTEN && newstate == TCP_SYN_RECV && listening.lookup(&lport))
        return true;
    return ours;
}

static bool is_wanted(u16 family, u16 lport, u16 rport)
{
#ifdef FAMILY
    if (family != FAMILY)
        return false;
#endif
#ifdef LOCAL_PORT
    if (!LOCAL_PORT(lport))
        return false;
#endif
#ifdef REMOTE_PORT
    if (!REMOTE_PORT(rport))
        return false;
#endif
    return true;
}

TRACEPOINT_PROBE(sock, inet_sock_set_state)
{
    const void *sk = args->skaddr;
    u64 now = bpf_ktime_get_ns(), ns = 0;
    if (args->protocol != IPPROTO_TCP)
        return 0;
    bool ours = is_targets(args->oldstate, args->newstate, args->sport);
    u64 *since = changed.lookup(&sk);
    if (!since && !ours)
        return 0;
    if (since)
        ns = now - *since;
    if (args->newstate == TCP_CLOSE)
        changed.delete(&sk);
    else
        changed.update(&sk, &now);
    if (!is_wanted(args->family, args->sport, args->dport))
        return 0;

    struct event *event = events.ringbuf_reserve(sizeof(struct event));
    if (!event)
        return 0;
    event->skaddr = (u64)sk;
    event->ns = ns;
    event->pid = bpf_get_current_pid_tgid() >> 32;
    event->family = args->family;
    event->lport = args->sport;
    event->rport = args->dport;
    event->oldstate = args->oldstate;
    event->newstate = args->newstate;
    if (args->family == AF_INET) {
        __builtin_memcpy(event->laddr, args->saddr, sizeof(args->saddr));
        __builtin_memcpy(event->raddr, args->daddr, sizeof(args->daddr));
    } else {
        __builtin_memcpy(event->laddr, args->saddr_v6, sizeof(args->saddr_v6));
        __builtin_memcpy(event->raddr, args->daddr_v6, sizeof(args->daddr_v6));
    }
    bpf_get_current_comm(&event->comm, sizeof(event->comm));
    events.ringbuf_submit(event, 0);
    return 0;
}
