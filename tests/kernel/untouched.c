/* SPDX-License-Identifier: Apache-2.0 */
/*
 * untouched FILE: opens the file whose name is what FILE has, at an address where the process has
 * not been yet: the kernel brings the page into memory when it reads the name.
 * untouched FILE --exec: runs it.
 * untouched FILE --args PROGRAM: runs PROGRAM with that as an argument, between others, and more
 * behind the last one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    const char *name = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    if (file < 0 || name == MAP_FAILED)
        return 2;
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
