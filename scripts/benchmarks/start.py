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
TRACERS = ("bpftrace", "compiled", "cached")
OTHERS = ("version", "empty")


def _tracer(kind, source, work):
    """Its command line, which runs `attached` when all is attached, and its environment."""
    attached = HELPERS / "attached"
    if kind == "bpftrace":
        return ["bpftrace", "-c", attached, "-e", ONE_LINER], None
    if kind == "version":
        return ["sh", "-c", f"{BIN}/reprobe --version >&2; exec {attached}"], None
    if kind == "empty":
        return ["sh", "-c", f"/bin/true >&2; exec {attached}"], None
    cache = "off" if kind == "compiled" else work / "cache"
    return [BIN / "reprobe", "run", source, "-c", f"exec {attached}"], environment(REPROBE_CACHE=cache)


def _attach(kind, source, work):
    """Milliseconds of wall and of processor time until all is attached, and MiB that are then resident."""
    tracer, environ = _tracer(kind, source, work)
    done = run([HELPERS / "attached", "start", *tracer], check=False, env=environ, text=True,
               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = re.search(r"^attached ([0-9.]+) ([0-9.]+) ([0-9.]+) [0-9.]+$", done.stderr, re.MULTILINE)
    if not told:
        raise Failure(f"{tracer[0]} attached nothing: {done.stderr}")
    return tuple(float(number) for number in told.groups())


def _beside_bpftrace(kind, wall, cpu):
    above = median(a - b for a, b in zip(wall[kind], wall["empty"]))
    return (f"bpftrace takes {median_ratio(wall['bpftrace'], wall[kind]):.1f} times the wall time of reprobe run "
            f"({kind}) and {median_ratio(cpu['bpftrace'], cpu[kind]):.1f} times its CPU; "
            f"it is attached {above:.1f} ms after an empty process would have ended")


def measure(options, work):
    source = work / "opens.c"
    source.write_text(SAME_IN_C)
    _attach("cached", source, work)  # now it is
    wall, cpu, memory = defaultdict(list), defaultdict(list), defaultdict(list)
    for _ in range(options.rounds):
        for kind in TRACERS + OTHERS:
            for figures, figure in zip((wall, cpu, memory), _attach(kind, source, work)):
                figures[kind].append(figure)
    text = [f"{kind:<10} {median(wall[kind]):8.1f} ms wall {median(cpu[kind]):8.1f} ms CPU "
            f"{median(memory[kind]):8.1f} MiB" for kind in TRACERS]
    text += [f"{kind:<10} {median(wall[kind]):8.1f} ms wall" for kind in OTHERS]
    text += [_beside_bpftrace(kind, wall, cpu) for kind in ("compiled", "cached")]
    above = median(a - b for a, b in zip(wall["version"], wall["empty"]))
    text.append(f"reprobe --version takes {above:.1f} ms more than an empty process")
    yield Table(command_of(BENCHMARK, options), "\n".join(text))


BENCHMARK = Benchmark(
    name="start",
    summary="from execve to attached: reprobe run, with and without its object cache, and a bpftrace one-liner",
    title="Starting",
    text="""\
The time from `execve` until everything is attached: of a bpftrace one-liner that prints each `openat()`, of
`reprobe run` with the same in C, compiled (object cache off) and cached (from its object cache); and until a
shell has run `reprobe --version`, or `true`, an empty process. Medians; the ratios are medians of pairs. Memory is
what is resident once all is attached, shared libraries included.""",
    tables=(Heading("", ""),),
    targets=("reprobe", "attached"),
    options=(Option("rounds", 21, "how often each is started"),),
    measure=measure,
)
