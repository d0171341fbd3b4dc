/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output, and its first error. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "reprobe.h"

static int first_errno;

static bool is_closed_pipe(int fd) {
    struct pollfd pipe = {.fd = fd};
    return poll(&pipe, 1, 0) == 1 && pipe.revents & POLLERR;
}

int rp_output_flush(void) {
    if (fflush(stdout) && !first_errno)
        first_errno = errno;
    if (ferror(stdout) && !first_errno) /* it failed while printing, and errno is lost */
        first_errno = is_closed_pipe(STDOUT_FILENO) ? EPIPE : EIO;
    return first_errno;
}
