/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of what can be read at a place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf_text.h"
#include "query/query.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* What has no name cannot be declared by one: a pointer to it is just a pointer. */
static char *spell_anonymous(void *ctx, uint32_t id) {
    (void)ctx;
    (void)id;
    return strdup("void");
}

char *rp_type_declaration(const struct rp_btf *btf, uint32_t id) {
    static const struct rp_btf_declaration familiar = {.familiar = true,
                                                       .anonymous = spell_anonymous};
    return rp_btf_declaration(btf, id, "", &familiar);
}

char *rp_type_declare(const char *type, const char *name) {
    const char *within = strstr(type, "(*");
    if (within) {
        within += 2;
        return rp_text("%.*s%s%s", (int)(within - type), type, name, within);
    }
    const char *array = strchr(type, '[');
    int length = (int)(array ? array - type : (ptrdiff_t)strlen(type));
    while (length && type[length - 1] == ' ')
        length--;
    return rp_text("%.*s%s%s%s", length, type, length && type[length - 1] == '*' ? "" : " ", name,
                   array ? array : "");
}

char *rp_arguments_declare(const struct rp_arguments *arguments, size_t count) {
    char *list = strdup("");
    for (size_t i = 0; list && i < count && i < arguments->count; i++) {
        RP_AUTO_FREE char *one = rp_type_declare(arguments->list[i].type, arguments->list[i].name);
        char *longer = one ? rp_text("%s%s%s", list, i ? ", " : "", one) : NULL;
        free(list);
        list = longer;
    }
    return list;
}
