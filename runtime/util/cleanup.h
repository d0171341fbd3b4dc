/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound cleanup: a variable is freed when it goes out of scope. Give its value away with
 * rp_take(). */
#ifndef RP_UTIL_CLEANUP_H
#define RP_UTIL_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RP_AUTO(fn) __attribute__((cleanup(fn)))

static inline void rp_cleanup_free(void *p) {
    free(*(void **)p);
}
static inline void rp_cleanup_close(const int *fd) {
    if (*fd >= 0)
        close(*fd);
}
static inline void rp_cleanup_fclose(FILE **f) {
    if (*f)
        fclose(*f);
}
static inline void rp_cleanup_closedir(DIR **d) {
    if (*d)
        closedir(*d);
}

#define RP_AUTO_FREE     RP_AUTO(rp_cleanup_free)
#define RP_AUTO_CLOSE    RP_AUTO(rp_cleanup_close)
#define RP_AUTO_FCLOSE   RP_AUTO(rp_cleanup_fclose)
#define RP_AUTO_CLOSEDIR RP_AUTO(rp_cleanup_closedir)

/* The value of `var`, which becomes NULL and is therefore not freed at the end of the scope. */
#define rp_take(var)                                                                               \
    __extension__({                                                                                \
        __typeof__(var) taken_ = (var);                                                            \
        (var) = NULL;                                                                              \
        taken_;                                                                                    \
    })

/* If the call fails, returns its error from the calling function. */
#define RP_TRY(call)                                                                               \
    do {                                                                                           \
        struct rp_error *try_err_ = (call);                                                        \
        if (try_err_)                                                                              \
            return try_err_;                                                                       \
    } while (0)

#endif
