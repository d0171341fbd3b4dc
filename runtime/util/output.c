/* SPDX-License-Identifier: Apache-2.0 */
#include "util/output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static int first_errno;

static bool is_closed_pipe(int fd) {
    struct pollfd pipe = {.fd = fd};
    return poll(&pipe, 1, 0) == 1 && pipe.revents & POLLERR;
}

bool rp_output_flush(void) {
    if (fflush(stdout) && !first_errno)
        first_errno = errno;
    if (ferror(stdout) && !first_errno) /* while something was printed, and errno is lost */
        first_errno = is_closed_pipe(STDOUT_FILENO) ? EPIPE : EIO;
    return !first_errno;
}

int rp_output_errno(void) {
    return first_errno;
}
