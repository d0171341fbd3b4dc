/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* How much of the disk I/O is sequential: a request is sequential if it begins where the
 * previous one on the same disk ended. */

struct pattern {
    u64 requests, sequential, bytes;
};
BPF_HASH(sums, u32, struct pattern); /* by the kernel's device number */
BPF_HASH(next_sectors, u32, u64);

/* Discards and zeroes that the disk writes itself move no data. The letters are those of
 * blk_fill_rwbs() in the kernel's kernel/trace/blktrace.c: F for a flush before it, and then what
 * it is. */
static bool moves_data(const char *letters)
{
    const char *its = letters + (letters[0] == 'F');
    return its[0] == 'R' || (its[0] == 'W' && its[1] != 'Z');
}

TRACEPOINT_PROBE(block, block_rq_complete)
{
    u32 device = args->dev;
    char letters[4] = {args->rwbs[0], args->rwbs[1], args->rwbs[2]};
#ifdef DEVICE
    if (device != DEVICE)
        return 0;
#endif
    u64 end = args->sector + args->nr_sector, *next = next_sectors.lookup(&device);
    struct pattern none = {}, *pattern = sums.lookup_or_try_init(&device, &none);
    if (!pattern || !args->nr_sector || !moves_data(letters)) /* no sectors: a flush */
        return 0;
    if (!is_target())
        return 0;
    __sync_fetch_and_add(&pattern->requests, 1);
    __sync_fetch_and_add(&pattern->bytes, (u64)args->nr_sector * 512);
    if (next && *next == args->sector)
        __sync_fetch_and_add(&pattern->sequential, 1);
    next_sectors.update(&device, &end);
    return 0;
}
