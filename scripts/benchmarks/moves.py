# SPDX-License-Identifier: Apache-2.0
"""How long the library takes to move a probe, and what the gate costs that makes it fast."""
import re

from .benchmark import Benchmark, Heading, Option, Table
from .setting import HELPERS, Failure, lines
from .stats import median

# The text of a row, and the arguments of `moving time`: kind, moves, microseconds between, attach points.
ROWS = (
    ("tracepoint, every 5 ms", "tracepoint {moves} 5000"),
    ("tracepoint, one after another", "tracepoint {moves} 0"),
    ("uprobe, every 5 ms", "uprobe {moves} 5000"),
    ("uprobe, one after another", "uprobe {moves} 0"),
    ("30 tracepoints in turn, every 5 ms", "tracepoint {moves} 5000 30"),
    ("36 tracepoints in turn, every 5 ms", "tracepoint {few} 5000 36"),
    ("100 tracepoints in turn, every 400 ms", "tracepoint {few} 400000 100"),
)


def _row(text, arguments):
    told = " ".join(lines([HELPERS / "moving", "time", *arguments.split()]))
    found = re.search(r"first ([0-9.]+) ms.* median ([0-9.]+), p99 ([0-9.]+), max ([0-9.]+) ms", told)
    if not found:
        raise Failure(f"moving time {arguments} said: {told}")
    return f"{text:<40} {found[1]:>9} {found[2]:>9} {found[3]:>9} {found[4]:>9}"


def _costs(command):
    """What a call of getpgid() takes: untraced, and a median for each state of a gate, in ns"""
    told = "\n".join(lines(command))
    untraced = re.search(r"no probe (\d+)", told)
    yield f"{'NANOSECONDS':<40} {'ONE':>9} {'TWO':>9} {'PAUSED':>9}"
    yield f"{'no probe':<40} {untraced[1]:>9}"
    for gate in "no gate", "gate":
        rounds = re.findall(rf"^{gate}: alone (\d+), two at once (\d+), paused (\d+)$", told, re.MULTILINE)
        yield f"{gate:<40} " + " ".join(f"{median(map(int, column)):9}" for column in zip(*rounds))


def measure(options, work):
    del work
    numbers = {"moves": options.moves, "few": min(options.moves, 100)}
    rows = [_row(text, arguments.format(**numbers)) for text, arguments in ROWS]
    yield Table("build/tests/moving time KIND MOVES MICROSECONDS [PLACES]",
                "\n".join([f"{'MILLISECONDS':<40} {'FIRST':>9} {'MEDIAN':>9} {'99%':>9} {'MOST':>9}", *rows]))
    cost = ["build/tests/moving", "cost", str(options.calls)]
    yield Table(" ".join(cost), "\n".join(_costs([HELPERS / "moving", *cost[1:]])))


BENCHMARK = Benchmark(
    name="moves",
    summary="how long the library takes to move a probe, and what its gate costs an event",
    title="Moving a probe",
    text="""\
What the prompt's `retarget` calls, measured without the prompt: `rp_session_move()`, between attach points that a
process reaches all the time.""",
    tables=(
        Heading("The time of a move", """\
Between two attach points, or several in turn. The first move loads the program once more. One that was left stays
for a moment behind its closed gate, so that a probe that comes back finds it there; more than 32 in turn,
faster than the kernel closes, take as long as the kernel does."""),
        Heading("The cost of a gate", """\
A call of `getpgid()` with an empty program at its tracepoint: one probe, two at once, and one that is paused.
Without a gate, to pause is to detach."""),
    ),
    targets=("moving",),
    options=(Option("moves", 1000, "how often a probe is moved"),
             Option("calls", 2000000, "how many calls a cost is measured by")),
    measure=measure,
)
