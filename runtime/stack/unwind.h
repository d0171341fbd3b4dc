/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks of processes, also of code without frame pointers.
 *
 * A program (compile/prelude/unwind.h) goes from a function to its caller by rules, which it looks
 * up by address in a map, and reads a word or two of the process's stack for each. The first time
 * that it has no rule it sends what it has, its registers there and a copy of the stack's memory.
 * Here the rules are looked up in the files that the process has mapped (debug/cfi.h), the rest of
 * that stack is followed through the copy, and the rules go into the map: from then on the program
 * does it alone, and sends only stacks that it has not seen before. A stack's id stands for the
 * addresses on it.
 */
#ifndef RP_STACK_UNWIND_H
#define RP_STACK_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rp_module;
struct rp_error;
struct rp_frame_list;
struct rp_unwind;

/* A bit of an address that is a call's return address. */
#define RP_UNWOUND_CALLER (UINT64_C(1) << 63)

struct rp_unwound {
    uint64_t *addresses; /* innermost first */
    uint32_t count;
    bool is_cut; /* it goes on from there, and how cannot be said */
};

/* *out is NULL where the module does not unwind, or nothing can be read here. From now on its
 * programs do. */
struct rp_error *rp_unwind_new(struct rp_module *module, struct rp_unwind **out);
/* `unwind` may be NULL here and below. */
void rp_unwind_free(struct rp_unwind *unwind);
/* Also knows those that the other one knows. */
void rp_unwind_take_stacks(struct rp_unwind *unwind, struct rp_unwind *other);
/* Readable when programs have sent something; -1: none. */
int rp_unwind_fd(const struct rp_unwind *unwind);
/* Reads what they have sent. */
void rp_unwind_read(struct rp_unwind *unwind);
/* Notes what the process has mapped, for when it has ended; again: where that has changed. */
void rp_unwind_notice(struct rp_unwind *unwind, pid_t pid);
void rp_unwind_notice_again(struct rp_unwind *unwind);

/* Whether it is the id of a stack that was unwound. */
static inline bool rp_is_unwound(int32_t id) {
    return id >= 0x40000000;
}
/* NULL: nobody has told of it. */
const struct rp_unwound *rp_unwind_find(struct rp_unwind *unwind, int32_t id);
/* The functions that an address of the process is of, as struct rp_mappings has them. */
const struct rp_frame_list *rp_unwind_frames(const struct rp_unwind *unwind, pid_t pid,
                                             uint64_t address);
/* The name of the function there, also when the process has ended; malloc()ed. NULL: nothing tells.
 */
char *rp_unwind_name(const struct rp_unwind *unwind, pid_t pid, uint64_t address);
/* The same stack may have been sent twice: the id that it had first. */
int32_t rp_unwind_first_id(struct rp_unwind *unwind, int32_t id);

#endif
