/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel runs: to tell whether something was made for it. */
#ifndef RP_KERNEL_IDENTITY_H
#define RP_KERNEL_IDENTITY_H

struct rp_kernel_identity {
    char name[200]; /* for people: "Linux 6.1.0-56-amd64 x86_64" */
    char build[65]; /* the same only for the same build of a kernel: its GNU build id in
                       hexadecimal, or, where it has none, what uname(2) says about the build */
};

void rp_kernel_identify(struct rp_kernel_identity *out);

#endif
