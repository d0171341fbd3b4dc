/* SPDX-License-Identifier: Apache-2.0 */
/* What is longer than the screen goes through a pager. */
#ifndef REPROBE_PAGER_H
#define REPROBE_PAGER_H

#include "prompt.h"

/* What is printed to stdout from now on is kept back, where someone types. */
void pager_begin(const struct prompt *prompt);
/* Prints it: by $PAGER, or else `less -RF`, if it is longer than the screen. */
void pager_end(struct prompt *prompt);

#endif
