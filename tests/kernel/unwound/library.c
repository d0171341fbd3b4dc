/* SPDX-License-Identifier: Apache-2.0 */
/* libunwound.so, and with NAME=opened_call libopened.so, which program.c opens: they call back. */
#ifndef NAME
#define NAME library_call
#endif

void NAME(void (*back)(int), int number);

__attribute__((noinline)) static void library_inner(void (*back)(int), int number) {
    volatile int kept[30] = {number};
    back(kept[0]);
    __asm__ volatile("" ::: "memory");
}

void NAME(void (*back)(int), int number) {
    library_inner(back, number + 1);
    __asm__ volatile("" ::: "memory");
}
