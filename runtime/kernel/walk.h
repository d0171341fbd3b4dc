/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number that the kernel keeps of an open file and tells nowhere: a small program, which runs
 * once when it is asked, goes from this process's descriptor to it by the offsets of BTF.
 */
#ifndef RP_KERNEL_WALK_H
#define RP_KERNEL_WALK_H

#include <stdbool.h>
#include <stdint.h>

#define RP_WALK_STEPS   8
#define RP_WALK_NUMBERS 2

/* Each step adds a number to an address and reads the address that is there; then the numbers at
 * some places behind the last one are added up. */
struct rp_walk {
    int32_t steps[RP_WALK_STEPS];
    struct {
        int32_t at, size;
    } numbers[RP_WALK_NUMBERS];
    unsigned step_count, number_count;
    bool known;
};

/* From the task that asks to the struct file of its descriptor. */
struct rp_walk rp_walk_to_file(void);
/* Where the struct has that member, in bytes; the walk is not known if there is none. */
int32_t rp_walk_offset(struct rp_walk *walk, const char *name, const char *member);
void rp_walk_add_step(struct rp_walk *walk, int32_t step);
/* One of `size` bytes, up to 8. */
void rp_walk_add_number(struct rp_walk *walk, int32_t at, int32_t size);

/* The program; -1: the walk is not known, or the kernel refuses it. The caller closes it. */
int rp_walk_load(const struct rp_walk *walk);
/* The numbers' sum, of which the lower 32 bits count, for the descriptor `fd`. Linux 5.10 or
 * newer. */
bool rp_walk_run(int program, int fd, uint64_t *sum);

#endif
