/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/integers.h"

#include <stddef.h>
#include <string.h>

#include "util/array.h"

const char *rp_debug_integer(uint64_t size, bool has_sign) {
    switch (size) {
    case 1:
        return has_sign ? "signed char" : "unsigned char";
    case 2:
        return has_sign ? "short int" : "short unsigned int";
    case 4:
        return has_sign ? "int" : "unsigned int";
    case 8:
        return has_sign ? "long int" : "long unsigned int";
    case 16:
        return has_sign ? "__int128" : "__int128 unsigned";
    default:
        return NULL;
    }
}

bool rp_debug_is_integer(const char *name) {
    static const char *const words[] = {"int",    "long",     "short",   "char",
                                        "signed", "unsigned", "__int128"};
    while (*name) {
        size_t length = strcspn(name, " "), i = 0;
        while (i < RP_COUNT(words) &&
               (strlen(words[i]) != length || memcmp(words[i], name, length) != 0))
            i++;
        if (i == RP_COUNT(words))
            return false;
        name += length;
        name += strspn(name, " ");
    }
    return true;
}
