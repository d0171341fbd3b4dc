// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* Notes the type of what is sent, as reprobe does when it compiles libbpf's dialect itself: a variable for each
 * call, in a section that nobody loads. Included after <bpf/bpf_helpers.h>. */
#define RP_SECOND_(a, b, ...) b
#define RP_SECOND(...) RP_SECOND_(__VA_ARGS__)
#define RP_SIZED_sizeof(...) ~, __typeof__(__VA_ARGS__),
#define RP_SIZED(size) RP_SECOND(RP_SIZED_##size, void, ~)
#define RP_OUT(map, T) static void (*rp_out)(__typeof__(*(map)) *, T *) __attribute__((used, section(".reprobe.out")))
#define bpf_ringbuf_reserve(map, size, flags) ({ RP_OUT(map, RP_SIZED(size)); (bpf_ringbuf_reserve)(map, size, flags); })
#define bpf_ringbuf_output(map, data, size, flags) ({ RP_OUT(map, __typeof__(*(data))); (bpf_ringbuf_output)(map, data, size, flags); })
#define bpf_perf_event_output(ctx, map, flags, data, size) ({ RP_OUT(map, __typeof__(*(data))); (bpf_perf_event_output)(ctx, map, flags, data, size); })
