/* SPDX-License-Identifier: Apache-2.0 */
/* What the course says, in at most 80 columns. */
#ifndef COURSE_SHOW_H
#define COURSE_SHOW_H

#include "course/student.h"
#include "course/verdict.h"

/* Each line of `text`, wrapped and indented; a line that begins with a tab is shown as it is. */
void show_text(const char *text, int indent);
/* What a lesson is about, and which files to read and to edit. */
void show_lesson(const struct student *student, const struct lesson *lesson);
/* `how`: where it ran and how long that took; it may be NULL. */
void show_verdict(const struct lesson *lesson, const char *name, const char *how,
                  const struct verdict *verdict);
/* All lessons and how far the student is. */
struct rp_error *show_list(struct student *student, const struct lessons *lessons);

#endif
