/* SPDX-License-Identifier: Apache-2.0 */
/* What every source expects from kernel headers and BTF does not contain: compiler keywords, the
 * basic types, and the few macros that nearly every program uses. Read before libbcc's own
 * headers. */
#pragma once
#pragma clang system_header

#define __KERNEL__              1
#define CONFIG_BPF_SYSCALL      1
#define CONFIG_SMP              1
#define CONFIG_MMU              1
#define CONFIG_NET              1
#define CONFIG_INET             1
#define CONFIG_TRACING          1
#define CONFIG_64BIT            1
/* Syscall functions take their arguments in a struct pt_regs since Linux 4.17 on x86-64, 4.19 on
 * arm64. */
#define CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1

#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))

/* include/linux/kconfig.h */
#define __ARG_PLACEHOLDER_1                         0,
#define __take_second_arg(__ignored, val, ...)      val
#define __and(x, y)                                 ___and(x, y)
#define ___and(x, y)                                ____and(__ARG_PLACEHOLDER_##x, y)
#define ____and(arg1_or_junk, y)                    __take_second_arg(arg1_or_junk y, 0)
#define __or(x, y)                                  ___or(x, y)
#define ___or(x, y)                                 ____or(__ARG_PLACEHOLDER_##x, y)
#define ____or(arg1_or_junk, y)                     __take_second_arg(arg1_or_junk 1, y)
#define __is_defined(x)                             ___is_defined(x)
#define ___is_defined(val)                          ____is_defined(__ARG_PLACEHOLDER_##val)
#define ____is_defined(arg1_or_junk)                __take_second_arg(arg1_or_junk 1, 0)
#define IS_BUILTIN(option)                          __is_defined(option)
#define IS_MODULE(option)                           __is_defined(option##_MODULE)
#define IS_ENABLED(option)                          __or(IS_BUILTIN(option), IS_MODULE(option))

#undef __always_inline
#define __always_inline         inline __attribute__((always_inline))
#define inline                  inline __attribute__((__gnu_inline__)) __attribute__((__unused__))
#define noinline                __attribute__((noinline))
#define notrace                 __attribute__((no_instrument_function))
#define __packed                __attribute__((packed))
#define __aligned(x)            __attribute__((aligned(x)))
#define __maybe_unused          __attribute__((unused))
#define __must_check
#define __weak                  __attribute__((weak))
#define __noreturn              __attribute__((noreturn))
#define __user
#define __kernel
#define __rcu
#define __percpu
#define __iomem
#define __force
#define __bitwise
#define __randomize_layout
#define fallthrough             __attribute__((__fallthrough__))
#define likely(x)               __builtin_expect(!!(x), 1)
#define unlikely(x)             __builtin_expect(!!(x), 0)
#define barrier()               __asm__ __volatile__("" : : : "memory")
#define READ_ONCE(x)            (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val)      (*(volatile __typeof__(x) *)&(x) = (val))

#define NULL                    ((void *)0)
#define true                    1
#define false                   0
#define offsetof(type, member)  __builtin_offsetof(type, member)
#define ARRAY_SIZE(a)           (sizeof(a) / sizeof((a)[0]))
/* libbcc's BPF_STACK_TRACE needs it, as a constant. */
#define roundup_pow_of_two(n)   ((n) <= 1 ? 1UL : 1UL << (64 - __builtin_clzl((n)-1)))
#define PAGE_SHIFT              12
#define PAGE_SIZE               (1UL << PAGE_SHIFT)
#define PAGE_MASK               (~(PAGE_SIZE - 1))

typedef _Bool bool;
typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __s8 s8;
typedef __u8 u8;
typedef __s16 s16;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
#define __aligned_u64 __u64 __attribute__((aligned(8)))
typedef __s64 s64;
typedef __u64 u64;
typedef __s8 int8_t;
typedef __u8 uint8_t;
typedef __s16 int16_t;
typedef __u16 uint16_t;
typedef __s32 int32_t;
typedef __u32 uint32_t;
typedef __s64 int64_t;
typedef __u64 uint64_t;
typedef __u8 u_int8_t;
typedef __u16 u_int16_t;
typedef __u32 u_int32_t;
typedef __u64 u_int64_t;
typedef unsigned char u_char, unchar;
typedef unsigned short u_short, ushort;
typedef unsigned int u_int, uint;
typedef unsigned long u_long, ulong;
typedef __u16 __le16, __be16, __sum16;
typedef __u32 __le32, __be32, __wsum;
typedef __u64 __le64, __be64;
typedef unsigned int __poll_t;
typedef unsigned long __kernel_ulong_t, uintptr_t;
typedef long __kernel_long_t, intptr_t, ptrdiff_t;
typedef __kernel_ulong_t __kernel_size_t, size_t;
typedef __kernel_long_t __kernel_ssize_t, ssize_t;
typedef int __kernel_pid_t, pid_t;
typedef unsigned int __kernel_uid32_t, uid_t, __kernel_gid32_t, gid_t;
typedef unsigned int gfp_t, fmode_t, slab_flags_t;
typedef unsigned short umode_t, __kernel_sa_family_t, sa_family_t;
typedef __u32 __kernel_dev_t, dev_t;
typedef long long loff_t, __kernel_loff_t;
typedef __s64 ktime_t, time64_t;
typedef __u64 sector_t, blkcnt_t, phys_addr_t, resource_size_t, dma_addr_t;
typedef unsigned long pgoff_t;
