# SPDX-License-Identifier: Apache-2.0
"""From a clone to the first lesson."""
from .benchmark import Benchmark, Heading, Table, command_of
from .setting import TOP, lines


def measure(options, _work):
    yield Table(command_of(BENCHMARK, options), "\n".join(lines([TOP / "tests/first_lesson"])))


BENCHMARK = Benchmark(
    name="clone",
    summary="how long it takes from a clone to a checked lesson 1, in a clean root of Debian 13, for a student without root",
    title="From a clone to the first lesson",
    text="""\
In a clean minimal root of Debian 13: root installs the packages that the build and the lab need, a student without root
clones the project, builds it by `scripts/start course list`, and has lesson 1 checked, which boots the lab. Downloads are not counted,
and nothing was compiled before. CPU is the steps' processor time, without that of the lab's machine. On a machine that does nothing else it is
to take less than 300 seconds.""",
    tables=(Heading("", ""),),
    targets=("reprobe",),
    groups=("build", "lab", "systems"),
    measure=measure,
)
