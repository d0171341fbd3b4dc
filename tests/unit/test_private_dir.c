/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"
#include "util/private_dir.h"

static char top[64];

static void make_top(void) {
    strcpy(top, "/tmp/reprobe-unit.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
}

static const char *in_top(const char *name) {
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", top, name);
    return path;
}

static void make_file(const char *name, mode_t mode) {
    close(open(in_top(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ck_assert_int_eq(chmod(in_top(name), mode), 0);
}

START_TEST(whose_directories) {
    make_top();
    ck_assert(rp_path_is_private(top) && rp_path_is_private("/") && rp_path_is_private("/tmp"));
    ck_assert_int_eq(mkdir(in_top("below"), 0700), 0);
    ck_assert(rp_path_is_private(in_top("below")));
    static const mode_t open_to[] = {0770, 0707, 0777};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(chmod(top, open_to[i]), 0);
        ck_assert(!rp_path_is_private(top) && !rp_path_is_private(in_top("below")));
    }
    ck_assert_int_eq(chmod(top, 01777), 0);
    ck_assert(rp_path_is_private(top) && rp_path_is_private(in_top("below")));
    ck_assert(!rp_path_is_private(in_top("nothing")) && errno == ENOENT);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(top, 65534, 65534), 0);
        ck_assert(!rp_path_is_private(top) && !rp_path_is_private(in_top("below")));
    }
    rmdir(in_top("below"));
    rmdir(top);
}
END_TEST

START_TEST(whose_files) {
    make_top();
    ck_assert(rp_file_is_private(in_top("none yet")));
    make_file("own", 0600);
    make_file("shared", 0666);
    ck_assert(rp_file_is_private(in_top("own")) && !rp_file_is_private(in_top("shared")));
    ck_assert_int_eq(symlink("own", in_top("link")), 0);
    ck_assert_int_eq(mkfifo(in_top("fifo"), 0600), 0);
    ck_assert(!rp_file_is_private(in_top("link")) && !rp_file_is_private(in_top("fifo")));
    ck_assert(!rp_file_is_private(top) && !rp_file_is_private(in_top("none/such")));
    ck_assert_int_eq(chmod(top, 01777), 0);
    ck_assert(rp_file_is_private(in_top("own")) && !rp_file_is_private(in_top("none yet")));
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(in_top("own"), 65534, 65534), 0);
        ck_assert(!rp_file_is_private(in_top("own")));
    }
    static const char *const names[] = {"own", "shared", "link", "fifo"};
    for (int i = 0; i < 4; i++)
        unlink(in_top(names[i]));
    rmdir(top);
}
END_TEST

static bool fill(void *ctx, const char *path) {
    unsigned *calls = ctx;
    char file[256];
    snprintf(file, sizeof(file), "%s/file", path);
    close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (++*calls > 1)
        return true;
    errno = ENOSPC;
    return false;
}

START_TEST(the_next_parent_is_tried) {
    struct rp_private_dir dir;
    unsigned calls = 0;
    make_top();
    setenv("XDG_RUNTIME_DIR", top, 1);
    ck_assert(rp_private_dir_make(&dir, "test", fill, &calls)); /* the first one is full */
    ck_assert_uint_eq(calls, 2);
    ck_assert_int_ne(strncmp(dir.path, top, strlen(top)), 0);
    rp_private_dir_remove(&dir);
    ck_assert(!dir.path[0]);
    ck_assert(rp_private_dir_make(&dir, "test", fill, &calls));
    ck_assert_int_eq(strncmp(dir.path, in_top("reprobe-test."), strlen(in_top("reprobe-test."))),
                     0);
    rp_private_dir_remove(&dir);
    ck_assert_int_eq(chmod(top, 0777), 0);
    ck_assert(rp_private_dir_make(&dir, "test", fill, &calls));
    ck_assert_int_ne(strncmp(dir.path, top, strlen(top)), 0);
    rp_private_dir_remove(&dir);
    ck_assert_int_eq(rmdir(top), 0); /* nothing is left in it */
}
END_TEST

/* As long as a process has it, whatever its pid is for us; no longer. */
START_TEST(stale_ones_are_removed) {
    struct rp_private_dir dir;
    unsigned calls = 1;
    int ready[2], go[2];
    char path[sizeof(dir.path)] = "", byte;
    make_top();
    setenv("XDG_RUNTIME_DIR", top, 1);
    ck_assert(!pipe(ready) && !pipe(go));
    pid_t other = fork();
    if (!other) {
        bool made = rp_private_dir_make(&dir, "test", fill, &calls);
        close(go[1]);
        if (write(ready[1], dir.path, sizeof(dir.path)) < 0 || read(go[0], &byte, 1) != 0)
            _exit(2);
        _exit(!made);
    }
    ck_assert_int_eq(read(ready[0], path, sizeof(path)), (int)sizeof(path));
    ck_assert(rp_private_dir_make(&dir, "test", fill, &calls));
    rp_private_dir_remove(&dir);
    ck_assert_int_eq(access(path, F_OK), 0);
    close(go[1]);
    int status;
    ck_assert(waitpid(other, &status, 0) == other && status == 0);
    static const char *const others[] = {"reprobe-test", "reprobe-test.1", "reprobe-test.abcdef",
                                         "reprobe-other.1.abcdef", "reprobe-test.1.abcdef.d"};
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(mkdir(in_top(others[i]), 0700), 0);
    ck_assert(rp_private_dir_make(&dir, "test", fill, &calls));
    ck_assert_int_ne(access(path, F_OK), 0);
    for (int i = 0; i < 5; i++) /* what others named alike is theirs */
        ck_assert_int_eq(rmdir(in_top(others[i])), 0);
    rp_private_dir_remove(&dir);
    ck_assert_int_eq(rmdir(top), 0);
}
END_TEST

Suite *private_dir_suite(void) {
    Suite *s = suite_create("private_dir");
    TCase *tc = tcase_create("private_dir"), *forks = tcase_create("forks");
    tcase_add_test(tc, whose_directories);
    tcase_add_test(tc, whose_files);
    tcase_add_test(tc, the_next_parent_is_tried);
    tcase_set_tags(forks, "long"); /* valgrind sees no child processes */
    tcase_add_test(forks, stale_ones_are_removed);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, forks);
    return s;
}
