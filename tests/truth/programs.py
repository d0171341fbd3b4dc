#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/truth/programs.py REPROBE [--verbose] [--all | --quick] [--only BUILD]: arguments and results of programs, by name and type.

Programs (program.c, program.cc, strings.cc, strings.rs) are built by gcc, clang, clang with libc++ and rustc, as far as they are
there, without and with optimization, with DWARF 4 and 5. They call functions with known values of each kind. reprobe is asked for them as columns, keys and in conditions, by the
names that the programs' sources have. --all takes each build, --quick one for each language and each kind of text.

Each cell is right, or refused by an error, or not in memory and said so; or wrong. Prints the counts, and each wrong
cell; ends with 1 if there is one.
"""
import itertools
import os
import shutil
import subprocess
import sys
import tempfile

import matrix
from matrix import UNREAD

# function, is it at the return; expressions, the values that are right (none: it must be refused), and what is shown where
# that is not the same. An optimizer may take some away, which is said then.
C_FUNCTIONS = [
    ("pointers", False, [
        ("c->name", ["first"]), ("c->n", [41]), ("c->mode", [7], ["SLOW"]), ("c->flag", [5]), ("c->low", [-3]),
        ("c->flag > c->low", [1]), ("c->flag * c->low", [-15]), ("(long)(c->flag - 8)", [-3]),
        ("c->items[3].key", [4]), ("c->items[2].name", ["three"]), ("c->items[3].value", [-40]),
        ("c->items[count + 1].value", [-40]), ("c->next->name", ["second"]), ("c->raw", [[1, 2, 3, 250]]),
        ("c->raw[3]", [250]), ("c->inner", [4711]), ("c->large", [1 << 40], ["HUGE"]), ("c->yes", [True]), ("count", [2]),
        ("*list", ["one"]), ("list[1]", ["two"]), ("mode", [-2], ["BAD"]), ("mode < 0", [1]), ("file->fd", [99]),
        ("hidden", ["0x0"]), ("c->mode == SLOW", [1]), ("mode == BAD", [1]), ("((struct conf *)c)->n", [41]),
        ("((conf_t *)c)->next->n", [2]), ("(int)arg1", [2]), ("c->n + count * 2", [45])]),
    ("numbers", False, [
        ("a", [-5]), ("b", [250]), ("c", [-300]), ("d", [65000]), ("e", [-70000]), ("f", [4000000000]), ("g", [-5000000000]),
        ("h", [18446744073709551615]), ("yes", [True]), ("letter", [120, "x"]), ("mode", [7], ["SLOW"])]),
    ("structs", False, [
        ("p.x", [3]), ("p.y", [-4]), ("p.label", ["a label"]), ("b.a", [100]), ("b.c", [300]), ("b.text", ["bigtext"]),
        ("t.n", [-77]), ("t.s", [9]), ("s.a", [-300]), ("s.b", [-5]), ("s.c", [250]), ("i.a", [5]), ("i.b", [-3]),
        ("i.c", [0x123456789a]), ("p.label[2]", [ord("l"), "l"])]),
    ("on_stack", False, [
        ("a", [1]), ("f", [6]), ("g", [-7]), ("h", ["eight"]), ("p.x", [3]), ("p.y", [-4]), ("p.label", ["a label"]),
        ("last", [-300])]),
    ("leaves_one", False, [("a", [1]), ("e", [5]), ("p.x", [3]), ("p.label", ["a label"]), ("f", [6])]),
    ("floating", False, [("i", [7]), ("j", [8]), ("k", [10]), ("d", []), ("f", []), ("m.l", []), ("l", [])]),
    ("wide", False, [("i", [1]), ("w", ["0x10000000000000000000000005"]), ("j", [2])]),
    ("gives_pair", True, [("ret.x", [3]), ("ret.y", [-3]), ("ret.label", ["given", UNREAD]), ("x", [3]), ("x + ret.y", [0])]),
    ("gives_big", True, [("ret.a", [100]), ("ret.b", [101]), ("ret.c", [-300]), ("ret.text", ["bigger"]), ("a", [100]), ("b", [-300])]),
    ("gives_enum", True, [("ret", [-2], ["BAD"]), ("ret == BAD", [1]), ("ret < 0", [1])]),
    ("gives_short", True, [("ret", [-2])]),
    ("gives_bool", True, [("ret", [True])]),
    ("gives_text", True, [("ret", ["a text", UNREAD])]),
    ("gives_conf", True, [("ret->name", ["second"]), ("ret->n", [2]), ("c->n", [41]),
        ("c->flag * -1 < ret->n", [1])]),
    ("gives_nothing", True, [("ret", []), ("i", [3])]),
    ("wide", True, [("ret", [hex((1 << 100) + 6)])]),
    ("floating", True, [("ret", []), ("i", [7])]),
    ("structs", True, [("p.x + ret", [6]), ("return(p.y)", [-4]), ("b.b + ret", [203]), ("p.label", ["a label"])]),
    ("unused", False, [
        ("a", [1]), ("b", [2]), ("second.n", [2]), ("first.items[3].value", [-40]), ("label", ["a label"]), ("second.name", ["second"])]),
    ("stays", True, [("n", [21]), ("ret", [42])]),
    ("line in_block", False, [("count", [41]), ("sum", [5]), ("i", [0]), ("c->n", [41]), ("c->items[i].name", ["one"])]),
    ("line behind_block", False, [("count", [1]), ("sum", [46]), ("c->name", ["first"])]),
    ("line inlined", False, [("value", [42]), ("own", [45]), ("p->x", [3]), ("p->label", ["a label"])]),
    ("line behind_inlined", False, [("value", [21]), ("own", [41]), ("p->y", [-4])]),
]
CC_FUNCTIONS = [
    ("shapes::Square::area", False, [
        ("this->side", [3]), ("scale", [4]), ("at.x", [-1]), ("at.y", [2]), ("colour", [5], ["green"]), ("this->id", [7])]),
    ("shapes::Square::area", True, [("ret", [12]), ("this->side * scale - ret", [0]), ("at.y", [2])]),
    ("shapes::as_it_is", False, [("p.x", [-1]), ("p.y", [2]), ("n", [9]), ("*where", [9])]),
    ("shapes::as_it_is", True, [("ret.x", [2]), ("ret.y", [9]), ("p.x", [-1]), ("n", [9])]),
    ("shapes::gives_reference", True, [("ret.x", [-1]), ("ret.y", [2]), ("p.x", [-1])]),
    ("overloaded", False, [("yes", [True]), ("wide", [ord("w")]), ("narrow", [ord("n")])]),
]
# Of a class that has constructors DWARF 5 says how it is passed, if the compiler does.
CC_MAY_BE_REFUSED = [
    ("shapes::by_address", False, [("counted.count", [5]), ("counted.more", [-5]), ("behind", [6])]),
    ("shapes::gives_counted", True, [("ret.count", [11]), ("ret.more", [-11]), ("number", [11])]),
]
LONG = "a string of thirty characters."
STRING_FUNCTIONS = [
    ("by_reference", False, [
        ("s", ["short"]), ("p", [LONG]), ("*p", [LONG]), ("moved", ["a\0b"]), ("view", ["string"]), ("none", [UNREAD]),
        ("none == 0", [1]), ("s == moved", [0]), ("s == *p", [0]), ("s != view", [1]), ("moved == \"a\"", [0]), ("p == none", [0]),
        ("s ~ \"*or*\"", [1]), ("moved ~ \"a?b\"", [1]), ("has(p, \"thirty\")", [1]), ("ends(view, \"ing\")", [1]),
        ("nocase(s) == \"SHORT\"", [1]), ("str(s)", ["short"])]),
    ("by_value", False, [("s", [LONG]), ("view", ["short"]), ("n", [7]), ("empty", [""])]),
    ("in_structs", False, [
        ("e.name", ["first"]), ("e.view", ["string"]), ("e.more[0]", ["zero"]), ("e.more[i]", ["one"]), ("e.more[2]", [LONG]),
        ("e.next", [LONG]), ("e.next == e.more[2]", [1]), ("list[i].name", [LONG]), ("list[1].view", ["short"]),
        ("list[1].more[0]", [""]), ("*list[1].next", ["short"]), ("list[1].view == e.old", [1]), ("e.old == e.name", [0])]),
    ("gives_string", True, [("n", [5])]),
    ("gives_view", True, [("ret", ["ort"]), ("view", ["short"])]),
    ("gives_reference", True, [("ret", ["one"]), ("e.next", [LONG]), ("entry(e.name)", ["first"]), ("ret == e.name", [0])]),
    ("gives_long", True, [("ret", ["x" * 30])]),
    ("gives_short", True, [("ret", ["xxxxx"])]),
    ("line with_local", False, [("local", ["y" * 20])]),
]
# At the entry of a function Rust has a list of locations where it optimizes, and at a line of it a place where it does not.
TAKES = [("s", ["slice"]), ("owned", [LONG]), ("n", [7]), ("empty", [""]), ("s == owned", [0]), ("owned ~ \"*thirty*\"", [1])]
RUST_MEMBERS = [("e->name", ["näme"]), ("e->tag", ["tag"]), ("e->id", [5]), ("e->more[0]", [""]), ("e->more[1]", ["more"]),
                ("list.data_ptr[1]", ["more"]), ("list.length", [2])]
RUST_FUNCTIONS = {
    "O0": [("line takes", False, TAKES), ("line in_struct", False, RUST_MEMBERS), ("line has_local", False, [("local", ["y" * 20])])],
    "O2": [("takes", False, TAKES), ("strings::in_struct", False, RUST_MEMBERS)],
}
FUNCTIONS = {"program.c": C_FUNCTIONS, "program.cc": CC_FUNCTIONS + CC_MAY_BE_REFUSED, "strings.cc": STRING_FUNCTIONS}
COMMANDS = {  # by compiler and the end of a source's name
    "gcc.c": ["gcc"], "clang.c": ["clang"], "gcc.cc": ["g++", "-std=c++17"], "clang.cc": ["clang++", "-std=c++17"],
    "libc++.cc": ["clang++", "-std=c++17", "-stdlib=libc++"], "rustc.rs": ["rustc", "-Awarnings"],
}


def place_of(source, name):
    """Of a function's name, or of the line that has it in a comment."""
    if not name.startswith("line "):
        return name
    with open(os.path.join(matrix.HERE, source), encoding="utf-8") as text:
        return f"{source}:{[i for i, line in enumerate(text, 1) if f'/* {name} */' in line][0]}"


