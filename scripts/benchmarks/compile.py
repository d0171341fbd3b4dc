# SPDX-License-Identifier: Apache-2.0
"""Compiling the BPF C of every tool in Debian's bpfcc-tools."""
import math
import re

from .benchmark import Benchmark, Heading, Option, Table, command_of
from .setting import HELPERS, TOP, environment, kernel_headers, lines, run
from .stats import median, median_ratio


def _times(kind, arguments, corpus, environ, errors):
    """The milliseconds of each program; NaN where it does not compile."""
    told = lines([HELPERS / f"compile-{kind}", *arguments, *corpus], check=False, env=environ, stderr=errors)
    pairs = (line.rsplit(" ", 1) for line in told)
    return {name: math.nan if ms == "-" else float(ms) for name, ms in pairs}


def _compiling(times):
    return [ms for ms in times.values() if not math.isnan(ms)]


def _ratio(stock, reprobe):
    """Of the programs that compile on both sides: the median of stock's time over reprobe's."""
    both = [name for name in stock if not math.isnan(stock[name] + reprobe.get(name, math.nan))]
    return median_ratio([stock[name] for name in both], [reprobe[name] for name in both])


def measure(options, work):
    environ = environment(BCC_KERNEL_SOURCE=kernel_headers(work), REPROBE_CACHE="off")
    run([TOP / "scripts/bench-corpus", work / "corpus"], env=environ)
    corpus = sorted((work / "corpus").glob("*.c"))
    warm, cold, text = {}, {}, []
    for kind in "stock", "reprobe":
        with open(work / f"{kind}.errors", "w", encoding="utf-8") as errors:
            warm[kind] = _times(kind, [options.rounds], corpus, environ, errors)
            cold[kind] = _times(kind, ["cold", options.rounds], corpus, environ, errors)
        good = _compiling(warm[kind])
        text.append(f"{kind}: {len(good)} of {len(corpus)} compile; median {median(good):.3f} ms warm, "
                    f"{median(_compiling(cold[kind])):.3f} ms cold")
        text += [f"  does not compile: {name}" for name, ms in warm[kind].items() if math.isnan(ms)]
    errors = (work / "reprobe.errors").read_text(errors="replace").splitlines()
    why = [line.replace(f"{work}/", "") for line in errors if re.search(r"(error|reprobe):", line)]
    text += ["why reprobe does not:", *("  " + line for line in dict.fromkeys(why[:20]))]
    text.append(f"stock takes {_ratio(warm['stock'], warm['reprobe']):.1f} times as long warm, "
                f"{_ratio(cold['stock'], cold['reprobe']):.1f} times cold (medians of the ratios)")
    yield Table(command_of(BENCHMARK, options), "\n".join(text))


BENCHMARK = Benchmark(
    name="compile",
    summary="compiles the BPF C of Debian's bpfcc-tools with stock libbcc and kernel headers, and with "
            "reprobe and none",
    title="Compiling",
    text="""\
The BPF C of every tool in Debian's bpfcc-tools, compiled by stock libbcc with installed kernel headers, and by
reprobe without any. Warm: one process compiles all of them. Cold: a process for each compile.""",
    tables=(Heading("", ""),),
    targets=("compile-stock", "compile-reprobe", "reprobe"),
    options=(Option("rounds", 3, "how often each program is compiled"),),
    measure=measure,
)
