# SPDX-License-Identifier: Apache-2.0
"""What it costs to follow the stacks of a program without frame pointers, beside perf and BCC's Python."""
import json
import os
import re
import shutil
import subprocess
from collections import defaultdict

from .benchmark import Benchmark, Heading, Option, Table, command_of
from .setting import BIN, environment, run
from .stats import median

HERTZ, DEPTH, CALLS_A_SECOND = 99, 24, 10000
GOAL_PERCENT = 2

# Calls that go DEPTH deep, each with a frame: `busy SECONDS` says how many there were in a second of its own processor
# time; `paced SECONDS`, which makes so many a second, how many at all.
PROGRAM = f"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static double now(clockid_t clock) {{ struct timespec t; clock_gettime(clock, &t); return t.tv_sec + t.tv_nsec / 1e9; }}
__attribute__((noinline)) unsigned long step(unsigned long n) {{
    for (int i = 0; i < 200; i++) n = n * 6364136223846793005UL + 1442695040888963407UL;
    __asm__ volatile("" : "+r"(n));
    return n;
}}
__attribute__((noinline, optimize("no-optimize-sibling-calls"))) unsigned long down(int depth, unsigned long n) {{
    unsigned long own[4] = {{n, n ^ 1, n ^ 2, n ^ 3}};
    __asm__ volatile("" : : "r"(own) : "memory");
    unsigned long result = depth ? down(depth - 1, n + own[1]) : step(n);
    __asm__ volatile("" : "+r"(result) : "r"(own) : "memory");
    return result + own[2];
}}
int main(int argc, char **argv) {{
    double seconds = atof(argv[argc - 1]), start = now(CLOCK_MONOTONIC), end = start + seconds;
    unsigned long n = 1, calls = 0;
    if (!strcmp(argv[1], "busy")) {{
        for (; now(CLOCK_MONOTONIC) < end; calls += 50)
            for (int i = 0; i < 50; i++) n = down({DEPTH}, n);
        printf("%.0f %lu\\n", calls / now(CLOCK_PROCESS_CPUTIME_ID), n & 1);
        return 0;
    }}
    for (double t; (t = now(CLOCK_MONOTONIC)) < end;) {{
        while (calls < (t - start) * {CALLS_A_SECOND}) {{ n = down({DEPTH}, n); calls++; }}
        nanosleep(&(struct timespec){{0, 500000}}, NULL);
    }}
    printf("%lu %lu\\n", calls, n & 1);
    return 0;
}}
"""


def make(work):
    """The program's path"""
    source, program = work / "deep.c", work / "deep"
    source.write_text(PROGRAM)
    run(["gcc", "-O2", "-fomit-frame-pointer", "-o", program, source])
    return program


# ------------------------------------------------------------------ a busy program


def _commands(pid, seconds, work):
    """What each tracer is called with, and how many samples it had, and had with main() in them."""
    data = work / "perf.data"
    return {
        "reprobe profile": ([BIN / "profile", "-f", "-F", HERTZ, "-p", pid, seconds], _folded),
        "perf record --call-graph dwarf": (["perf", "record", "-q", "-F", HERTZ, "--call-graph", "dwarf", "-p", pid, "-o", data,
                                           "--", "sleep", seconds], lambda _: _scripted(data)),
        "profile-bpfcc": (["profile-bpfcc", "-f", "-F", HERTZ, "-p", pid, seconds], _folded),
    }


def _folded(output):
    rows = [(int(line.rsplit(" ", 1)[1]), line) for line in output.splitlines() if re.search(r";.* \d+$", line)]
    return sum(count for count, _ in rows), sum(count for count, line in rows if re.search(r";main[; ]", line))


def _scripted(data):
    text = subprocess.run(["perf", "script", "-i", str(data)], capture_output=True, text=True, check=False).stdout
    samples = [part for part in text.split("\n\n") if part.strip()]
    return len(samples), sum(" main+" in part for part in samples)


