/* SPDX-License-Identifier: Apache-2.0 */
/* What a place is. */
#include "probe/probe.h"
#include "probe/describe.h"
#include "reprobe_query.h"
#include "util/cleanup.h"

/* Whether it can be probed here; `err` is why not, or NULL. */
static void print_here(const struct rp_error *err, FILE *out) {
    rp_describe_label(out, "here");
    if (!err) {
        fputs("it can be probed\n", out);
        return;
    }
    fprintf(out, "it cannot be probed: %s\n", rp_error_why(err));
    if (rp_error_hint(err))
        fprintf(out, "  %-*shint: %s\n", RP_LABEL_WIDTH, "", rp_error_hint(err));
}

static void cleanup_error(struct rp_error **err) {
    rp_error_free(*err);
}

struct rp_error *rp_inspect_probe(const char *text, FILE *out) {
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {0};
    RP_TRY(rp_spec_parse(text, &spec));
    const struct rp_probe_kind *kind = spec.kind;
    if (kind->use_own_name)
        kind->use_own_name(&spec);
    RP_AUTO(cleanup_error) struct rp_error *err = kind->resolve(&spec);
    if (err && !(kind->exists && kind->exists(&spec)))
        return rp_error_what_set(rp_take(err), "cannot look at %s", text);
    if (!err && kind->refuses)
        err = kind->refuses(&spec);
    RP_AUTO_FREE char *full = rp_spec_text(&spec);
    if (!full)
        return rp_error_nomem();
    fprintf(out, "%s: %s\n", full, kind->what);
    if (kind->describe)
        kind->describe(&spec, out);
    print_here(err, out);
    return NULL;
}
