/* SPDX-License-Identifier: Apache-2.0 */
/*
 * untouched FILE: opens the file whose name is what FILE has, at an address where the process has
 * not been yet: the kernel brings the page into memory when it reads the name.
 * untouched FILE --exec: runs it.
 * untouched FILE --args PROGRAM: runs PROGRAM with that as an argument, between others, and more
 * behind the last one.
 * untouched FILE --how PATH: opens PATH by openat2(), twice, as the struct open_how says that FILE
 * has, and prints PID FD FLAGS PATH of each call.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_as(const struct open_how *how, const char *path) {
    long fd = -1;
    for (int i = 0; i < 2; i++) {
        fd = syscall(SYS_openat2, AT_FDCWD, path, how, sizeof(*how));
        printf("%d %ld %08o %s\n", getpid(), fd, (unsigned)how->flags, path);
    }
    return fd < 0;
}

int main(int argc, char **argv) {
    int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    const char *name = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    if (file < 0 || name == MAP_FAILED)
        return 2;
    if (argc > 3 && argv[2][2] == 'h') /* texts stay untouched */
        return open_as((const struct open_how *)name, argv[3]);
    if (argc > 2) {
        char *const args[] = {"run", (char *)name, "last", NULL, "more"};
        if (argc > 3)
            execv(argv[3], args);
        else
            execl(name, "run", (char *)NULL);
        return 3;
    }
    int fd = openat(AT_FDCWD, name, O_RDONLY);
    printf("%d %d\n", getpid(), fd);
    return fd < 0;
}
