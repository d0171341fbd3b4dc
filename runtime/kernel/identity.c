/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/identity.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/digest.h"

/* /sys/kernel/notes (Linux 2.6.23) holds ELF notes, each padded to 4 bytes. */
static bool read_build_id(char hex[65]) {
    uint8_t notes[4096];
    RP_AUTO_CLOSE int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, notes, sizeof(notes));
    return size > 0 && rp_build_id(notes, (size_t)size, hex);
}

void rp_kernel_identify(struct rp_kernel_identity *out) {
    struct utsname kernel = {0};
    uname(&kernel);
    snprintf(out->name, sizeof(out->name), "%s %s %s", kernel.sysname, kernel.release,
             kernel.machine);
    if (read_build_id(out->build))
        return;
    struct rp_digest digest = rp_digest_begin();
    rp_digest_text(&digest, kernel.release);
    rp_digest_text(&digest, kernel.version);
    rp_digest_text(&digest, kernel.machine);
    rp_digest_end(&digest, out->build);
}
