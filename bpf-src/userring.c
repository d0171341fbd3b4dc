/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Ring buffers in both directions: a process puts samples into a user ring buffer; whenever it
 * calls kill(), this program takes them out and answers each through a ring buffer. Needs Linux
 * 6.1.
 */
#include <reprobe/callback.h>

struct sample {
    u64 number;
    u64 sent_ns;
};

struct answer {
    u64 number; /* the sample's */
    u64 wait_ns; /* between sending the sample and taking it out */
    u32 drain;  /* which call of bpf_user_ringbuf_drain() took it out */
    u32 cpu;
};

BPF_USER_RINGBUF(samples, PAGES);
BPF_RINGBUF_OUTPUT(answers, PAGES);
BPF_ARRAY(drains, u32, 1);

/* A sample that is taken out and cannot be answered would be lost, so none is taken out then. A
 * record has a header of 8 bytes, and a wake-up record may come before it. */
static int has_room(void)
{
    u64 waiting = bpf_ringbuf_query(answers, BPF_RB_AVAIL_DATA);
    return waiting + 2 * (sizeof(struct answer) + 8) < PAGES * 4096;
}

/* Called for each sample. The kernel skips samples that were discarded. */
BPF_CALLBACK(answer, struct bpf_dynptr *record, u32 *drain)
{
    struct sample sample;
    if (bpf_dynptr_read(&sample, sizeof(sample), record, 0, 0))
        return 0;
    struct answer *answer = answers.ringbuf_reserve(sizeof(struct answer));
    if (!answer)
        return 1;
    answer->number = sample.number;
    answer->wait_ns = bpf_ktime_get_ns() - sample.sent_ns;
    answer->drain = *drain;
    answer->cpu = bpf_get_smp_processor_id();
    answers.ringbuf_submit(answer, 0);
    return !has_room(); /* 1 ends this drain; the rest stays for the next */
}

/* One call takes at most 131072 samples (BPF_MAX_USER_RINGBUF_SAMPLES). If another CPU is draining,
 * it returns -EBUSY. */
TRACEPOINT_PROBE(syscalls, sys_exit_kill)
{
    int zero = 0;
    u32 *drain = drains.lookup(&zero);
    if (TARGET_PID != bpf_get_current_pid_tgid() >> 32 || !drain || !has_room())
        return 0;
    u32 number = *drain;
    if (bpf_user_ringbuf_drain(samples, answer, &number, 0) > 0)
        ++*drain;
    return 0;
}
