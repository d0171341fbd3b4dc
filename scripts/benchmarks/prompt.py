# SPDX-License-Identifier: Apache-2.0
"""What one waits for at the prompt, beside bpftrace, whose one-liner is started again."""
from collections import defaultdict

from .benchmark import Benchmark, Heading, Option, Table, command_of
from .setting import BIN, HELPERS, lines
from .stats import median, median_ratio, percentile

ROWS = (
    ("retarget", "retarget, from Enter to the answer, to and fro"),
    ("retarget-line", "  the same, from the first key of the line, all at once"),
    ("retarget-new", "  the same, from Enter, each time to another new place"),
    ("edit", "edit, from Enter to the new program's first event"),
    ("ask", "a question, from Enter to its first event"),
    ("ask-first", "  the same, of a prompt's first question"),
    ("ask-pasted", "  the same, of one that was pasted, or from the history"),
    ("ask-still", "  the same, of a line that stood still before Enter"),
    ("ask-again", "  the same, of one that was asked before (object cache)"),
    ("start", "reprobe -e QUESTION, from its start to the first event"),
    ("bpftrace", "bpftrace, from its start to the first event"),
    ("restart", "  the same, from Ctrl-C for the one before"),
)


def _row(text, ms):
    return (f"{text:<58} {len(ms):5} {median(ms):9.2f} {percentile(ms, 0.9):9.2f} {percentile(ms, 0.99):9.2f}")


def _ratios(ms):
    def medians(above, below):
        return median(ms[above]) / median(ms[below])

    def pairs(above, below):
        return median_ratio(ms[above], ms[below])

    return f"""\
to start bpftrace again takes {medians('restart', 'retarget'):.0f} times as long as to retarget, \
{medians('restart', 'retarget-new'):.0f} times as long as to a new place (medians)
{pairs('restart', 'edit'):.1f} times as long as to edit, {pairs('restart', 'ask'):.1f} times as long as a \
question to its first event (medians of pairs)
bpftrace alone shows its first event {pairs('bpftrace', 'ask'):.1f} times as late as a question does, \
{pairs('bpftrace', 'ask-first'):.1f} times as late as the first question,
{pairs('bpftrace', 'ask-again'):.1f} times as late as one that was asked before, \
{pairs('bpftrace', 'start'):.1f} times as late as reprobe -e (medians of pairs)"""


def measure(options, work):
    ms = defaultdict(list)
    for line in lines([HELPERS / "prompt", BIN / "reprobe", options.rounds, options.moves, work]):
        name, value = line.split()
        ms[name].append(float(value))
    head = f"{'MILLISECONDS':<58} {'TIMES':>5} {'MEDIAN':>9} {'90%':>9} {'99%':>9}"
    text = [head, *(_row(text, ms[name]) for name, text in ROWS), _ratios(ms)]
    yield Table(command_of(BENCHMARK, options), "\n".join(text))


BENCHMARK = Benchmark(
    name="prompt",
    summary="what one waits for at the prompt: to move a probe, to change a program, to ask something new; "
            "beside bpftrace, whose one-liner is started again",
    title="Waiting at the prompt",
    text="""\
A process calls `openat()`, `getpgid()` and `getppid()` a thousand times a second. The prompt, in a
pseudo-terminal, and bpftrace trace it. Each question is new to the object cache, unless the table says
otherwise. Rows scroll while probes are moved.

- **retarget** moves a program to another probe. When the answer comes, the program is attached there: from then
  on no event of the new probe is missed, and none of the old one comes. If a program moves to and fro between
  two probes, it stays attached to both, and only its gate at the one that it left is closed. At a new probe the
  kernel has to attach the program first. With bpftrace you press Ctrl-C, wait until it ends, and start the
  changed one-liner.
- **edit** replaces a program by the changed C: the new program is compiled and attached, then the old one is
  detached. The old one runs until then; with bpftrace there is a gap.
- **A question** is turned into C, compiled and attached. libbcc takes nearly all of that time. The object cache
  has the programs of earlier questions, which start in a few milliseconds. A line that stands still for 5 ms is compiled
  before Enter comes; one that came at once is compiled right away (here Enter comes 20 ms behind it, too). The others are
  typed, a key each millisecond, and Enter 20 ms behind the last.

A terminal delivers the keys of a line one by one, and readline redraws the line for each. When a person presses
Enter, that is already done; if the keys come all at once (pasted), it is part of the time.""",
    tables=(Heading("", ""),),
    targets=("reprobe", "prompt"),
    options=(Option("rounds", 21, "how often each question is asked and each program started"),
             Option("moves", 1000, "how often a probe is moved")),
    measure=measure,
)
