# SPDX-License-Identifier: Apache-2.0
"""How many values reprobe and bpftrace show right, of a program that put them there (tests/truth)."""
import collections
import importlib.util
import json
import os

from .benchmark import Benchmark, Heading, Table, command_of
from .setting import BIN, TOP, run

# Kinds of probe that both have: how bpftrace asks for what matrix.py calls BASE, TWO and a condition.
PROBES = {
    "uprobe": ("uprobe:WORKLOAD:take", "((struct all *)arg0)", "(int32)arg1", ""),
    "uretprobe": ("uretprobe:WORKLOAD:take", "((struct all *)retval)", "2", ""),
    "usdt": ("usdt:WORKLOAD:truth:place", "((struct all *)arg0)", "(int32)arg1", ""),
    "tracepoint": ("tracepoint:syscalls:sys_enter_pwrite64", "((struct all *)args->buf)", "(int32)args->pos", "pid == cpid"),
    "kprobe of a function": ("kprobe:do_sys_openat2", "((struct all *)arg1)", "(int32)arg0", "(int32)arg0 == 2 && pid == cpid"),
}
if not os.path.exists("/sys/bus/event_source/devices/kprobe"):
    del PROBES["kprobe of a function"]  # this kernel has none
USES = {"column": "shown", "true": "compared"}
RESULTS = ("right", "refused", "unread", "wrong")
LIMIT_S = 60


def _matrix():
    """tests/truth/matrix.py, as a module"""
    spec = importlib.util.spec_from_file_location("matrix", TOP / "tests/truth/matrix.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(options, work):
    matrix = _matrix()
    values = matrix.VALUES + matrix.KERNEL_VALUES + matrix.ODD_VALUES
    ours = matrix.Matrix(str(BIN / "reprobe"), str(work))
    for probe in matrix.PROBES:
        if probe[0] in PROBES:
            asked = [one for value in values for one in matrix.questions_of(probe, [value], False) if one.use in USES]
            ours.run(asked)
    theirs = {}
    for name in PROBES:
        for value in values:
            for use, result in _ask_bpftrace(matrix, ours, name, value).items():
                theirs[name, value[0], use] = result
    yield Table(command_of(BENCHMARK, options), "\n".join(_rows(ours.cells, theirs)))


def _rows(ours, theirs):
    yield f"{'PROBE':<20} {'A VALUE IS':<10} {'BY':<9}" + "".join(f" {result:>8}" for result in RESULTS)
    for name in PROBES:
        for use, word in USES.items():
            for tracer, cells in (("reprobe", ours), ("bpftrace", theirs)):
                counts = collections.Counter(result if isinstance(result, str) else "wrong" for key, result
                                             in cells.items() if key[0] == name and key[2] == use)
                yield f"{name:<20} {word:<10} {tracer:<9}" + "".join(f" {counts[result]:>8}" for result in RESULTS)
    for key, result in sorted(theirs.items()):
        if not isinstance(result, str):
            yield f"  bpftrace, {key[0]}, {USES[key[2]]}: {key[1]}: {result[1]}"


# ------------------------------------------------------------------ bpftrace


def _translated(text, name):
    _, base, two, _ = PROBES[name]
    return (text.replace("BASE", base).replace("TWO", two).replace("TASK", "curtask")
            .replace("(int)", "(int32)").replace("(u8)", "(uint8)").replace("(char)", "(int8)"))


def _bpftrace(matrix, ours, name, condition, action):
    """What it printed; None: it refused."""
    spec, _, _, own = PROBES[name]
    conditions = " && ".join(part for part in (own, condition) if part)
    program = f"{matrix.TYPES}\n{spec.replace('WORKLOAD', ours.workload)} {f'/{conditions}/' if conditions else ''} {{ {action} }}"
    command = f"{ours.workload} {matrix.TIMES} {matrix.RUN_FOR if name == matrix.SAMPLED else ''}"
    done = run(["timeout", LIMIT_S, "bpftrace", "-f", "json", "-e", program, "-c", command], check=False,
               capture_output=True, text=True, errors="replace", stdin=-3, env={**os.environ, "BPFTRACE_STRLEN": "64"})
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not any(row["type"] == "attached_probes" for row in rows):
        return None
    return [row["data"] for row in rows if row["type"] == "value"]


def _judge(matrix, name, rows, is_right):
    if rows is None:
        return "refused"
    enough = len(rows) > 0 if name == matrix.SAMPLED else len(rows) == matrix.TIMES
    wrong = [row for row in rows if not is_right(row)]
    if enough and not wrong:
        return "right"
    return ("wrong", json.dumps(wrong[0]) if wrong else f"{len(rows)} rows")


def _ask_bpftrace(matrix, ours, name, value):
    expr = _translated(value[1], name)
    ways = [expr]
    if isinstance(value[2][0], str) and not value[2][0].startswith("0x") and "str(" not in expr:
        ways.append(f"str({expr})")
    rights = [right for right in list(value[2]) + list(value[-1]) if right is not matrix.UNREAD]
    rights += [int(right, 16) for right in rights if isinstance(right, str) and right.startswith("0x")]
    shown = []
    for way in ways:
        rows = _bpftrace(matrix, ours, name, "", f"print({way});")
        shown.append(_judge(matrix, name, rows, lambda row: row in rights))
        if shown[-1] == "right":
            break
    results = {"column": _chosen(shown)}
    if isinstance(value[2][0], list):
        return results
    compared = []
    for way in ways:
        wanted = matrix.c_value(value[2][0]).replace("(void *)", "")
        rows = _bpftrace(matrix, ours, name, f"({way}) == {wanted}", "print(1);")
        # What cannot be read is equal to nothing.
        if rows is not None and not rows and matrix.UNREAD in value[2]:
            compared.append("unread")
        elif rows and value[2] == [matrix.UNREAD]:
            compared.append(("wrong", "equal to 0"))
        else:
            compared.append(_judge(matrix, name, rows, lambda row: row == 1))
        if compared[-1] == "right":
            break
    return {**results, "true": _chosen(compared)}


def _chosen(results):
    """Of several ways to ask, the one that is right, or else the last that was not refused."""
    answered = [result for result in results if result != "refused"]
    return "right" if "right" in results else answered[-1] if answered else "refused"


BENCHMARK = Benchmark(
    name="truth",
    summary="how many values of a program reprobe and bpftrace show and compare right",
    title="Right values",
    text="""\
A program puts values where probes read them, in its own memory and in the kernel's: numbers of each size, texts, enums,
bit fields, packed structs, unions, flexible arrays (`tests/truth` has them, and asks reprobe at all kinds of probe). Each is asked
for by itself, at a function that gets the address. *right* is what the program put there; *refused* is an error; *unread* is not in memory, and said so; *wrong* is
anything else. Text is asked of bpftrace with and without `str()`, and the better answer counts.""",
    tables=(Heading("", ""),),
    targets=("reprobe",),
    measure=measure,
)
