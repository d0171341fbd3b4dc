/* SPDX-License-Identifier: Apache-2.0 */
/* Which session entry a word means. */
#include <errno.h>
#include <string.h>

#include "compile/schema.h"
#include "entry.h"
#include "util/error.h"

static struct entry *find_number(const struct prompt *prompt, uint64_t number) {
    for (size_t i = 0; i < prompt->entries.count; i++)
        if (prompt->entries.items[i]->number == number)
            return prompt->entries.items[i];
    return NULL;
}

struct rp_error *entry_find(const struct prompt *prompt, const char *number, struct entry **out) {
    uint64_t wanted = 0;
    size_t count = prompt->entries.count;
    bool is_last = number && strcmp(number, "last") == 0;
    *out = NULL;
    if (count && (is_last || (!number && count == 1))) {
        *out = prompt->entries.items[count - 1];
        return NULL;
    }
    if (number && rp_parse_count(number, UINT32_MAX, &wanted))
        *out = find_number(prompt, wanted);
    if (*out)
        return NULL;
    struct rp_error *err =
        number ? rp_error_new(ENOENT, "no program has that number", "cannot find `%s`", number)
               : rp_error_new(EINVAL,
                              count ? "no number was given, and there are several programs"
                                    : "there are no programs",
                              "cannot find a program");
    if (!count)
        return rp_error_hint_set(err, "ask something, such as: trace sched_switch");
    char list[256] = "";
    for (size_t i = 0, used = 0; i < count && used < sizeof(list) - 16; i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u", i ? ", " : "",
                                 prompt->entries.items[i]->number);
    return rp_error_hint_set(err, "give one of %s; `probes` describes them", list);
}

int entry_map_of(const struct entry *entry, enum rp_meaning means) {
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++) {
        const char *map = rp_module_map_name(entry->module, i);
        if (rp_module_map_schema(entry->module, map)->means == means)
            return rp_module_map_fd(entry->module, map);
    }
    return -1;
}