def _busy(program, seconds, tracer, work):
    """Calls in a second of the program's processor time; the tracer's own time, samples and those with main()."""
    traced = subprocess.Popen([str(program), "busy", str(seconds)], stdout=subprocess.PIPE, text=True)
    used = samples = whole = 0
    if tracer:
        command, read = _commands(traced.pid, max(seconds - 1, 1), work)[tracer]
        before = os.times()
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                              env=environment(REPROBE_CACHE=work / "cache"))
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        samples, whole = read(done.stdout)
    rate = float(traced.communicate()[0].split()[0])
    return rate, used, samples, whole


def busy(program, options, work):
    """The table of a busy program."""
    tracers = [tracer for tracer, (command, _) in _commands(0, 1, work).items() if shutil.which(str(command[0]))]
    figures = defaultdict(list)
    for _ in range(options.rounds):
        for tracer in tracers:
            alone, *_ = _busy(program, options.seconds, None, work)
            rate, used, samples, whole = _busy(program, options.seconds, tracer, work)
            figures[tracer].append((100 * used / options.seconds, 100 * (alone / rate - 1), samples, whole))
    yield f"{'MEDIANS':<32} {'CPU, %':>8} {'SLOWER, %':>10} {'SAMPLES':>8} {'WHOLE':>8}"
    for tracer in tracers:
        columns = [median(column) for column in zip(*figures[tracer])]
        yield (f"{tracer:<32} {columns[0]:>8.2f} {columns[1]:>10.2f} {columns[2]:>8.0f} {columns[3]:>8.0f}" if columns[2]
               else f"{tracer:<32} does not work on this kernel")


# ------------------------------------------------------------------ many stacks


def many(program, options, work):
    """The table of calls of which each is counted by its stack."""
    done = run([BIN / "reprobe", "--json", "-e", f"count uprobe:{program}:step by ustack", "-c",
                f"exec {program} paced {options.seconds} >{work}/calls"], capture_output=True, text=True,
               env=environment(REPROBE_CACHE=work / "cache"))
    calls = int((work / "calls").read_text().split()[0])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    counts = sum(row["value"] for row in rows)
    whole = sum(row["value"] for row in rows if "main" in json.dumps(row) and "[cut]" not in json.dumps(row))
    told = [line for line in done.stderr.splitlines() if re.search(r"lost|missed|cut|full", line)]
    yield f"{calls} calls in {options.seconds} s, {DEPTH + 2} frames deep: {counts} counted, {whole} of them by a whole stack"
    yield from (f"  told: {line}" for line in told)


def measure(options, work):
    program = make(work)
    yield Table(command_of(BENCHMARK, options), "\n".join(busy(program, options, work)))
    yield Table(command_of(BENCHMARK, options), "\n".join(many(program, options, work)))


BENCHMARK = Benchmark(
    name="stacks",
    summary="stacks of a program without frame pointers: what a profile costs, beside perf and BCC's Python; ten thousand a second",
    title="Stacks without frame pointers",
    text=f"""\
A program that is compiled with `-O2 -fomit-frame-pointer` makes calls that are {DEPTH + 2} frames deep.""",
    tables=(Heading("A profile of a busy program", f"""\
{HERTZ} samples a second of one busy CPU. CPU is the tracer's own processor time, its start included, as a part of one CPU's: for reprobe it
is to be {GOAL_PERCENT} % at most, once it has started, which takes 0.2 s. perf's does not have what `perf script` takes to unwind afterwards. SLOWER is how much less the program does in
a second of its own processor time. WHOLE are the samples whose stack goes back to `main`."""),
            Heading("Ten thousand stacks a second", """\
Each call of a function is counted by its stack. What is not counted is told.""")),
    targets=("reprobe", "profile"),
    options=(Option("rounds", 5, "how often each tracer is measured"), Option("seconds", 10, "how long each time")),
    measure=measure,
)
