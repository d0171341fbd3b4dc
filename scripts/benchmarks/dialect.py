# SPDX-License-Identifier: Apache-2.0
"""Sources in libbpf's dialect: from the text to what runs."""
import math
import os
import re
import subprocess
import time
from collections import defaultdict

from .benchmark import Benchmark, Heading, Option, Table, command_of
from .setting import BIN, HELPERS, TOP, Failure, environment, lines, run
from .stats import median, median_ratio

SOURCES = TOP / "tests/kernel/libbpf"
PROGRAMS = ("exec_output", "exec_perf", "exec_reserve", "loops", "slots", "twins")
BTF = "/sys/kernel/btf/vmlinux"


def _measured(command, **options):
    """Milliseconds of wall and of processor time, and the most MiB that were resident."""
    start = time.perf_counter()
    child = subprocess.Popen([str(word) for word in command], **options)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise Failure(f"`{command[0]}` ended with status {child.returncode}")
    wall = time.perf_counter() - start
    return 1000 * wall, 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def _stock(name, work):
    """The types of the whole kernel, and clang: until there is an object."""
    with open(work / "vmlinux.h", "w", encoding="utf-8") as header:
        dumped = _measured(["bpftool", "btf", "dump", "file", BTF, "format", "c"], stdout=header)
    compiled = _measured(["clang", "-g", "-O2", "-target", "bpf", "-D__TARGET_ARCH_x86", "-I", work, "-I", SOURCES,
                          "-c", SOURCES / f"{name}.bpf.c", "-o", work / "stock.o"])
    return dumped[0] + compiled[0], dumped[1] + compiled[1], max(dumped[2], compiled[2]), 0


def _cold(name):
    """reprobe run, until all is attached."""
    attached = HELPERS / "attached"
    done = run([attached, "start", BIN / "reprobe", "run", SOURCES / f"{name}.bpf.c", "-c", f"exec {attached}"],
               check=False, env=environment(REPROBE_CACHE="off"), text=True, stdout=subprocess.DEVNULL,
               stderr=subprocess.PIPE)
    told = re.search(r"^attached ([0-9.]+) ([0-9.]+) ([0-9.]+) ([0-9.]+)$", done.stderr, re.MULTILINE)
    if not told:
        raise Failure(f"reprobe run {name}.bpf.c attached nothing: {done.stderr}")
    wall, cpu, after, most = (float(number) for number in told.groups())
    return wall, cpu, most, after


def _warm(rounds):
    """Milliseconds of each program in a process that has compiled before, until its maps are made."""
    told = lines([HELPERS / "compile-reprobe", rounds, *(SOURCES / f"{name}.bpf.c" for name in PROGRAMS)],
                 check=False, env=environment(REPROBE_CACHE="off"))
    pairs = (line.rsplit(" ", 1) for line in told)
    return [math.nan if ms == "-" else float(ms) for _, ms in pairs]


def measure(options, work):
    kinds = ("stock", "cold")
    figures = {kind: defaultdict(list) for kind in kinds}
    for name in PROGRAMS:
        for _ in range(options.rounds):
            for kind, measured in zip(kinds, (_stock(name, work), _cold(name))):
                for unit, figure in zip(("wall", "cpu", "memory", "after"), measured):
                    figures[kind][unit].append(figure)
    warm = _warm(options.rounds)
    stock = [median(figures["stock"]["wall"][i * options.rounds:(i + 1) * options.rounds])
             for i in range(len(PROGRAMS))]
    text = [f"{kind:<6} {median(got['wall']):8.1f} ms wall {median(got['cpu']):8.1f} ms CPU "
            f"{median(got['memory']):8.1f} MiB" for kind, got in figures.items()]
    text[1] += f" ({median(figures['cold']['after']):.1f} MiB once all is attached)"
    text.append(f"warm   {median(warm):8.1f} ms wall")
    text.append(f"stock takes {median_ratio(figures['stock']['wall'], figures['cold']['wall']):.1f} times the wall "
                f"time of cold, {median_ratio(figures['stock']['cpu'], figures['cold']['cpu']):.1f} times its CPU, "
                f"{median_ratio(figures['stock']['memory'], figures['cold']['memory']):.1f} times its memory, and "
                f"{median_ratio(stock, warm):.1f} times the wall time of warm (medians of the ratios)")
    yield Table(command_of(BENCHMARK, options), "\n".join(text))


BENCHMARK = Benchmark(
    name="dialect",
    summary="sources in libbpf's dialect: reprobe run, beside bpftool's vmlinux.h and clang -target bpf",
    title="libbpf's dialect",
    text=f"""\
{len(PROGRAMS)} programs of `tests/kernel/libbpf`. Stock: `bpftool btf dump` writes the kernel's types, and `clang -target
bpf` compiles the source with them; that is until there is an object. Cold: `reprobe run`, from `execve` until all is
attached. Warm: in a process that has compiled before, until the program's maps are made. The object cache is off.
Memory is the most that was resident at any time: of reprobe, while clang is in it.""",
    tables=(Heading("", ""),),
    targets=("reprobe", "attached", "compile-reprobe"),
    options=(Option("rounds", 7, "how often each program is compiled"),),
    groups=("build", "bench", "test"),
    measure=measure,
)
