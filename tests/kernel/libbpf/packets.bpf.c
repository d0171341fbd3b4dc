// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Packets to one UDP port, counted at each attach point of the network that a program can be at. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ETH_P_IP 0x0800

const volatile int port = 7777;
__u64 at_xdp = 0, at_ingress = 0, at_egress = 0, at_socket = 0, of_cgroup = 0, connects = 0;

static bool is_ours(const struct iphdr *ip, const struct udphdr *udp)
{
    return ip->protocol == IPPROTO_UDP && udp->dest == bpf_htons(port);
}

SEC("xdp")
int on_xdp(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = (void *)(eth + 1);
    struct udphdr *udp = (void *)(ip + 1);
    if ((void *)(udp + 1) <= end && eth->h_proto == bpf_htons(ETH_P_IP) && is_ours(ip, udp))
        __sync_fetch_and_add(&at_xdp, 1);
    return XDP_PASS;
}

static bool is_ours_in(struct __sk_buff *skb, __u32 offset)
{
    struct iphdr ip;
    struct udphdr udp;
    return !bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)) &&
           !bpf_skb_load_bytes(skb, offset + sizeof(ip), &udp, sizeof(udp)) && is_ours(&ip, &udp);
}

SEC("tc")
int on_ingress(struct __sk_buff *skb)
{
    if (is_ours_in(skb, sizeof(struct ethhdr)))
        __sync_fetch_and_add(&at_ingress, 1);
    return 0; /* TC_ACT_OK */
}

SEC("tcx/egress")
int on_egress(struct __sk_buff *skb)
{
    if (is_ours_in(skb, sizeof(struct ethhdr)))
        __sync_fetch_and_add(&at_egress, 1);
    return 0;
}

SEC("socket")
int on_socket(struct __sk_buff *skb)
{
    if (is_ours_in(skb, sizeof(struct ethhdr)) && skb->pkt_type != 4 /* PACKET_OUTGOING */)
        __sync_fetch_and_add(&at_socket, 1);
    return 0;
}

SEC("cgroup_skb/egress")
int on_cgroup(struct __sk_buff *skb)
{
    if (is_ours_in(skb, 0))
        __sync_fetch_and_add(&of_cgroup, 1);
    return 1;
}

SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx)
{
    if (ctx->user_port == bpf_htons(port))
        __sync_fetch_and_add(&connects, 1);
    return 1;
}

char LICENSE[] SEC("license") = "GPL";
