// SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0)
/* A user ring buffer (Linux 6.1): what `send N letters {1, "hello"}` at the prompt puts in, the program
 * takes out when somebody calls getpgid(), and answers. In libbpf's dialect. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct letter {
    __u32 number;
    char text[28];
};

struct answer {
    __u32 number, reader;
    char text[28];
};

struct {
    __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
    __uint(max_entries, 4096);
} letters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} answers SEC(".maps");

/* Called for each letter. */
static long read_letter(struct bpf_dynptr *dynptr, void *unused)
{
    struct letter letter;
    if (bpf_dynptr_read(&letter, sizeof(letter), dynptr, 0, 0))
        return 0;
    struct answer answer = {.number = letter.number, .reader = bpf_get_current_pid_tgid() >> 32};
    __builtin_memcpy(answer.text, letter.text, sizeof(answer.text));
    bpf_ringbuf_output(&answers, &answer, sizeof(answer), 0);
    return 0;
}

SEC("tp/syscalls/sys_enter_getpgid")
int read_letters(void *ctx)
{
    bpf_user_ringbuf_drain(&letters, read_letter, NULL, 0);
    return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
