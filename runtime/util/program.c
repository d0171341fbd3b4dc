/* SPDX-License-Identifier: Apache-2.0 */
/* What the program that uses the library asks of it: the version, and whether all that it printed
 * was written. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "reprobe.h"

const char *rp_version(void) {
    return REPROBE_VERSION;
}

static int first_errno; /* of standard output */

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
