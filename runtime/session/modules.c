/* SPDX-License-Identifier: Apache-2.0 */
/* Modules, with what compiling needs of probes and of records. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "probe/kind.h"
#include "record/layout.h"
#include "record/value_parse.h"
#include "util/cleanup.h"
#include "util/names.h"

/* Before a function some kinds need C of their own: "FUNCTION=SPEC" says where it is attached. */
static struct rp_error *write_before(const char *attach, struct rp_names *done, FILE *out) {
    const char *equals = strchr(attach, '=');
    if (!equals)
        return NULL;
    RP_AUTO_FREE char *function = strndup(attach, (size_t)(equals - attach));
    RP_AUTO(rp_spec_clear)
    struct rp_spec spec = {0};
    if (!function)
        return rp_error_nomem();
    RP_TRY(rp_spec_parse(equals + 1, &spec));
    if (!spec.kind->write_before)
        return NULL;
    struct rp_error *err = spec.kind->resolve(&spec);
    if (!err && !rp_names_add(done, function, strlen(function)))
        err = rp_error_hint_set(rp_probe_error(EINVAL,
                                               "%s reads the arguments of one USDT probe and "
                                               "cannot read those of another",
                                               function),
                                "write a function for each probe");
    if (!err)
        err = spec.kind->write_before(&spec, function, out);
    RP_AUTO_FREE char *text = rp_spec_text(&spec);
    return err ? rp_error_what_set(err, "cannot attach %s", text ? text : attach) : NULL;
}

/* A setting's value. */
static struct rp_error *parse_value(const struct btf *btf, uint32_t id, const char *text,
                                    void *data) {
    RP_AUTO_TYPE struct rp_type *type = NULL;
    RP_TRY(rp_type_from_btf(btf, id, &type));
    return rp_value_parse(text, type, data);
}

static const struct rp_module_needs needs = {.before = write_before, .parse = parse_value};

struct rp_error *rp_module_compile(const char *text, const struct rp_compile_opts *opts,
                                   struct rp_module **out) {
    return rp_module_of_text(text, opts, &needs, out);
}

struct rp_error *rp_module_compile_file(const char *path, const struct rp_compile_opts *opts,
                                        struct rp_module **out) {
    return rp_module_of_file(path, opts, &needs, out);
}
