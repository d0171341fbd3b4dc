struct big { u32 a; u8 rest[5000]; };
BPF_RINGBUF_OUTPUT(ring, 1);
BPF_PERF_OUTPUT(perf);
int f(void *ctx)
{
    u32 n = 7;
    struct big *big = ring.ringbuf_reserve(sizeof(*big));
    if (big)
        ring.ringbuf_discard(big, 0);
    ring.ringbuf_output(&n, sizeof(n), 64);
    bpf_perf_event_output(ctx, (void *)bpf_pseudo_fd(1, -1), 100000, &n, sizeof(n));
    return 0;
}
