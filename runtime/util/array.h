/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_UTIL_ARRAY_H
#define RP_UTIL_ARRAY_H

#define RP_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
