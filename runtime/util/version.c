/* SPDX-License-Identifier: Apache-2.0 */
#include "reprobe.h"

const char *rp_version(void) {
    return REPROBE_VERSION;
}
