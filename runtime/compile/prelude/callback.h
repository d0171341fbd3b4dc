/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `#include <reprobe/callback.h>` adds to a source: functions that helpers call, and a ring
 * buffer that a process fills. See docs/writing-programs.md.
 */
#pragma once

/* The helpers call it with up to four arguments. It returns 0 to continue; 1 stops a loop, a
 * walk over a map or a drain.
 *
 *     BPF_CALLBACK(add, u32 index, struct sums *sums) { sums->total += index; return 0; }
 *     bpf_loop(100, add, &sums, 0);
 *
 * `add` itself is a constant that becomes the address when a program is loaded. Headers use this
 * macro; in the source, libbcc.c uses the two that it consists of, the second one after the
 * body. */
#define BPF_CALLBACK(name, ...)                                                                    \
    static __always_inline long rp_body_##name(__VA_ARGS__);                                       \
    RP_WRAPPER(name, ##__VA_ARGS__)                                                                \
    RP_CALLBACK_(name, ##__VA_ARGS__)

/* Records from a process to programs (Linux 6.1), read by bpf_user_ringbuf_drain(); `pages` is a
 * power of two. libbcc does not know the type: it becomes one when the map is created. */
#define BPF_USER_RINGBUF(name, pages)                                                              \
    BPF_F_TABLE("array", u32, u32, name, pages, RP_MAP_USER_RINGBUF)

/* These helpers take the name of a map. */
#define bpf_for_each_map_elem(map, callback, ctx, flags)                                           \
    bpf_for_each_map_elem(RP_MAP(map), callback, ctx, flags)
#define bpf_ringbuf_query(map, what) bpf_ringbuf_query(RP_MAP(map), what)
#define bpf_user_ringbuf_drain(map, callback, ctx, flags)                                          \
    bpf_user_ringbuf_drain(RP_MAP(map), callback, ctx, flags)
#define bpf_timer_init(timer, map, flags) bpf_timer_init((void *)(timer), RP_MAP(map), flags)

/* libbcc's timer is two unnamed bit fields. LLVM makes one 128-bit integer of them, and when
 * libbcc switches from native code to BPF, a struct that contains one gets other offsets than in
 * clang. So libbcc's gets another name (compile.c). */
#undef bpf_timer
struct bpf_timer {
    u64 opaque[2];
} __attribute__((aligned(8)));
#define bpf_timer_set_callback(timer, callback) bpf_timer_set_callback((void *)(timer), callback)
#define bpf_timer_start(timer, nsecs, flags)    bpf_timer_start((void *)(timer), nsecs, flags)
#define bpf_timer_cancel(timer)                 bpf_timer_cancel((void *)(timer))

/* ---- how it is done */

/* libbcc writes an attribute before each static function: the first declaration takes it. */
#undef RP_CALLBACK_
#define RP_CALLBACK_(name, ...)                                                                    \
    static inline void rp_before_##name(void);                                                     \
    static void *const __maybe_unused name = RP_SLOT(RP_SLOT_CALLBACK, #name);                     \
    static __always_inline long rp_body_##name(__VA_ARGS__)

/* What the kernel calls. It has one parameter, because libbcc takes any further one for a
 * kprobe's. */
#undef RP_WRAPPER
#define RP_WRAPPER(name, ...)                                                                      \
    _Pragma("clang diagnostic push")                                                               \
    _Pragma("clang diagnostic ignored \"-Wint-conversion\"")                                       \
    __attribute__((section(".bpf.fn.rp_callback_" #name))) long                                    \
    rp_callback_##name(struct rp_registers r)                                                      \
    {                                                                                              \
        return RP_CALL(name, ##__VA_ARGS__)(rp_body_##name);                                       \
    }                                                                                              \
    _Pragma("clang diagnostic pop")

/* A struct of two words is passed in two registers, r1 and r2; a larger one would be passed in
 * memory. Three and four arguments are all stored on the stack before anything else can use a
 * register. (Two are not: the verifier forgets the type of a pointer to a struct bpf_dynptr when
 * it is stored.) */
struct rp_registers {
    u64 r1, r2;
};
#define RP_CALL(name, ...)                                                                         \
    RP_NINTH(name, ##__VA_ARGS__, RP_CALL_MANY, RP_CALL_MANY, RP_CALL_MANY, RP_CALL_4, RP_CALL_3,  \
             RP_CALL_2, RP_CALL_1, RP_CALL_0)
#define RP_NINTH(a, b, c, d, e, f, g, h, i, ...) i
#define RP_CALL_0(f) f()
#define RP_CALL_1(f) f((void *)r.r1)
#define RP_CALL_2(f) f((void *)r.r1, (void *)r.r2)
#define RP_CALL_3(f)                                                                               \
    ({                                                                                             \
        void *r1, *r2, *r3;                                                                        \
        asm volatile("*(u64 *)%0 = r1; *(u64 *)%1 = r2; *(u64 *)%2 = r3"                           \
                     : "=m"(r1), "=m"(r2), "=m"(r3));                                              \
        f(r1, r2, r3);                                                                             \
    })
#define RP_CALL_4(f)                                                                               \
    ({                                                                                             \
        void *r1, *r2, *r3, *r4;                                                                   \
        asm volatile("*(u64 *)%0 = r1; *(u64 *)%1 = r2; *(u64 *)%2 = r3; *(u64 *)%3 = r4"          \
                     : "=m"(r1), "=m"(r2), "=m"(r3), "=m"(r4));                                    \
        f(r1, r2, r3, r4);                                                                         \
    })
#define RP_CALL_MANY(f)                                                                            \
    ({                                                                                             \
        _Static_assert(0, "a callback has at most four parameters");                               \
        0;                                                                                         \
    })

/* The static variable puts the type of the sample into the module's BTF, for those who send some
 * (stream/user_ringbuf.c). */
#define bpf_dynptr_read(dst, size, dynptr, offset, flags)                                          \
    ({                                                                                             \
        struct rp_sample {                                                                         \
            __typeof__(_Generic((dst), void *: (char)0, default: *(dst))) sample;                  \
        };                                                                                         \
        static struct rp_sample __attribute__((section(".rp.layout"), used)) rp_sample;            \
        bpf_dynptr_read(dst, size, dynptr, offset, flags);                                         \
    })

#define RP_MAP(map)                                                                                \
    ({                                                                                             \
        _Static_assert(sizeof((map).max_entries), "pass the name of a map here");                     \
        static void *const rp_map = RP_SLOT(RP_SLOT_MAP, #map);                                    \
        rp_map;                                                                                    \
    })

/* A constant for a value that is known when the program is loaded: link.h. */
#define RP_SLOT(kind, name) ((void *)((kind) | RP_HASH(name RP_ZEROS)))

/* rp_link_hash(). */
#define RP_HASH(s) RP_HASH16(RP_HASH16(RP_HASH16(2166136261u, s, 0), s, 16), s, 32)
#define RP_HASH16(h, s, i)                                                                         \
    RP_HASH4(RP_HASH4(RP_HASH4(RP_HASH4(h, s, i), s, (i) + 4), s, (i) + 8), s, (i) + 12)
#define RP_HASH4(h, s, i)                                                                          \
    RP_HASH1(RP_HASH1(RP_HASH1(RP_HASH1(h, s, i), s, (i) + 1), s, (i) + 2), s, (i) + 3)
#define RP_HASH1(h, s, i) (((h) ^ (u8)(s)[i]) * 16777619u)
#define RP_ZEROS                                                                                   \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
