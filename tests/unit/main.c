/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "suites.h"

int main(void) {
    setenv("REPROBE_CACHE", "off", 1);      /* what is tested is compiled */
    setenv("CK_DEFAULT_TIMEOUT", "600", 0); /* seconds of a test: ends what hangs */
    SRunner *runner = srunner_create(util_suite());
    srunner_add_suite(runner, ask_suite());
    srunner_add_suite(runner, scan_suite());
    srunner_add_suite(runner, types_suite());
    srunner_add_suite(runner, compile_suite());
    srunner_add_suite(runner, subscripts_suite());
    srunner_add_suite(runner, diagnostics_suite());
    srunner_add_suite(runner, dialect_suite());
    srunner_add_suite(runner, complete_suite());

    srunner_add_suite(runner, fit_suite());
    srunner_add_suite(runner, frame_info_suite());
    srunner_add_suite(runner, link_suite());
    srunner_add_suite(runner, nearest_suite());
    srunner_add_suite(runner, object_suite());
    srunner_add_suite(runner, private_dir_suite());
    srunner_add_suite(runner, process_files_suite());
    srunner_add_suite(runner, record_suite());
    srunner_add_suite(runner, schema_suite());
    srunner_add_suite(runner, session_suite());
    srunner_add_suite(runner, spec_suite());
    srunner_add_suite(runner, strings_suite());
    srunner_add_suite(runner, tool_suite());
    srunner_add_suite(runner, trace_suite());
    srunner_add_suite(runner, tree_suite());
    srunner_add_suite(runner, verifier_suite());
    srunner_add_suite(runner, kind_suite()); /* it adds to the table of kinds */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
