/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the verifier's log into one clear error. */
#ifndef RP_COMPILE_VERIFIER_H
#define RP_COMPILE_VERIFIER_H

struct rp_error;

/* Why the kernel did not load `function`: the reason in plain words, the author's line, the
 * verifier's own words; the hint is the usual fix. `log` is the verifier's, "" if it did not run;
 * `source` is the name of the author's file in messages. */
struct rp_error *rp_load_error(const char *function, const char *source, int errnum,
                               const char *log);

#endif
