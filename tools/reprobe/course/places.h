/* SPDX-License-Identifier: Apache-2.0 */
/* Where the course's own files are: in the source tree of a build, or where it is installed. */
#ifndef COURSE_PLACES_H
#define COURSE_PLACES_H

/* Each is malloc()ed; NULL: it is not there, or there is no memory. */
char *places_program(void);    /* reprobe itself */
char *places_labs(void);       /* the folder of the lessons: $REPROBE_LABS, or the course's own */
char *places_lab_script(void); /* scripts/lab */
char *places_library(void);    /* where pkg-config finds libreprobe */

#endif
