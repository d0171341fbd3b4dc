/* SPDX-License-Identifier: Apache-2.0 */
#include "util/output.h"

#include <errno.h>
#include <stdio.h>

static int first_errno;

bool rp_output_flush(void) {
    if (fflush(stdout) && !first_errno)
        first_errno = errno;
    if (ferror(stdout) && !first_errno)
        first_errno = EIO; /* it failed while a row was printed, and nothing is left to try */
    return !first_errno;
}

int rp_output_errno(void) {
    return first_errno;
}
