/* SPDX-License-Identifier: Apache-2.0 */
/* How libbcc loads a program: so that the verifier's log is whole, and a value. */
#ifndef RP_COMPILE_LOAD_H
#define RP_COMPILE_LOAD_H

/* From here on a program that is refused leaves the log in *log, malloc()ed. NULL ends it. */
void rp_program_load_watch(char **log);

#endif
