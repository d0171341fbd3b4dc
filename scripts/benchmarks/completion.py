# SPDX-License-Identifier: Apache-2.0
"""How long someone at the prompt waits for types and completions."""
from .benchmark import Benchmark, Heading, Option, Table
from .setting import HELPERS, lines


def measure(options, work):
    del work
    asked = ["build/tests/asked", str(options.rounds)]
    yield Table(" ".join(asked), "\n".join(lines([HELPERS / "asked", *asked[1:]])))


BENCHMARK = Benchmark(
    name="completion",
    summary="how long the types of an expression and completions take",
    title="Types and completion",
    text="""\
How long someone at the prompt waits for the type of an expression and for completions: the first time in a
process, and from then on (a median).""",
    tables=(Heading("", ""),),
    targets=("asked",),
    options=(Option("rounds", 100, "how often each is asked after the first time"),),
    measure=measure,
)
