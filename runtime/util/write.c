/* SPDX-License-Identifier: Apache-2.0 */
#include "util/write.h"

#include <errno.h>
#include <unistd.h>

bool rp_write_all(int fd, const void *data, size_t size) {
    const char *p = data;
    while (size) {
        ssize_t put = write(fd, p, size);
        if (put < 0 && errno != EINTR)
            return false;
        p += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return true;
}
