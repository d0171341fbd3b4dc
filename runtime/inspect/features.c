/* SPDX-License-Identifier: Apache-2.0 */
/* What reprobe doctor reports. */
#include <stdio.h>

#include "kernel/features.h"
#include "probe/kind.h"
#include "reprobe_query.h"

static void look(const struct rp_probe_kind *kind,
                 void (*each)(void *ctx, const struct rp_feature *feature), void *ctx) {
    char detail[256] = "cannot be seen without privileges";
    bool hidden = !rp_kernel_may_trace();
    bool present = !hidden && kind->look(detail, sizeof(detail));
    each(ctx, &(struct rp_feature){.name = kind->feature,
                                   .present = present,
                                   .needed_for = kind->usage,
                                   .detail = detail,
                                   .cure = present  ? NULL
                                           : hidden ? RP_AS_ROOT
                                                    : RP_IN_LAB});
}

void rp_kernel_features(void (*each)(void *ctx, const struct rp_feature *feature), void *ctx) {
    rp_kernel_each_feature(each, ctx);
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++)
        if (kind->look)
            look(kind, each, ctx);
}