def values_of(expressions):
    """As matrix.py has them: name, expression, right values, what is shown where that is not the same."""
    return [(text, text, right[0] or [UNREAD], *right[1:]) for text, *right in expressions]


class Programs(matrix.Matrix):
    """The matrix of one build."""

    def __init__(self, reprobe, folder, build):  # pylint: disable=super-init-not-called
        self.reprobe, self.folder, self.types = reprobe, folder, ""
        self.cells, self.refusals = {}, matrix.collections.Counter()
        compiler, level, dwarf, source = build
        self.source = source
        self.name = f"{compiler} -{level} -g{dwarf} {source}"
        self.workload = os.path.join(folder, f"{compiler}-{level}-{dwarf}-{source.replace('.', '-')}")
        self.functions = RUST_FUNCTIONS[level] if source.endswith(".rs") else FUNCTIONS[source]
        optimize = ["-C", f"opt-level={level[1]}", "-g"] if source.endswith(".rs") else [f"-{level}", "-g", f"-g{dwarf}", "-w"]
        subprocess.run([*command_of(compiler, source), *optimize, "-o", self.workload, os.path.join(matrix.HERE, source)], check=True)

    def questions(self):
        for function, at_return, expressions in self.functions:
            spec = f"{'uretprobe' if at_return else 'uprobe'}:WORKLOAD:{place_of(self.source, function)}"
            probe = (f"{self.name}: {function}{' (return)' if at_return else ''}", spec, "", "", None)
            values = values_of(expressions)
            sure = [value for value in values if value[2] != [UNREAD]]
            for group in matrix.groups(sure, 9):
                for question in matrix.questions_of(probe, group, False):
                    has_wide = any(str(value[2][0]).startswith("0x1") for value in group)
                    if question.use == "column" or (question.use == "true" and not has_wide) or \
                            (question.use == "key" and len(group) < 5):
                        yield question
            for value in values:
                if value[2] == [UNREAD]:
                    yield matrix.Question(probe, [value], "column", f"trace {spec} {value[1]}")

    def check_refusals(self):
        """Without optimization nothing that a register or memory has is refused."""
        for (probe, value, use), result in self.cells.items():
            if result == "refused" and "-O0" in probe and not self.may_be_refused(probe, value):
                self.cells[probe, value, use] = ("wrong", "refused", probe)

    def may_be_refused(self, probe, value):
        function = probe.rsplit(": ", 1)[1].split(" (")[0]
        return any(name == function for name, _, _ in CC_MAY_BE_REFUSED) or any(
            name == function and text == value and not right[0]
            for name, _, expressions in self.functions for text, *right in expressions)


