/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PROBE_SYMBOLS_H
#define RP_PROBE_SYMBOLS_H

/* What the format of a tracepoint, as tracefs has it, calls the numbers of a field:
 * "names:0=HI,1=TIMER" or, of bits, "flags:1=READ,2=WRITE" (record/look.h); malloc()ed, NULL where
 * it does not say. */
char *rp_format_symbols(const char *format, const char *field);

#endif
