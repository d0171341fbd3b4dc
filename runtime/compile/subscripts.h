/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_COMPILE_SUBSCRIPTS_H
#define RP_COMPILE_SUBSCRIPTS_H

/* The text with each subscript behind an arrow as libbcc reads it right, in the same lines;
 * malloc()ed, NULL without memory. */
char *rp_spell_subscripts(const char *text);

#endif
