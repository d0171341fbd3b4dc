/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a lesson that say what to measure, what is wanted, and when an advice fits. */
#ifndef COURSE_LESSON_RULES_H
#define COURSE_LESSON_RULES_H

#include "course/lesson.h"

/* "NAME KIND [ARGUMENT…]" */
struct rp_error *lesson_add_measure(struct lesson *lesson, const char *line);
/* "LEFT OP RIGHT [and LEFT OP RIGHT]…", or of advice "said REGEX"; *text is the rule's text. */
struct rp_error *lesson_add_rule(struct lesson *lesson, bool is_want, const char *line,
                                 char ***text);
/* Every want and advice has a text and is about something that can be known. */
struct rp_error *lesson_check_names(const struct lesson *lesson);
void lesson_clear_rules(struct lesson *lesson);

#endif
