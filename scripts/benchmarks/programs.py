# SPDX-License-Identifier: Apache-2.0
"""The first question about a large program of one's own, with and without its debug information."""
import os
import re
import shutil
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

from .benchmark import Benchmark, Heading, Option, Table, command_of
from .setting import BIN, HELPERS, Failure, environment, lines, run
from .stats import median

UNITS, STRUCTS, FUNCTIONS = 100, 240, 340  # so that it is of 25 MB
ASKED = f"load_{UNITS // 2}_{FUNCTIONS // 2}"
GOAL_MS = 30

# ------------------------------------------------------------------ the program


def _header():
    """Types that every unit includes, as those of large programs do."""
    text = ["#include <stddef.h>", "enum mode { FAST, SLOW = 7 };"]
    for i in range(STRUCTS):
        before = f"struct part_{i - 1} *other; struct part_{i // 2} *half;" if i else ""
        text.append(f"struct part_{i} {{ int number_{i}; char name[{8 + i % 24}]; enum mode mode; {before} "
                    f"unsigned flag_{i} : 3; long (*call_{i})(struct part_{i} *, const char *); }};")
    text.append(f"struct conf {{ char *name; struct part_{STRUCTS - 1} part; int n; struct conf *next; }};")
    return "\n".join(text) + "\n"


def _unit(number):
    text = ['#include "parts.h"']
    for i in range(FUNCTIONS):
        part = (number * 7 + i * 3) % STRUCTS
        text.append(
            f"__attribute__((noinline)) long load_{number}_{i}(struct conf *c, int count, struct part_{part} *p) {{\n"
            f"    long sum_{i} = count;\n"
            f"    for (int i = 0; i < count; i++) {{\n"
            f"        struct part_{part} *each = p + i;\n"
            f"        sum_{i} += each->number_{part} + (c->name ? c->name[i] : each->name[0]);\n"
            f"    }}\n"
            f"    return sum_{i} + c->n;\n"
            f"}}")
    return "\n".join(text) + "\n"


def _main():
    calls = "\n".join(f"    sum += load_{number}_0(&c, 0, 0);" for number in range(UNITS))
    declared = "\n".join(f"long load_{number}_0(struct conf *, int, void *);" for number in range(UNITS))
    return f'#include "parts.h"\n{declared}\nint main(void) {{\n    struct conf c = {{0}};\n    long sum = 0;\n{calls}\n    return (int)sum;\n}}\n'


def _compile(source):
    run(["gcc", "-O1", "-g", "-w", "-c", source, "-o", source.with_suffix(".o")])


def make(work):
    """The program with debug information, and the same without; their paths by what they have."""
    (work / "parts.h").write_text(_header())
    sources = [work / f"unit_{number}.c" for number in range(UNITS)] + [work / "main.c"]
    for number, source in enumerate(sources):
        source.write_text(_unit(number) if number < UNITS else _main())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_compile, sources))
    programs = {"types": work / "with-types", "none": work / "without"}
    run(["gcc", "-o", programs["types"], *(source.with_suffix(".o") for source in sources)])
    run(["strip", "-g", "-o", programs["none"], programs["types"]])
    return programs


# ------------------------------------------------------------------ the question


def _tracer(tracer, program, has_types):
    attached = HELPERS / "attached"
    if tracer == "bpftrace":
        return ["bpftrace", "-c", attached, "-e", f'uprobe:{program}:{ASKED} {{ printf("%d\\n", arg1); }}']
    asked = {"member": "c->n, c->part.mode" if has_types else "arg0", "argument": "count" if has_types else "arg1"}[tracer]
    return [BIN / "reprobe", "-e", f"trace uprobe:{program}:{ASKED} {asked}", "-c", f"exec {attached}"]


def _attach(command, work):
    """Milliseconds of wall and of processor time until all is attached."""
    done = run([HELPERS / "attached", "start", *command], check=False, env=environment(REPROBE_CACHE=work / "cache"), text=True,
               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = re.search(r"^attached ([0-9.]+) ([0-9.]+) ", done.stderr, re.MULTILINE)
    if not told:
        raise Failure(f"{command[0]} attached nothing: {done.stderr}")
    return tuple(float(number) for number in told.groups())


TRACERS = {"argument": "reprobe: an argument", "member": "reprobe: members", "bpftrace": "bpftrace: a register"}


def measure(options, work):
    programs = make(work)
    tracers = [tracer for tracer in TRACERS if tracer != "bpftrace" or shutil.which("bpftrace")]
    wall, cpu = defaultdict(list), defaultdict(list)
    for number in range(options.rounds + 1):  # the first fills the caches, and is not counted
        for tracer in tracers:
            for kind, program in programs.items():
                for figures, figure in zip((wall, cpu), _attach(_tracer(tracer, program, kind == "types"), work)):
                    figures[tracer, kind] += [figure] if number else []
    size = programs["types"].stat().st_size / 1e6
    sections = sum(int(line.split()[1]) for line in lines(["size", "-A", programs["types"]]) if line.startswith(".debug_")) / 1e6
    text = [f"program: {size:.1f} MB, {sections:.1f} MB of them debug information, {UNITS + 1} units",
            f"{'MEDIANS, MS':<29} {'WITH':>8} {'WITHOUT':>8} {'ABOVE':>8}"]
    for name, figures in (("", wall), (", CPU", cpu)):
        text += [row(TRACERS[tracer] + name, figures[tracer, "types"], figures[tracer, "none"]) for tracer in tracers]
    yield Table(command_of(BENCHMARK, options), "\n".join(text))


def row(name, types, none):
    above = median(a - b for a, b in zip(types, none))
    return f"{name:<29} {median(types):>8.1f} {median(none):>8.1f} {above:>8.1f}"


BENCHMARK = Benchmark(
    name="programs",
    summary="the first question about a large program with debug information, and without",
    title="Programs with debug information",
    text=f"""\
The time from `execve` until a question about one function of a large C program is attached, where the program has its debug
information, and where `strip -g` took it away: wall time, and the processor's. The question's program comes from the object cache. ABOVE
is the median of pairs; for reprobe it is to be {GOAL_MS} ms at most; where the machine was busy (its load is below), the processor's time says more. bpftrace reads a
register of both.""",
    tables=(Heading("", ""),),
    targets=("reprobe", "attached"),
    options=(Option("rounds", 15, "how often each is asked"),),
    measure=measure,
)
