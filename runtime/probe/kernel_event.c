/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/kernel_event.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/tracefs.h"
#include "probe/arguments.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ fields */

/* Splits "char prev_comm[16]" and "__data_loc char[] filename" into name and type. */
static struct rp_error *add_field(struct rp_arguments *arguments, const char *text, size_t length) {
    static const char loc[] = "__data_loc ";
    bool is_loc = !strncmp(text, loc, sizeof(loc) - 1);
    if (is_loc) {
        text += sizeof(loc) - 1;
        length -= sizeof(loc) - 1;
    }
    if (!strncmp(text, "__rel_loc ", 10)) /* user events only; BCC does not know them */
        return NULL;
    const char *end = text + length, *array = memchr(text, '[', length);
    const char *name_end = array && !is_loc ? array : end, *name = name_end;
    while (name > text && !strchr(" *", name[-1]))
        name--;
    const char *type_end = name;
    while (type_end > text && type_end[-1] == ' ')
        type_end--;
    if (name == name_end || type_end == text || !strncmp(name, "common_", 7) ||
        !strncmp(name, "__syscall_nr", 12))
        return NULL;
    char *type = NULL;
    int suffix = name_end == end ? 0 : (int)(end - name_end);
    if (asprintf(&type, "%.*s%s%.*s", (int)(type_end - text), text, suffix ? " " : "", suffix,
                 name_end) < 0)
        type = NULL;
    return rp_arguments_add(arguments, strndup(name, (size_t)(name_end - name)), type);
}

struct rp_error *rp_arguments_add_fields(struct rp_arguments *arguments, const char *format) {
    arguments->known = true;
    for (const char *at = format; (at = rp_event_next_field(at));) {
        RP_TRY(add_field(arguments, at, strcspn(at, ";\n")));
    }
    return NULL;
}

char *rp_tracepoint_field(const struct rp_spec *spec, const char *name) {
    RP_AUTO_FREE char *format = rp_event_format(spec->category, spec->target);
    for (const char *at = format; (at = rp_event_next_field(at));) {
        const char *end = at + strcspn(at, ";\n"), *last = end;
        if (memchr(at, '[', (size_t)(end - at)) && end[-1] == ']')
            last = memchr(at, '[', (size_t)(end - at));
        size_t length = strlen(name);
        if ((size_t)(last - at) > length && !memcmp(last - length, name, length) &&
            strchr(" *", last[-(ptrdiff_t)length - 1]))
            return strndup(at, strcspn(at, "\n"));
    }
    return NULL;
}

unsigned rp_field_number(const char *line, const char *word) {
    const char *at = memmem(line, strcspn(line, "\n"), word, strlen(word));
    return at ? (unsigned)strtoul(at + strlen(word), NULL, 10) : 0;
}

char *rp_tracepoint_field_at(const struct rp_spec *spec, uint32_t offset) {
    RP_AUTO_FREE char *format = rp_event_format(spec->category, spec->target);
    for (const char *at = format; (at = rp_event_next_field(at));) {
        unsigned from = rp_field_number(at, "offset:"), size = rp_field_number(at, "size:");
        if (offset >= from && offset - from < size)
            return strndup(at, strcspn(at, "\n"));
    }
    return NULL;
}

/* ------------------------------------------------------------------ raw arguments */

/* For each tracepoint the kernel has a function with its arguments and their names (since
 * Linux 5.10), and a type with the arguments only (since 4.17). The first argument does not belong
 * to the event. */
struct rp_error *rp_raw_event_arguments(const struct rp_spec *spec,
                                        struct rp_arguments *arguments) {
    const struct rp_btf *btf;
    RP_AUTO_FREE char *function = NULL, *type = NULL;
    if (asprintf(&function, "__traceiter_%s", spec->target) < 0 ||
        asprintf(&type, "btf_trace_%s", spec->target) < 0)
        return rp_error_nomem();
    uint32_t proto = rp_kernel_prototype(function, NULL, &btf);
    uint32_t named = btf && !proto ? rp_btf_find(btf, type, BTF_KIND_TYPEDEF) : 0;
    if (named)
        proto = rp_btf_type(btf, rp_btf_type(btf, named)->type)->type;
    if (proto) {
        struct rp_error *err = rp_arguments_add_prototype(arguments, btf, proto, 1);
        free((char *)arguments->result);
        arguments->result = NULL;
        return err;
    }
    return rp_spec_check(spec);
}
