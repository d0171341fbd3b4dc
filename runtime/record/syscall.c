/* SPDX-License-Identifier: Apache-2.0 */
#include "record/syscall.h"

#include <stddef.h>
#include <sys/syscall.h>

#include "syscall_names.h" /* the build makes it, of the headers' __NR_NAMEs */
#include "util/array.h"

struct name {
    long number;
    const char *text;
};

static const struct name native[] = {RP_SYSCALL_NAMES};
static const struct name of_32_bits[] = {RP_SYSCALL_NAMES_32};

const char *rp_syscall_name(long number, bool narrow) {
    const struct name *names = narrow ? of_32_bits : native;
    size_t count = narrow ? RP_COUNT(of_32_bits) : RP_COUNT(native);
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number && names[i].text)
            return names[i].text;
    return NULL;
}
