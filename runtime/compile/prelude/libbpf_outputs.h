/* SPDX-License-Identifier: Apache-2.0 */
/* Before every text in libbpf's dialect. What a program sends through a map has a type, of which its code
 * keeps nothing. Each call that sends also declares a variable in a section that nobody loads,
 *
 *     static void (*rp_out)(MAP *, RECORD (*)[1]);
 *
 * and so the types of the two are in the BTF, and in a tag how the call spells the map: several have one type.
 * They are a function's parameters because LLVM leaves out of the BTF what is reached by a pointer alone, and an
 * array since it also leaves out a parameter's struct that a member elsewhere points to. RECORD is what the size
 * is the sizeof of, if that is all of the size; for any other size struct rp_unknown, or what the data's pointer
 * points to. */
#define RP_SECOND_(a, b, ...) b
#define RP_SECOND(...)        RP_SECOND_(__VA_ARGS__)
#define RP_SIZED_sizeof(...)  ~, __typeof__(__VA_ARGS__),
/* A size that begins with a parenthesis cannot be pasted, whatever is behind that. */
#define RP_PASTED(size, other) RP_SECOND(RP_SIZED_##size, other, ~)
#define RP_OTHER(size, other)  other
#define RP_PARENTHESIS(...)    ~, RP_OTHER,
/* "sizeof(X) + n" begins as "sizeof(X)" does. Only what is a constant makes a null pointer, as in the kernel's
 * __is_constexpr() (linux/const.h). */
#define RP_IS_CONSTANT(size) (sizeof(int) == sizeof(*(1 ? (void *)((long)(size)*0L) : (int *)1)))
#define RP_CONSTANT(size)    __builtin_choose_expr(RP_IS_CONSTANT(size), size, 0)
#define RP_IF_SIZE(size, type, other)                                                              \
    __typeof__(__builtin_choose_expr(sizeof(type) == RP_CONSTANT(size), (type *)0, (other *)0))
#define RP_BEGINS(size, other) RP_SECOND(RP_PARENTHESIS size, RP_PASTED, ~)(size, other)
/* A pointer to the type. */
#define RP_SIZED(size, other) RP_IF_SIZE(size, RP_BEGINS(size, other), other)
struct rp_unknown {
    char unknown;
};
/* Where there is no pointer a struct may have more behind it. */
#define RP_STRUCT(type)                                                                            \
    __typeof__(*__builtin_choose_expr(__builtin_classify_type(*(type *)0) == 12, (type *)0,        \
                                      (struct rp_unknown *)0))
#define RP_RESERVED(size) RP_SIZED(size, RP_STRUCT(RP_BEGINS(size, struct rp_unknown)))
/* What it points to, as a type that is not void. */
#define RP_WHOLE(pointer)                                                                          \
    __typeof__(_Generic((pointer)0, void *: *(struct rp_unknown *)0,                               \
                        const void *: *(struct rp_unknown *)0, default: *(pointer)0))
#if __has_attribute(btf_decl_tag)
#define RP_SPELLED(map) __attribute__((btf_decl_tag(#map)))
#else
#define RP_SPELLED(map)
#endif
#define RP_OUT(map, record)                                                                        \
    static void (*rp_out)(__typeof__(*(map)) *, RP_WHOLE(record) (*)[1])                           \
        RP_SPELLED(map) __attribute__((used, section(".reprobe.out")))

#define bpf_ringbuf_reserve(map, size, flags)                                                      \
    ({                                                                                             \
        RP_OUT(map, RP_RESERVED(size));                                                            \
        (bpf_ringbuf_reserve)(map, size, flags);                                                   \
    })
#define bpf_ringbuf_reserve_dynptr(map, size, flags, dynptr)                                       \
    ({                                                                                             \
        RP_OUT(map, RP_RESERVED(size));                                                            \
        (bpf_ringbuf_reserve_dynptr)(map, size, flags, dynptr);                                    \
    })
#define bpf_ringbuf_output(map, data, size, flags)                                                 \
    ({                                                                                             \
        RP_OUT(map, RP_SIZED(size, __typeof__(*(data))));                                         \
        (bpf_ringbuf_output)(map, data, size, flags);                                              \
    })
#define bpf_perf_event_output(ctx, map, flags, data, size)                                         \
    ({                                                                                             \
        RP_OUT(map, RP_SIZED(size, __typeof__(*(data))));                                         \
        (bpf_perf_event_output)(ctx, map, flags, data, size);                                      \
    })
#define bpf_skb_output(ctx, map, flags, data, size)                                                \
    ({                                                                                             \
        RP_OUT(map, RP_SIZED(size, __typeof__(*(data))));                                         \
        (bpf_skb_output)(ctx, map, flags, data, size);                                             \
    })
#define bpf_xdp_output(ctx, map, flags, data, size)                                                \
    ({                                                                                             \
        RP_OUT(map, RP_SIZED(size, __typeof__(*(data))));                                         \
        (bpf_xdp_output)(ctx, map, flags, data, size);                                             \
    })
/* A row of an iterator: as prelude/glue.h does it, and record/layout_output.c reads it. */
#define bpf_seq_write(seq, data, size)                                                             \
    ({                                                                                             \
        struct rp_row {                                                                            \
            __typeof__(_Generic((data), void *: (char)0, const void *: (char)0, default: *(data))) row;    \
            char written[RP_CONSTANT(size)];                                                       \
        };                                                                                         \
        static struct rp_row rp_row __attribute__((used, section(".reprobe.out")));                \
        (bpf_seq_write)(seq, data, size);                                                          \
    })

/* The other way: what a program reads of a dynptr may be a sample that somebody sends to it through a
 * user ring buffer (stream/user_ringbuf.c). */
#define RP_SAMPLE(pointer)                                                                         \
    static struct rp_sample {                                                                      \
        __typeof__(_Generic((pointer)0, void *: (char)0, default: *(pointer)0)) sample;            \
    } *rp_sample __attribute__((used, section(".reprobe.out")))

#define bpf_dynptr_read(dst, size, ...)                                                            \
    ({                                                                                             \
        RP_SAMPLE(RP_SIZED(size, __typeof__(*(dst))));                                             \
        (bpf_dynptr_read)(dst, size, __VA_ARGS__);                                                 \
    })
#define bpf_dynptr_data(dynptr, offset, size)                                                      \
    ({                                                                                             \
        RP_SAMPLE(RP_SIZED(size, void));                                                           \
        (bpf_dynptr_data)(dynptr, offset, size);                                                   \
    })
