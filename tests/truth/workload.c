/* SPDX-License-Identifier: Apache-2.0 */
/* Puts known values where probes read them, so many times as its argument says: matrix.py knows
 * them. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kernel/usdt_note.h"
#include "values.h"

static char touched[] = "a text";
static char beta[] = "beta";
/* In a page of its own, which nobody has read yet. */
__attribute__((aligned(4096))) static const char far[4096] = "far away";
__attribute__((aligned(4096))) static const char behind[4096] = "behind";

static struct flexible *flexible;
static struct pair pairs[2] = {{7, 8}, {9, -10}};
static struct all all = {.s8 = -5,
                         .u8 = 250,
                         .s16 = -300,
                         .u16 = 65000,
                         .s32 = -70000,
                         .u32 = 4000000000U,
                         .s64 = -5000000000,
                         .u64 = UINT64_MAX,
                         .yes = 1,
                         .letter = 'x',
                         .colour = GREEN,
                         .f = 1.5F,
                         .d = 2.5,
                         .text = "text in it",
                         .full = {'f', 'u', 'l', 'l'},
                         .str = touched,
                         .far = far,
                         .ptr = (void *)0x1234567890,
                         .numbers = {1, -2, 3, -4},
                         .in = {100, -200},
                         .packed = {3, -4},
                         .three = 5,
                         .five = -3,
                         .choice.i = -77,
                         .inner = 4711,
                         .pairs = pairs,
                         .names = {touched, beta},
                         .self = &all,
                         .wide = (unsigned __int128)1 << 100};

/* The places: not inlined, with the address as the argument, the result, or that of a syscall. */
struct all *take(struct all *all, int two);
__attribute__((noinline)) struct all *take(struct all *given, int two) {
    __asm__ volatile("" : "+r"(given), "+r"(two) : : "memory");
    return given;
}

__attribute__((noinline)) static void pass(struct all *given, int two) {
    __asm__ volatile(USDT_NOTE("truth", "place", "0", "8@%0 -4@%1")
                     :
                     : "r"(given), "r"(two)
                     : "memory");
}

int main(int argc, char **argv) {
    int times = argc > 1 ? atoi(argv[1]) : 1;
    flexible = malloc(sizeof(*flexible) + 4 * sizeof(int));
    if (!flexible)
        return 1;
    *flexible = (struct flexible){.n = 4};
    for (int i = 0; i < 4; i++)
        flexible->items[i] = 10 * i - 5;
    all.flexible = flexible;
    /* In memory from here on. */
    *(volatile signed char *)&all.s8 = -5;
    *(volatile char *)touched = 'a';
    *(volatile char *)beta = 'b';
    *(volatile int *)&pairs[0].x = 7;
    for (int i = 0; i < times; i++) {
        take(&all, 2);
        pass(&all, 2);
        syscall(SYS_pwrite64, -1, &all, 3, 2L);
        syscall(SYS_openat, 2, &all, 0);
    }
    return behind[0] == 'b' ? 0 : 1;
}
