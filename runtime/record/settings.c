/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a module in libbpf's dialect, as text. */
#include <stdlib.h>

#include "compile/module.h"
#include "record/layout.h"
#include "record/view.h"
#include "util/cleanup.h"
#include "util/error.h"

struct rp_error *rp_module_settings(const struct rp_module *module,
                                    void (*each)(void *ctx, const char *name, const char *type,
                                                 const char *value),
                                    void *ctx) {
    struct rp_elf_setting setting;
    for (size_t i = 0; rp_module_setting(module, &i, &setting);) {
        RP_AUTO_TYPE struct rp_type *type = NULL;
        RP_TRY(rp_type_from_btf(rp_module_btf(module), setting.type, &type));
        const struct rp_view view = {type, setting.data, setting.size, 0, 0};
        RP_AUTO_FREE char *name = rp_type_text(type), *value = rp_value_text(&view);
        if (!name || !value)
            return rp_error_nomem();
        each(ctx, setting.name, name, value);
    }
    return NULL;
}
