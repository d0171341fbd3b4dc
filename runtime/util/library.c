/* SPDX-License-Identifier: Apache-2.0 */
#include "util/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

const char *rp_library_open(struct rp_library *library, void *table, char why[128]) {
    void *handle = NULL;
    if (library->is_open)
        return NULL;
    for (size_t i = 0; i < library->file_count && !handle; i++)
        handle = dlopen(library->files[i], library->mode);
    if (!handle) {
        const char *reason = dlerror();
        return reason ? reason : "no such library";
    }
    for (size_t i = 0; i < library->function_count; i++) {
        void *function = dlsym(handle, library->functions[i]);
        if (!function) {
            snprintf(why, 128, "it has no function %s", library->functions[i]);
            dlclose(handle);
            return why;
        }
        memcpy((char *)table + i * sizeof(function), &function, sizeof(function));
    }
    library->is_open = true;
    return NULL;
}
