/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/describe.h"

#include <inttypes.h>
#include <string.h>

#include "probe/arguments.h"
#include "probe/binary.h"
#include "util/cleanup.h"

void rp_describe_label(FILE *out, const char *label) {
    fprintf(out, "  %-*s", RP_LABEL_WIDTH, label);
}

/* What a program's debug information says, or what would bring it. */
static void describe_debug(const struct rp_arguments *arguments, FILE *out) {
    if (arguments->untyped) {
        rp_describe_label(out, "types");
        fprintf(out, "%s\n", arguments->untyped);
    }
    for (size_t i = 0; i < arguments->count; i++)
        if (arguments->list[i].missing && !arguments->list[i].is_spare) {
            rp_describe_label(out, "not there");
            fprintf(out, "%s %s\n", arguments->list[i].name, arguments->list[i].missing);
        }
    if (arguments->source) {
        rp_describe_label(out, "source");
        fprintf(out, "%s\n", arguments->source);
    }
}

void rp_describe_signature(const struct rp_spec *spec, FILE *out) {
    RP_AUTO_ARGUMENTS struct rp_arguments *arguments = NULL;
    struct rp_error *err = rp_arguments_of_spec(spec, &arguments);
    rp_describe_label(out, "signature");
    if (err) {
        fprintf(out, "unknown: %s\n", rp_error_why(err));
        rp_error_free(err);
        return;
    }
    RP_AUTO_FREE char *text = rp_arguments_signature(spec->target, arguments);
    if (!arguments->known)
        fprintf(out, "unknown: arg0 to arg%zu are what it may have been called with\n",
                arguments->count ? arguments->count - 1 : 0);
    if (arguments->known && text)
        fprintf(out, "%s%s%s\n",
                arguments->result                                   ? arguments->result
                : arguments->typed.btf && !arguments->typed.missing ? "void "
                                                                    : "",
                arguments->result && !strchr("*", arguments->result[strlen(arguments->result) - 1])
                    ? " "
                    : "",
                text);
    describe_debug(arguments, out);
}

void rp_describe_file(const struct rp_spec *spec, FILE *out) {
    rp_describe_label(out, "file");
    fprintf(out, "%s%s\n", spec->path,
            rp_binary_is_stripped(spec->path) ? " (stripped: only exported functions have names)"
                                              : "");
    if (!spec->number)
        return;
    rp_describe_label(out, "offset");
    fprintf(out, "0x%" PRIx64 " in the file\n", spec->number);
}
