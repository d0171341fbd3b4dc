/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that leave a function otherwise than by its return. */
#ifndef RP_PROBE_LEAVING_H
#define RP_PROBE_LEAVING_H

/* When a probe at the return of a function in this file ends the program: "an exception passes the
 * function". The kernel puts an address of its own in place of the one to return to, and whoever
 * follows the stack does not know it. NULL: no such case is known. */
const char *rp_leaving_of(const char *path);

#endif
