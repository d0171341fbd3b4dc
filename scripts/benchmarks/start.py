# SPDX-License-Identifier: Apache-2.0
"""From execve to attached."""
import re
import subprocess
from collections import defaultdict

from .benchmark import Benchmark, Heading, Option, Table, command_of
from .setting import BIN, HELPERS, Failure, environment, run
from .stats import median, median_ratio

ONE_LINER = 'tracepoint:syscalls:sys_enter_openat { printf("%d %s %s\\n", pid, comm, str(args->filename)); }'
SAME_IN_C = """\
struct event {
    u32 pid;
    char comm[16];
    char filename[64];
};
BPF_PERF_OUTPUT(events);

TRACEPOINT_PROBE(syscalls, sys_enter_openat) {
    struct event event = {.pid = bpf_get_current_pid_tgid() >> 32};
    bpf_get_current_comm(event.comm, sizeof(event.comm));
    bpf_probe_read_user_str(event.filename, sizeof(event.filename), args->filename);
    events.perf_submit(args, &event, sizeof(event));
    return 0;
}
"""
KINDS = ("bpftrace", "compiled", "cached", "libraries")


def _tracer(kind, source, work):
    """Its command line, which runs `attached` when all is attached, and its environment."""
    attached = HELPERS / "attached"
    if kind == "bpftrace":
        return ["bpftrace", "-c", attached, "-e", ONE_LINER], None
    if kind == "libraries":
        return [HELPERS / "libraries", attached], None
    cache = "off" if kind == "compiled" else work / "cache"
    return [BIN / "reprobe", "run", source, "-c", f"exec {attached}"], environment(REPROBE_CACHE=cache)


def _attach(kind, source, work):
    """Milliseconds of wall and of processor time until all is attached."""
    tracer, environ = _tracer(kind, source, work)
    done = run([HELPERS / "attached", "start", *tracer], check=False, env=environ, text=True,
               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = re.search(r"^attached ([0-9.]+) ([0-9.]+)$", done.stderr, re.MULTILINE)
    if not told:
        raise Failure(f"{tracer[0]} attached nothing: {done.stderr}")
    return float(told[1]), float(told[2])


def _beside_bpftrace(kind, wall, cpu):
    above = median(a - b for a, b in zip(cpu[kind], cpu["libraries"]))
    return (f"bpftrace takes {median_ratio(wall['bpftrace'], wall[kind]):.1f} times the wall time of reprobe run "
            f"({kind}) and {median_ratio(cpu['bpftrace'], cpu[kind]):.1f} times its CPU; "
            f"{above:.1f} ms of CPU are above loading the libraries")


def measure(options, work):
    source = work / "opens.c"
    source.write_text(SAME_IN_C)
    _attach("cached", source, work)  # now it is
    wall, cpu = defaultdict(list), defaultdict(list)
    for _ in range(options.rounds):
        for kind in KINDS:
            ms, cpu_ms = _attach(kind, source, work)
            wall[kind].append(ms)
            cpu[kind].append(cpu_ms)
    text = [f"{kind:<10} {median(wall[kind]):8.1f} ms wall {median(cpu[kind]):8.1f} ms CPU" for kind in KINDS]
    text += [_beside_bpftrace(kind, wall, cpu) for kind in ("compiled", "cached")]
    yield Table(command_of(BENCHMARK, options), "\n".join(text))


BENCHMARK = Benchmark(
    name="start",
    summary="from execve to attached: reprobe run, with and without its object cache, and a bpftrace one-liner",
    title="Starting",
    text="""\
The time from `execve` until everything is attached: of a bpftrace one-liner that prints each `openat()`, of
`reprobe run` with the same in C, compiled (object cache off) and cached (from its object cache), and of a
program that only loads the libraries that reprobe is linked with. Medians; the ratios are medians of pairs.""",
    tables=(Heading("", ""),),
    targets=("reprobe", "attached", "libraries"),
    options=(Option("rounds", 21, "how often each is started"),),
    measure=measure,
)
