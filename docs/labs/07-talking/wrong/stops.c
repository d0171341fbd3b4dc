/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */
/* Lesson 7. A process puts requests into a user ring buffer, and this program
 * takes them out when getpgid() is called. It is to answer each request: with
 * its number, and with the square of its value. */
#include <reprobe/callback.h>

struct request {
    u32 number, value;
};

struct answer {
    u32 number;
    u64 square;
};

BPF_USER_RINGBUF(requests, 1); /* pages */
BPF_RINGBUF_OUTPUT(answers, 8);

/* Called for each request. */
BPF_CALLBACK(answer_one, struct bpf_dynptr *sample)
{
    struct request request;
    if (bpf_dynptr_read(&request, sizeof(request), sample, 0, 0))
        return 0; /* it is too short */
    struct answer answer = {};
    answer.number = request.number;
    answer.square = (u64)request.value * request.value;
    answers.ringbuf_output(&answer, sizeof(answer), 0);
    return 1;
}

TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    if (!is_target())
        return 0;
    bpf_user_ringbuf_drain(requests, answer_one, NULL, 0);
    return 0;
}
