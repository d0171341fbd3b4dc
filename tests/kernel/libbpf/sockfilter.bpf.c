// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Packets of an interface: who sends how much to whom, as a packet socket's filter sees them. */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETH_HLEN       14
#define ETH_P_IP       0x0800
#define PACKET_HOST    0
#define IP_PROTO_AT    9

const volatile int port = 7777;

struct so_event {
    __be32 src_addr, dst_addr;
    __u16 port, payload;
    __u8 ip_proto;
};

const struct so_event *unused_event; /* for objects of other compilers */

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 * 1024);
} rb SEC(".maps");

SEC("socket")
int socket_handler(struct __sk_buff *skb)
{
    struct so_event *e;
    struct iphdr ip;
    struct udphdr udp;
    __u16 proto;
    if (skb->pkt_type != PACKET_HOST)
        return 0;
    bpf_skb_load_bytes(skb, 12, &proto, 2);
    if (bpf_ntohs(proto) != ETH_P_IP)
        return 0;
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.protocol != IPPROTO_UDP)
        return 0;
    if (bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(ip), &udp, sizeof(udp)) || udp.dest != bpf_htons(port))
        return 0;
    e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
    if (!e)
        return 0;
    e->ip_proto = ip.protocol;
    e->src_addr = ip.saddr;
    e->dst_addr = ip.daddr;
    e->port = bpf_ntohs(udp.dest);
    e->payload = bpf_ntohs(udp.len) - sizeof(udp);
    bpf_ringbuf_submit(e, 0);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
