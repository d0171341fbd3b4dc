# SPDX-License-Identifier: Apache-2.0
"""How records travel: every experiment of ringbench, then reprobe, bpftrace and BCC's Python beside each other."""
import os
import re
from dataclasses import dataclass

from .benchmark import Benchmark, Heading, Option, Table, command_of
from .setting import BIN, HELPERS, TOP, environment, kernel_headers, lines, run
from .stats import median, median_ratio

LOAD_MS = 1000
LOAD_CPU = 0
READER_CPU = min(1, os.cpu_count() - 1)
PEERS = ("reprobe", "bpftrace", "bcc")
SAME_FOR_BPFTRACE = ('tracepoint:syscalls:sys_enter_getpgid /pid == cpid/ '
                     '{ printf("%-12lu %-7d %-7d %s\\n", nsecs, pid, cpu, comm); }')

# The title of each table of ringbench's, its arguments, and how to read it.
EXPERIMENTS = (
    ("Full load", "throughput --chart", """\
One thread calls `getpgid()` as fast as it can; each call makes a record of 32 bytes."""),
    ("Full load, larger records in less memory", "throughput --size 256 --pages 64", ""),
    ("Beside libbpf's reader", "libbpf", """\
The same map, read by libbpf's `ring_buffer__poll()` and by reprobe's event loop, which only count records. Both
use the same code to read, libbpf's, which libbcc's callbacks come from. The differences are how often the reader is
woken, and that it reads all records of a batch in one go."""),
    ("How long a record takes", "latency", ""),
    ("Order", "ordering", ""),
    ("A burst", "burst --size 32,256 -t perf,output,reserve", """\
20,000 records are made while nobody reads. LOSSLESS is the least memory, in powers of two, at which none of
them is lost."""),
    ("Late failure", "late-failure -t perf-sampled,output,reserve", ""),
)


@dataclass
class Run:
    """One traced load: how many calls were made, how many rows came, how many losses were told."""

    calls: int
    seconds: float
    printed: int
    told: int

    @property
    def printed_per_s(self):
        return self.printed / self.seconds

    @property
    def calls_per_s(self):
        return self.calls / self.seconds

    @property
    def lost(self):
        return self.calls - self.printed


def _load(work):
    return [HELPERS / "calls", str(LOAD_CPU), str(LOAD_MS), work / "load"]


def _loaded(work):
    """What the load wrote of itself: process id, calls, seconds"""
    pid, calls, seconds = (work / "load").read_text().split()
    return pid, int(calls), float(seconds)


def _tracer(peer, load):
    """The command that traces the load"""
    source, words = TOP / "docs/examples/getpgid.c", " ".join(map(str, load))
    if peer == "reprobe":
        return [BIN / "reprobe", "run", source, "-c", f"exec {words}"]
    if peer == "bpftrace":
        return ["bpftrace", "-q", "-c", words, "-e", SAME_FOR_BPFTRACE]
    return ["/usr/bin/python3", TOP / "tests/bench/getpgid.py", source, *load]


def _told(text):
    """How many losses a tool spoke of: "N events lost", "Lost N events", "Possibly lost N samples\""""
    patterns = r"^reprobe: (\d+) events? lost", r"[Ll]ost (\d+) (?:events|samples)"
    return sum(int(n) for pattern in patterns for n in re.findall(pattern, text, re.MULTILINE))


def _trace(peer, work, environ):
    """Traces the load, on the second CPU; the rows go to a file."""
    rows, said = work / "rows", work / "said"
    with open(rows, "wb") as out, open(said, "wb") as err, open(os.devnull, "rb") as nothing:
        run(["taskset", "-c", READER_CPU, *_tracer(peer, _load(work))], check=False, env=environ, stdin=nothing,
            stdout=out, stderr=err)
    pid, calls, seconds = _loaded(work)
    printed = told = 0
    with open(rows, encoding="utf-8", errors="replace") as lines_of:
        for line in lines_of:
            printed += line.split(maxsplit=2)[1:2] == [pid]
            if "ost" in line:
                told += _told(line)
    return Run(calls, seconds, printed, told + _told(said.read_text(errors="replace")))


def _peers(options, work):
    environ = environment(BCC_KERNEL_SOURCE=kernel_headers(work))
    untraced, traced = [], {peer: [] for peer in PEERS}
    for _ in range(options.rounds):
        run(_load(work))
        _, calls, seconds = _loaded(work)
        untraced.append(calls / seconds)
        for peer in PEERS:
            traced[peer].append(_trace(peer, work, environ))
    yield (f"one process calling getpgid() on CPU {LOAD_CPU}, {LOAD_MS} ms, records of 32 bytes, the reader on CPU "
           f"{READER_CPU} printing to a file; medians of {options.rounds}")
    yield f"{'TOOL':<10} {'PRINTED/s':>12} {'CALLS/s':>12} {'LOST':>12} {'LOST UNTOLD':>14} {'SLOWER':>8}"
    for peer, runs in traced.items():
        calls_per_s = median(r.calls_per_s for r in runs)
        yield (f"{peer:<10} {median(r.printed_per_s for r in runs):12.0f} {calls_per_s:12.0f} "
               f"{median(r.lost for r in runs):12} {median(r.lost - r.told for r in runs):14} "
               f"{median(untraced) / calls_per_s:8.1f}")
    for peer in PEERS[1:]:
        ratio = median_ratio([r.printed_per_s for r in traced["reprobe"]],
                             [max(r.printed_per_s, 1) for r in traced[peer]])
        yield f"reprobe prints {ratio:.1f} times as many events a second as {peer} (median of pairs)"


def measure(options, work):
    for _, arguments, _ in EXPERIMENTS:
        command = f"ringbench {arguments} --rounds {options.rounds}"
        told = lines([BIN / "ringbench", *command.split()[1:]])
        yield Table(command, "\n".join(told).rstrip())
    yield Table(command_of(BENCHMARK, options), "\n".join(_peers(options, work)))


BENCHMARK = Benchmark(
    name="rings",
    summary="every experiment of ringbench; then reprobe run, bpftrace and BCC's Python, each printing the same "
            "events of the same load",
    title="Ring buffers",
    text="""\
[ring-buffers.md](ring-buffers.md) tells what these experiments are about, and
[ringbench's man page](man/ringbench.8) what the columns mean. A wake-up is more expensive in a virtual machine than on bare metal, because the interrupt
that it takes leaves the virtual machine. So perf buffers look worse there than elsewhere.""",
    tables=tuple(Heading(title, text) for title, _, text in EXPERIMENTS) + (
        Heading("With decoding and printing", """\
Three programs print the same event to a file, under the same load: `reprobe run` with
[getpgid.c](examples/getpgid.c), BCC's Python with the same source, and a bpftrace one-liner. LOST UNTOLD are
events that were made but neither printed nor reported as lost."""),),
    targets=("reprobe", "ringbench", "calls"),
    options=(Option("rounds", 7, "how often each experiment is made"),),
    measure=measure,
)
