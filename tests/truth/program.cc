/* SPDX-License-Identifier: Apache-2.0 */
/* The same of C++: references, methods, classes that are passed as they are or by their address. */
#include <cstdlib>
#include <string>

#define KEPT   __attribute__((noinline))
#define USE(x) __extension__({ __asm__ volatile("" : : "r"(&(x)) : "memory"); })

namespace shapes {

enum class Colour : unsigned char { red, green = 5 };

struct Point {
    int x, y;
};

class Shape {
  public:
    int id;
    Shape(int number) : id(number) {}
    virtual ~Shape() {}
    KEPT virtual int area(int scale, const Point &at, Colour colour);
};

class Square : public Shape {
  public:
    int side;
    Square(int number, int length) : Shape(number), side(length) {}
    KEPT int area(int scale, const Point &at, Colour colour) override;
};

int Shape::area(int scale, const Point &at, Colour colour) {
    USE(scale), USE(at), USE(colour);
    return scale;
}

int Square::area(int scale, const Point &at, Colour colour) {
    USE(scale), USE(at), USE(colour);
    return side * scale;
}

/* It has a copy constructor: its address is passed, and so is where such a result goes. */
struct Counted {
    int count;
    long more;
    Counted(int number) : count(number), more(-number) {}
    Counted(const Counted &other) : count(other.count), more(other.more) {}
};

KEPT int by_address(Counted counted, int behind) {
    USE(counted), USE(behind);
    return behind;
}

KEPT Counted gives_counted(int number) {
    USE(number);
    return Counted(number);
}

KEPT Point as_it_is(Point p, const int &n, int *&where) {
    USE(p), USE(n), USE(where);
    return Point{p.y, n};
}

KEPT const Point &gives_reference(const Point &p) {
    USE(p);
    return p;
}

} // namespace shapes

extern "C" KEPT int overloaded(bool yes, wchar_t wide, char16_t narrow, std::nullptr_t) {
    USE(yes), USE(wide), USE(narrow);
    return 1;
}

int main(int argc, char **argv) {
    int times = argc > 1 ? atoi(argv[1]) : 1;
    shapes::Square square(7, 3);
    shapes::Shape *shape = &square;
    const shapes::Point at = {-1, 2};
    int n = 9, *where = &n;
    for (int i = 0; i < times; i++) {
        shape->area(4, at, shapes::Colour::green);
        shapes::by_address(shapes::Counted(5), 6);
        shapes::gives_counted(11);
        shapes::as_it_is(at, n, where);
        shapes::gives_reference(at);
        overloaded(true, L'w', u'n', nullptr);
    }
    return 0;
}
