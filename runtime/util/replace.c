/* SPDX-License-Identifier: Apache-2.0 */
#include "util/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* Nobody may read a FIFO: that is said instead of waiting for it. */
static struct rp_error *open_in_place(struct rp_replacement *r, bool follows) {
    r->fd = open(r->path, O_WRONLY | (follows ? 0 : O_NOFOLLOW) | O_NONBLOCK | O_CLOEXEC);
    if (r->fd < 0)
        return rp_error_new(errno,
                            errno == ENXIO   ? "nobody reads it"
                            : errno == ELOOP ? "it is a symbolic link to something that is not a "
                                               "regular file"
                                             : NULL,
                            "file");
    fcntl(r->fd, F_SETFL, fcntl(r->fd, F_GETFL) & ~O_NONBLOCK);
    return NULL;
}

static struct rp_error *open_beside(struct rp_replacement *r, mode_t mode) {
    RP_AUTO_FREE char *beside = rp_text("%s.XXXXXX", r->path);
    if (!beside)
        return rp_error_nomem();
    r->fd = mkostemp(beside, O_CLOEXEC);
    if (r->fd < 0)
        return rp_error_new(errno, NULL, "file");
    r->beside = rp_take(beside);
    return fchmod(r->fd, mode) ? rp_error_new(errno, NULL, "file") : NULL;
}

struct rp_error *rp_replace_begin(struct rp_replacement *r, const char *path, mode_t mode,
                                  bool follows) {
    struct stat before;
    RP_AUTO_FREE char *real = follows ? realpath(path, NULL) : NULL;
    *r = (struct rp_replacement){.fd = -1, .path = real ? rp_take(real) : strdup(path)};
    if (!r->path)
        return rp_error_nomem();
    bool is_there = !stat(r->path, &before), is_file = is_there && S_ISREG(before.st_mode);
    mode_t mask = umask(0);
    umask(mask);
    struct rp_error *err = is_there && !is_file
                               ? open_in_place(r, follows)
                               : open_beside(r, is_file ? before.st_mode & 07777 : mode & ~mask);
    return err ? rp_replace_end(r, err) : NULL;
}

struct rp_error *rp_replace_end(struct rp_replacement *r, struct rp_error *err) {
    if (r->fd >= 0 && close(r->fd) && !err)
        err = rp_error_new(errno, NULL, "file");
    if (!err && r->beside && rename(r->beside, r->path))
        err = rp_error_new(errno, NULL, "file");
    if (err && r->beside)
        unlink(r->beside);
    free(r->beside);
    free(r->path);
    *r = (struct rp_replacement){.fd = -1};
    return err;
}
