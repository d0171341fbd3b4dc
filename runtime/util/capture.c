/* SPDX-License-Identifier: Apache-2.0 */
#include "util/capture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct rp_capture rp_capture_begin(void) {
    struct rp_capture capture = {
        .memfd = memfd_create("reprobe-output", MFD_CLOEXEC), .saved_out = -1, .saved_err = -1};
    if (capture.memfd < 0)
        return capture;
    fflush(stdout);
    fflush(stderr);
    capture.saved_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    capture.saved_err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (capture.saved_out >= 0)
        dup2(capture.memfd, STDOUT_FILENO);
    if (capture.saved_err >= 0)
        dup2(capture.memfd, STDERR_FILENO);
    return capture;
}

static void restore(int saved, int fd) {
    if (saved < 0)
        return;
    dup2(saved, fd);
    close(saved);
}

char *rp_capture_end(struct rp_capture *capture) {
    if (capture->memfd < 0)
        return strdup("");
    fflush(stdout);
    fflush(stderr);
    restore(capture->saved_out, STDOUT_FILENO);
    restore(capture->saved_err, STDERR_FILENO);
    struct stat st;
    size_t size = fstat(capture->memfd, &st) == 0 ? (size_t)st.st_size : 0;
    char *text = malloc(size + 1);
    ssize_t got = text ? pread(capture->memfd, text, size, 0) : -1;
    if (text)
        text[got > 0 ? got : 0] = '\0';
    close(capture->memfd);
    capture->memfd = -1;
    return text;
}
