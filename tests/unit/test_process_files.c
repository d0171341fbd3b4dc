/* SPDX-License-Identifier: Apache-2.0 */
#include <bcc/bcc_proc.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stack/process_files.h"
#include "suites.h"

/* As when a file was exchanged for a FIFO between the look at it and the open(). */
START_TEST(an_open_that_blocks_fails) {
    char directory[] = "/tmp/reprobe-unit.XXXXXX", path[64];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/fifo", directory);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    for (int i = 0; i < 2; i++) {
        rp_process_files_begin();
        int fd = open(path, O_RDONLY | O_CLOEXEC), err = errno;
        rp_process_files_end();
        ck_assert_int_eq(fd, -1);
        ck_assert_int_eq(err, EINTR);
    }
    unlink(path);
    rmdir(directory);
}
END_TEST

static char perf_map[64];

static int count(mod_info *file, int in_namespace, void *payload) {
    (void)in_namespace;
    *(unsigned *)payload += strcmp(file->name, perf_map) == 0;
    return 0;
}

static unsigned times_told(void) {
    unsigned times = 0;
    ck_assert_int_eq(bcc_procutils_each_module(getpid(), count, &times), 0);
    return times;
}

START_TEST(a_perf_map_is_a_file) {
    snprintf(perf_map, sizeof(perf_map), "/tmp/perf-%d.map", getpid());
    close(open(perf_map, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ck_assert_uint_ge(times_told(), 1);
    unlink(perf_map);
    ck_assert_int_eq(mkfifo(perf_map, 0600), 0);
    ck_assert_uint_eq(times_told(), 0);
    unlink(perf_map);
}
END_TEST

Suite *process_files_suite(void) {
    Suite *s = suite_create("process_files");
    TCase *tc = tcase_create("process_files");
    tcase_add_test(tc, an_open_that_blocks_fails);
    tcase_add_test(tc, a_perf_map_is_a_file);
    suite_add_tcase(s, tc);
    return s;
}
