/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose arguments the kernel passes on as structs by value; prints what it gave.
 *
 *   given --option   getsockopt(): level, option, the addresses of the value and of its size, that
 * size given --pages    move_pages(): how many, the addresses of pages, nodes and states, the flags
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* MPOL_MF_MOVE of <numaif.h>, which is not everywhere. */
#define MOVE 2

static int get_option(void) {
    int value = 0, fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof(value);
    if (fd < 0 || getsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &value, &size))
        return 1;
    printf("%d %d 0x%lx 0x%lx %u\n", IPPROTO_TCP, TCP_KEEPCNT, (unsigned long)&value,
           (unsigned long)&size, size);
    return 0;
}

static int move_pages(void) {
    static char page;
    void *pages[] = {&page};
    int node = 0, state = -1;
    page = 1;
    if (syscall(SYS_move_pages, 0, 1UL, pages, &node, &state, MOVE) < 0)
        return 1;
    printf("1 0x%lx 0x%lx 0x%lx %d\n", (unsigned long)pages, (unsigned long)&node,
           (unsigned long)&state, MOVE);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--option"))
        return get_option();
    if (argc == 2 && !strcmp(argv[1], "--pages"))
        return move_pages();
    fputs("usage: given --option | --pages\n", stderr);
    return 2;
}
