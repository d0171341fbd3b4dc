/* SPDX-License-Identifier: Apache-2.0 */
/* Of which build of a program the offsets are that a function of the generated program has. */
#include "compile/builds.h"
#include "debug/programs.h"
#include "probe/arguments.h"
#include "query/plan.h"
#include "util/cleanup.h"

static bool reads_typed(const struct rp_function_text *f) {
    const struct rp_arguments *arguments = f->arguments;
    bool reads = arguments->typed.btf && f->reads(f->ctx, "ret");
    for (size_t i = 0; i < arguments->count && !reads; i++)
        reads = arguments->list[i].btf && f->reads(f->ctx, arguments->list[i].name);
    return reads;
}

bool rp_write_build(const struct rp_function_text *f) {
    if (!f->arguments || !f->arguments->debug || !reads_typed(f))
        return true;
    RP_AUTO_FREE char *build = rp_debug_build(f->arguments->debug);
    if (build)
        fprintf(f->out, RP_BUILD_OF "%s \"%s\" /* whose offsets these are */\n", f->name, build);
    return build;
}