def command_of(compiler, source):
    return COMMANDS[compiler + os.path.splitext(source)[1]]


def can_build(folder, compiler, source):
    """Whether the compiler, and the library with it, is there; that it is not is said."""
    command, empty = command_of(compiler, source), os.path.join(folder, "empty" + os.path.splitext(source)[1])
    with open(empty, "w", encoding="utf-8") as file:
        file.write("fn main() {}" if source.endswith(".rs") else "#include <stdlib.h>\nint main(void) { return 0; }")
    there = shutil.which(command[0]) and subprocess.run(
        [*command, "-o", empty + ".out", empty], check=False, stderr=subprocess.DEVNULL).returncode == 0
    if not there:
        print(f"skip {compiler} {source}: {' '.join(command)} builds no program here")
    return there


def builds(whole, quick, folder):
    sources = [(compiler, source) for compiler in ("gcc", "clang") for source in ("program.c", "program.cc")]
    strings = [(compiler, "strings.cc") for compiler in ("gcc", "clang", "libc++")] + [("rustc", "strings.rs")]
    there = {each: can_build(folder, *each) for each in sources + strings}
    every = [(compiler, level, dwarf, source) for compiler, level, dwarf, source in
             itertools.product(("gcc", "clang"), ("O0", "O2"), ("dwarf-4", "dwarf-5"), ("program.c", "program.cc"))]
    chosen = (2, 15) if quick else (2, 4, 5, 8, 14, 15)
    some = every if whole else [build for i, build in enumerate(every) if i in chosen]
    some += [(compiler, level, dwarf, source) for compiler, source in strings for level, dwarf in (("O0", "dwarf-5"), ("O2", "dwarf-4"))
             if whole or (compiler in ("gcc", "rustc") and level == "O2" if quick else compiler != "clang" or level == "O0")]
    return [build for build in some if there[build[0], build[3]]]


def main():
    verbose, whole, quick = "--verbose" in sys.argv, "--all" in sys.argv, "--quick" in sys.argv
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    counts = matrix.collections.Counter()
    with tempfile.TemporaryDirectory(prefix="reprobe-truth.") as folder:
        for build in builds(whole, quick, folder):
            programs = Programs(os.path.abspath(sys.argv[1]), folder, build)
            if only not in programs.name:
                continue
            programs.run(list(programs.questions()))
            programs.check_refusals()
            counts += matrix.show(programs.cells, programs.refusals, verbose)
    matrix.end(counts)


if __name__ == "__main__":
    main()
