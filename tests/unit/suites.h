/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_TESTS_SUITES_H
#define RP_TESTS_SUITES_H

#include <check.h>

Suite *util_suite(void);
Suite *ask_suite(void);
Suite *scan_suite(void);
Suite *types_suite(void);
Suite *compile_suite(void);
Suite *subscripts_suite(void);
Suite *diagnostics_suite(void);
Suite *dialect_suite(void);
Suite *complete_suite(void);
Suite *fit_suite(void);
Suite *frame_info_suite(void);
Suite *kind_suite(void);
Suite *link_suite(void);
Suite *nearest_suite(void);
Suite *object_suite(void);
Suite *private_dir_suite(void);
Suite *process_files_suite(void);
Suite *record_suite(void);
Suite *schema_suite(void);
Suite *session_suite(void);
Suite *spec_suite(void);
Suite *strings_suite(void);
Suite *tool_suite(void);
Suite *trace_suite(void);
Suite *tree_suite(void);
Suite *verifier_suite(void);

#endif
