# SPDX-License-Identifier: Apache-2.0
"""Counting all functions that match a pattern, in the lab."""
import json
import os
import re
import signal
import subprocess
import time

from .benchmark import Benchmark, Heading, Table, command_of
from .machine import conditions
from .setting import BIN, TOP, Failure, environment, kernel_headers, lines, run

KERNEL = "6.12"
PATTERNS = ("vfs_*", "*")
LIMIT_S = 180
LOOK_S = 0.02


def measure(options, work):
    if options.inside:
        for told in _inside(options.inside, work):
            print(json.dumps(told), flush=True)
        return
    headers = kernel_headers(work)
    told = [json.loads(line) for line in lines([TOP / "scripts/lab", "--kernel", KERNEL, "--", TOP / "scripts/bench",
                                                BENCHMARK.name, "--inside", headers])]
    where = told.pop(0)
    for pattern in PATTERNS:
        rows = [row for row in told if row["pattern"] == pattern]
        text = [f"count kprobe:{pattern}", f"{'MILLISECONDS':<16} {'FUNCTIONS':>10} {'ATTACH':>10} {'END':>14}"]
        yield Table(command_of(BENCHMARK, options), "\n".join(text + [_row(row) for row in rows]), where)


def _row(row):
    if "why" in row:
        return f"{row['tracer']:<16} does not: {row['why']}"
    return f"{row['tracer']:<16} {row['functions']:>10} {row['attach']:>10} {row['end']:>14}"


# ------------------------------------------------------------------ inside the lab


def _inside(headers, work):
    """Yields under what conditions, then a row for each tracer and pattern. funccount's programs are compiled
    against whatever headers there are: they use none of the kernel's types. Its own limit of 1000 functions,
    bpftrace's of 512 and reprobe's are raised."""
    yield conditions()
    environ = environment(BCC_KERNEL_SOURCE=headers, BCC_PROBE_LIMIT=100000, BPFTRACE_MAX_PROBES=100000,
                          REPROBE_CACHE="off", PYTHONUNBUFFERED=1)
    reprobe = [BIN / "reprobe", "-e", "limit 100000"]
    # What a first run reads from the disk is not counted.
    for command in ([*reprobe, "-e", "count kprobe:vfs_rea*", "--for", "1ms"],
                    ["bpftrace", "-e", "kprobe:vfs_rea* { @[func] = count(); } interval:ms:1 { exit(); }"],
                    ["funccount-bpfcc", "-d", "1", "vfs_rea*"]):
        run(command, check=False, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    attached = work / "attached"
    attached.write_text("echo attached\nexec sleep 1000\n")
    for pattern in PATTERNS:
        for tracer, sign, command in (
                ("reprobe", r"\((\d+) matches\)", [*reprobe, "-e", f"count kprobe:{pattern}", "-e", "probes"]),
                # It attaches them as one probe, says so before that, and not how many functions they are; its
                # command starts when it has.
                ("bpftrace", r"^attached()", ["bpftrace", "-B", "line", "-c", f"/bin/sh {attached}", "-e",
                                              f"kprobe:{pattern} {{ @[func] = count(); }}"]),
                ("funccount", r"^Tracing (\d+)", ["funccount-bpfcc", pattern])):
            yield {"pattern": pattern, "tracer": tracer, **_trace(sign, command, environ, work / "said")}


def _until(condition):
    """Milliseconds until it holds; None when that is not within the limit."""
    start = time.monotonic()
    while time.monotonic() < start + LIMIT_S:
        if condition():
            return round((time.monotonic() - start) * 1000)
        time.sleep(LOOK_S)
    return None


def _trace(sign, command, environ, said):
    """Starts a tracer; once all is attached, what it says matches SIGN, whose group is how many functions."""
    def signed():
        return re.search(sign, said.read_text(errors="replace"), re.MULTILINE)

    with open(said, "wb") as out:
        tracer = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT, env=environ)
    try:
        attach = _until(lambda: signed() or tracer.poll() is not None)
        if not signed():
            told = [line for line in said.read_text(errors="replace").splitlines() if line]
            return {"why": told[-1][:120] if told else f"nothing came in {LIMIT_S} s"}
        time.sleep(1)
        os.kill(tracer.pid, signal.SIGINT)
        end = _until(lambda: tracer.poll() is not None)
        return {"functions": signed()[1], "attach": attach, "end": end if end is not None else f"not in {LIMIT_S} s"}
    finally:
        tracer.kill()
        tracer.wait()


BENCHMARK = Benchmark(
    name="functions",
    summary=f"all functions that match vfs_* and *, counted in the lab ({KERNEL}) by reprobe, funccount-bpfcc and "
            "bpftrace: how long they take to attach and to end",
    title="Thousands of functions",
    text=f"""\
`count` of all kernel functions that match a pattern, in the lab (Linux {KERNEL}, emulated: about ten times
slower than a real machine). ATTACH is the time from the tool's start until it says that it counts, END the time
from Ctrl-C to its end.""",
    tables=(Heading("Some functions", ""), Heading("All functions", "")),
    targets=("reprobe",),
    groups=("build", "bench", "lab"),
    measure=measure,
)
