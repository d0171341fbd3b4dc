/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/ahead.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "compile/object_file.h"
#include "reprobe_query.h"
#include "util/error.h"

static struct { int file, answer; /* of the child; `answer` is 0 in every other process */ } child;

static struct {
    char key[RP_AHEAD_KEY + 1];
    int file; /* 0: there is none */
} kept;

void rp_compile_ahead_to(int file, int answer) {
    child.file = file;
    child.answer = answer;
}

void rp_compile_ahead_take(int file, const char key[RP_AHEAD_KEY]) {
    if (kept.file > 0)
        close(kept.file);
    kept.file = file;
    if (file > 0)
        memcpy(kept.key, key, RP_AHEAD_KEY);
}

bool rp_ahead_is_child(void) {
    return child.answer > 0;
}

struct rp_object *rp_ahead_get(const char *key) {
    struct rp_object *object = NULL;
    if (kept.file <= 0 || strcmp(kept.key, key) != 0)
        return NULL;
    lseek(kept.file, 0, SEEK_SET);
    rp_error_free(rp_object_read(kept.file, &object)); /* it is compiled again then */
    rp_compile_ahead_take(0, NULL);
    return object;
}

struct rp_error *rp_ahead_hand_over(const char *key, const struct rp_object *object) {
    if (object && !object->has_foreign_maps && !object->origin.uses_modules) {
        struct rp_error *err = rp_object_write(object, child.file);
        if (!err && write(child.answer, key, RP_AHEAD_KEY) != RP_AHEAD_KEY)
            err = rp_error_new(errno, NULL, "cannot hand over an object");
        if (err)
            return err;
    }
    return rp_error_new(ECANCELED, "it is compiled in advance", "cannot load it");
}
