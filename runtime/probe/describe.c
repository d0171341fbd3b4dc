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
    else if (text)
        fprintf(out, "%s%s%s\n", arguments->result ? arguments->result : "",
                arguments->result && !strchr("*", arguments->result[strlen(arguments->result) - 1])
                    ? " "
                    : "",
                text);
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
