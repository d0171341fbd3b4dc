// SPDX-License-Identifier: Apache-2.0
// Strings of C++'s library, short ones (which are in the object) and long ones (which are elsewhere), as program.cc has other
// values: programs.py knows them.
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#define KEPT   __attribute__((noinline))
#define USE(x) __extension__({ __asm__ volatile("" : : "r"(&(x)) : "memory"); })

struct Entry {
    int id;
    std::string name;
    std::string_view view;
    std::string more[3];
    std::string *next;
    const char *old;
};

KEPT int by_reference(const std::string &s, std::string *p, std::string &&moved, const std::string_view &view,
                      std::string *none) {
    USE(s), USE(p), USE(moved), USE(view), USE(none);
    return static_cast<int>(s.size());
}

/* The string's address is passed, and the view as it is. */
KEPT int by_value(std::string s, std::string_view view, int n, std::string_view empty) {
    USE(s), USE(view), USE(n), USE(empty);
    return n;
}

KEPT int in_structs(const Entry &e, Entry *list, int i) {
    USE(e), USE(list), USE(i);
    return e.id + i;
}

KEPT std::string gives_string(int n) {
    USE(n);
    return std::string(static_cast<size_t>(n), 'x');
}

KEPT std::string gives_long() {
    return std::string(30, 'x');
}

KEPT std::string gives_short() {
    return std::string(5, 'x');
}

KEPT std::string_view gives_view(std::string_view view) {
    USE(view);
    return view.substr(2);
}

KEPT const std::string &gives_reference(const Entry &e) {
    USE(e);
    return e.more[1];
}

KEPT int with_local(int n) {
    std::string local(static_cast<size_t>(n), 'y');
    USE(local);
    n++; /* line with_local */
    USE(n);
    return n;
}

int main(int argc, char **argv) {
    int times = argc > 1 ? atoi(argv[1]) : 1;
    std::string is_short("short"), is_long("a string of thirty characters."), with_end("a\0b", 3), empty, other("other");
    char old[] = "short";
    Entry list[2] = {{1, "first", "", {"zero", "one", is_long}, &is_long, old}, {2, is_long, is_short, {}, &is_short, old}};
    list[0].view = std::string_view(is_long).substr(2, 6);
    for (int i = 0; i < times; i++) {
        by_reference(is_short, &is_long, std::move(with_end), list[0].view, nullptr);
        by_value(is_long, is_short, 7, std::string_view());
        in_structs(list[0], list, 1);
        gives_string(5);
        gives_long();
        gives_short();
        gives_view(is_short);
        gives_reference(list[0]);
        with_local(20);
    }
    return 0;
}
