/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's log, turned into one clear error. */
#ifndef RP_COMPILE_VERIFIER_H
#define RP_COMPILE_VERIFIER_H

struct rp_error;

/* Why the kernel did not load `function`: the reason in plain words, the author's line, the
 * verifier's own words, and the usual cure as the hint. `log` is the verifier's, "" when it did not
 * even look; `source` is what messages call the author's file. */
struct rp_error *rp_load_error(const char *function, const char *source, int errnum,
                               const char *log);

#endif
