/* SPDX-License-Identifier: Apache-2.0 */
/* For libraries that may wait where they cannot be asked to end. */
#ifndef RP_UTIL_ALARM_H
#define RP_UTIL_ALARM_H

/* From here to rp_alarm_end() a system call of this thread that blocks fails with EINTR after so
 * many milliseconds, again and again. Nothing else in this thread may use SIGALRM meanwhile. */
void rp_alarm_begin(unsigned ms);
void rp_alarm_end(void);

#endif
