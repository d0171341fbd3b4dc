/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* How much of the disk I/O is sequential: a request is sequential if it begins where the
 * previous one on the same disk ended. */

struct pattern {
    u64 requests, sequential, bytes;
};
BPF_HASH(sums, u32, struct pattern); /* by the kernel's device number */
BPF_HASH(next_sectors, u32, u64);

TRACEPOINT_PROBE(block, block_rq_complete)
{
    u32 device = args->dev;
#ifdef DEVICE
    if (device != DEVICE)
        return 0;
#endif
    u64 end = args->sector + args->nr_sector, *next = next_sectors.lookup(&device);
    struct pattern none = {}, *pattern = sums.lookup_or_try_init(&device, &none);
    if (!pattern || !args->nr_sector || !is_target()) /* no sectors: a flush */
        return 0;
    __sync_fetch_and_add(&pattern->requests, 1);
    __sync_fetch_and_add(&pattern->bytes, (u64)args->nr_sector * 512);
    if (next && *next == args->sector)
        __sync_fetch_and_add(&pattern->sequential, 1);
    next_sectors.update(&device, &end);
    return 0;
}
