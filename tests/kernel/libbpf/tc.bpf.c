// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Packets that an interface receives, by their size, as traffic control sees them: they all pass. */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TC_ACT_OK 0
#define ETH_P_IP  0x0800

const volatile int port = 7777;

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} by_size SEC(".maps");

SEC("tc")
int tc_ingress(struct __sk_buff *ctx)
{
    void *data_end = (void *)(__u64)ctx->data_end;
    void *data = (void *)(__u64)ctx->data;
    struct ethhdr *l2 = data;
    struct iphdr *l3 = (struct iphdr *)(l2 + 1);
    struct udphdr *l4 = (struct udphdr *)(l3 + 1);
    __u64 one = 1, *count;
    __u32 size;
    if (ctx->protocol != bpf_htons(ETH_P_IP) || (void *)(l4 + 1) > data_end)
        return TC_ACT_OK;
    if (l3->protocol != IPPROTO_UDP || l4->dest != bpf_htons(port))
        return TC_ACT_OK;
    size = bpf_ntohs(l3->tot_len);
    count = bpf_map_lookup_elem(&by_size, &size);
    if (count)
        __sync_fetch_and_add(count, 1);
    else
        bpf_map_update_elem(&by_size, &size, &one, BPF_ANY);
    return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
