/* SPDX-License-Identifier: Apache-2.0 */
/* Object files. The digest is made right: what lies behind it is what is tried. One that is read
 * can be written, and is then the same. */
#include "compile/elf.h"
#include "compile/object_file.h"
#include "fuzz.h"
#include "util/digest.h"

#define DIGEST_SIZE 64

static void write_again(const struct rp_object *object) {
    char path[32];
    RP_AUTO_CLOSE int fd = fuzz_file("", 0, path);
    struct rp_object *again = NULL;
    struct rp_error *err = rp_object_write(object, fd);
    if (err) {
        fuzz_end(err);
        return;
    }
    err = rp_object_read(fd, &again);
    MUST(!err);
    MUST(again->function_count == object->function_count && again->map_count == object->map_count);
    rp_object_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32], hex[65];
    struct rp_digest digest = rp_digest_begin();
    rp_digest_add(&digest, data, size);
    rp_digest_end(&digest, hex);
    RP_AUTO_CLOSE int fd = fuzz_file(data, size, path);
    MUST(write(fd, hex, DIGEST_SIZE) == DIGEST_SIZE);
    struct rp_object *object = NULL;
    struct rp_error *err = rp_object_read(fd, &object);
    fuzz_end(err);
    if (err)
        return 0;
    write_again(object);
    rp_object_free(object);
    return 0;
}
