# SPDX-License-Identifier: Apache-2.0
"""From a saved file to its verdict."""
import glob
import os
import re
import subprocess
import time

from .benchmark import Benchmark, Heading, Option, Table, command_of
from .setting import BIN, TOP, Failure, environment, run
from .stats import median

LABS = TOP / "docs/labs"
KERNEL = "6.12"
HERTZ = os.sysconf("SC_CLK_TCK")


def _lessons():
    return sorted(path for path in LABS.iterdir() if re.match(r"\d\d-", path.name))


def _hand_in(lesson, student):
    """Puts the solution into the student's directory."""
    name = re.search(r"^program\s+(\S+)", (lesson / "lesson").read_text(), re.MULTILINE)[1]
    folder = student / lesson.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text((lesson / "solution" / name).read_text())


def _children_s():
    times = os.times()
    return times.children_user + times.children_system


def _machines():
    """The labs of the course that stay up: their process groups, by name."""
    told = run([TOP / "scripts/lab", "--list"], stdout=subprocess.PIPE, text=True).stdout
    return dict(re.findall(rf"^kept\s+(course-{KERNEL}-\S+)\s.*process (\d+)", told, re.MULTILINE))


def _group_s(group):
    """The processor time that the processes of a group have used."""
    total = 0
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[2] == group:
            total += sum(int(field) for field in fields[11:13])
    return total / HERTZ


def _check(lesson, student, place, group=None):
    """Seconds until the verdict, and of processor time: of the check and of a group of processes."""
    used, start = _children_s() + (_group_s(group) if group else 0), time.monotonic()
    done = run([BIN / "reprobe", "course", "check", "--json", *place, "--dir", student, lesson.name], check=False,
               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - start
    if '"verdict":"right"' not in done.stdout:
        raise Failure(f"{lesson.name}: {done.stdout}{done.stderr}")
    return wall, _children_s() + (_group_s(group) if group else 0) - used


def _row(lesson, student, lab, group, rounds):
    cells = []
    for place, of in ((["--here"], None), (lab, group)):
        taken = [_check(lesson, student, place, of) for _ in range(rounds)]
        cells += [median(wall for wall, _ in taken), median(cpu for _, cpu in taken)]
    return f"{lesson.name:<16} {cells[0]:>6.2f} {cells[1]:>6.2f} {cells[2]:>7.2f} {cells[3]:>6.2f}"


def measure(options, work):
    os.environ.update(environment(REPROBE_LABS=LABS, REPROBE_CACHE="off"))
    student, lab, before = work / "student", ["--lab", "--kernel", KERNEL], _machines()
    for lesson in _lessons():
        _hand_in(lesson, student)
    boot, _ = _check(_lessons()[0], student, lab)
    name, group = next((name, group) for name, group in _machines().items() if before.get(name) != group)
    try:
        rows = [f"{'SECONDS':<16} {'HERE':>6} {'CPU':>6} {'LAB':>7} {'CPU':>6}"]
        rows += [_row(lesson, student, lab, group, options.rounds) for lesson in _lessons()]
        rows.append(f"the first check in the lab, which boots it: {boot:.1f} s")
        yield Table(command_of(BENCHMARK, options), "\n".join(rows))
    finally:
        run([TOP / "scripts/lab", "--stop", name], check=False, stdout=subprocess.DEVNULL)


BENCHMARK = Benchmark(
    name="course",
    summary="how long the course takes from a saved file to its verdict, on this kernel and in a lab that stays up",
    title="The course",
    text=f"""\
From a saved file to its verdict: the solution of each lesson is checked on this kernel (HERE) and in a lab that stays up
(LAB, Linux {KERNEL}, emulated where there is no KVM). CPU is the processor time of that, in the lab the machine's: where
nothing else runs, a verdict takes little longer. Nothing is in the cache of compiled programs. A check is to take less than 2 seconds
here, and less than 5 in the lab; lesson 12 builds a program with cc and traces twice.""",
    tables=(Heading("", ""),),
    targets=("all",),
    groups=("build", "bench", "lab"),
    options=(Option("rounds", 3, "checks of each lesson"),),
    measure=measure,
)
