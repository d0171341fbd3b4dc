/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Whether disks are read and written in sequence or here and there: a request is sequential that
 * begins where the one before it, on the same disk, ended. */

struct pattern {
    u64 next_sector, bytes, sequential, random;
};
BPF_HASH(sums, u32, struct pattern); /* by device number, as the kernel has it */

TRACEPOINT_PROBE(block, block_rq_complete)
{
    u32 device = args->dev;
    struct pattern none = {}, *pattern;
    if (!args->nr_sector) /* a flush */
        return 0;
    pattern = sums.lookup_or_try_init(&device, &none);
    if (!pattern)
        return 0;
    /* Of the first request nothing can be said, but that it is. */
    if (pattern->next_sector == args->sector)
        __sync_fetch_and_add(&pattern->sequential, 1);
    else
        __sync_fetch_and_add(&pattern->random, 1);
    __sync_fetch_and_add(&pattern->bytes, (u64)args->nr_sector * 512);
    pattern->next_sector = args->sector + args->nr_sector;
    return 0;
}
