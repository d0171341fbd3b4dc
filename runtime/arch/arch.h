/* SPDX-License-Identifier: Apache-2.0 */
/* What depends on the processor: one struct for each, in a file of its own, and CMakeLists.txt
 * takes that of the machine which the library is built for. What a processor's struct leaves out is
 * not known of it, and what needs it is refused, or left out and told. */
#ifndef RP_ARCH_H
#define RP_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define RP_SYSCALL_ARGUMENTS 6
#define RP_PASSED_MAX        8

/* The registers, by DWARF's numbers. */
struct rp_arch_registers {
    const char *const *names; /* as struct pt_regs has them */
    unsigned count;
    unsigned sp, fp, ip; /* those below ip hold what a program has put there */
    unsigned first_float, last_float;
    unsigned passed[RP_PASSED_MAX], passed_count; /* the first words of arguments */
    unsigned passed_floats;                       /* so many of the others hold arguments */
    unsigned returned[2];
    unsigned pushed; /* bytes that a call puts on the stack: the return address */
    unsigned frame;  /* bytes from where fp points to, to the CFA */
};

struct rp_arch {
    /* ---- C for programs */
    const char *macro;   /* the compilers' own name for it: "__x86_64__"; NULL: not known */
    const char *libbpfs; /* as libbpf's bpf_tracing.h calls it behind __TARGET_ARCH_; NULL: not */

    /* ---- syscalls */
    /* Where in bytes struct pt_regs has the arguments of a syscall, at its return, too; all 0: it
     * is not known. */
    uint16_t arguments[RP_SYSCALL_ARGUMENTS];
    uint16_t number;   /* where it has the number, in 32 bits; 0: it is not known */
    const char *clone; /* the arguments of clone() where their order is another than x86-64's; NULL:
                          it is not */
    /* What tells that a task is in a syscall of 32 bits, in its thread_info: the member, its type,
     * and the bit. NULL: nothing is known to. */
    const char *narrow_member, *narrow_type;
    unsigned narrow_bit;
    /* A file that is there where the kernel runs programs of 32 bits; NULL: it may at any rate. */
    const char *runs_narrow;
    uint32_t marked; /* a bit of the number in syscalls of another ABI of 64 bits (x32); 0: none */

    /* ---- calls of functions */
    struct rp_arch_registers registers;
    /* An argument is in registers as a whole or on the stack as a whole, and those behind one on
     * the stack may be in registers. false: what is behind the registers is not found. */
    bool passes_wholes;
    bool has_convention; /* where programs' functions find arguments of any type is known:
                            probe/convention.c */
    bool unwinds;        /* stacks of processes need no frame pointers: compile/prelude/unwind.h */

    unsigned instruction; /* bytes of each; 0: they differ, and are found by LLVM */

    /* ---- the kernel's variables, and files */
    bool has_preempt_count;   /* for each processor, as kernel/current.h tells */
    uint16_t elf;             /* EM_X86_64 */
    uint32_t copy_relocation; /* a library's variable becomes the program's: R_X86_64_COPY */
};
extern const struct rp_arch rp_arch;

/* The prefixes of the functions for syscalls, of all processors, since a question may be carried
 * from one to another: those that a kernel may have, most common first; then those that mean the
 * same; then the rest. */
#define RP_ARCH_SYSCALLS         15
#define RP_ARCH_SYSCALLS_NATIVE  5
#define RP_ARCH_SYSCALLS_SPELLED 6
extern const char *const rp_arch_syscalls[RP_ARCH_SYSCALLS];

#endif
