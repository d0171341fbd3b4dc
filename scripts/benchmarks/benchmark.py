# SPDX-License-Identifier: Apache-2.0
"""What a benchmark is."""
from dataclasses import dataclass
from typing import Callable, Iterable, Optional


@dataclass(frozen=True)
class Option:
    """--NAME NUMBER of a benchmark"""

    name: str
    default: int
    help: str


@dataclass(frozen=True)
class Table:
    """What a benchmark measured, as text, and the command that measures it again."""

    command: str
    text: str
    conditions: Optional[str] = None  # where that is another machine than this one


@dataclass(frozen=True)
class Heading:
    """What docs/figures.md says above a table: a title, which may be empty, and how to read it."""

    title: str
    text: str


@dataclass(frozen=True)
class Benchmark:
    name: str  # scripts/bench NAME
    summary: str  # for --help
    title: str  # of its section in docs/figures.md
    text: str  # what that section begins with
    tables: tuple[Heading, ...]  # one for each table that measure() yields, in that order
    targets: tuple[str, ...]  # of the build
    measure: Callable[..., Iterable[Table]]  # measure(options, work): `work` is a temporary directory
    options: tuple[Option, ...] = ()
    groups: tuple[str, ...] = ("build", "bench")  # of scripts/deps


def command_of(benchmark, options):
    """The command line that measures this again."""
    words = ["scripts/bench", benchmark.name]
    for option in benchmark.options:
        words += [f"--{option.name}", str(getattr(options, option.name))]
    return " ".join(words)
