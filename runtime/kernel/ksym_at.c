/* SPDX-License-Identifier: Apache-2.0 */
/* The function at an address. All of them are looked at, so the last ones are remembered. */
#include <stdio.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "util/error.h"

/* Beyond this, the kernel has no name for it. */
#define FUNCTION_MAX 0x100000

struct search {
    uint64_t address, best;
    char name[128];
};

static bool look_at(void *ctx, const char *name, const char *module, uint64_t address) {
    struct search *search = ctx;
    (void)module;
    if (!address || address > search->address || address <= search->best)
        return true;
    search->best = address;
    snprintf(search->name, sizeof(search->name), "%s", name);
    return true;
}

bool rp_ksym_at(uint64_t address, char *name, size_t size, uint64_t *offset) {
    static struct search known[256];
    struct search *search = &known[address / 16 % (sizeof(known) / sizeof(known[0]))];
    if (search->address != address) {
        *search = (struct search){.address = address};
        rp_error_free(rp_ksyms_each(look_at, search));
    }
    *offset = address - search->best;
    snprintf(name, size, "%s", search->name);
    return search->best && *offset < FUNCTION_MAX;
}
