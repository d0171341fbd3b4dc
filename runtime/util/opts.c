/* SPDX-License-Identifier: Apache-2.0 */
#include "util/opts.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "reprobe.h"

#define LONGEST 4096 /* no struct of options comes near: a larger size was never set */

static struct rp_error *bad_size(const char *name, size_t size) {
    return rp_error_hint_set(rp_error_new(EINVAL, "its size is wrong",
                                          "cannot use a struct %s of %zu bytes", name, size),
                             "set its member `size` to sizeof(struct %s)", name);
}

struct rp_error *rp_opts_read(void *own, size_t own_size, const void *given, const char *name) {
    memset(own, 0, own_size);
    size_t size = own_size;
    if (given)
        memcpy(&size, given, sizeof(size));
    if (size < sizeof(size) || size > LONGEST || size % sizeof(size))
        return bad_size(name, size);
    const uint8_t *bytes = given;
    for (size_t i = own_size; bytes && i < size; i++)
        if (bytes[i])
            return rp_error_hint_set(
                rp_error_new(E2BIG,
                             "it sets a member that this version of libreprobe does not have",
                             "cannot use a struct %s of %zu bytes", name, size),
                "the program was compiled for a newer libreprobe: install that");
    if (given)
        memcpy(own, given, size < own_size ? size : own_size);
    memcpy(own, &own_size, sizeof(own_size));
    return NULL;
}
