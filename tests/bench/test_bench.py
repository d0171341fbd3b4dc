#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/bench without measuring anything: its statistics, what it makes of what programs print, and its page."""
import math
import re
import sys
import tempfile
import unittest
from argparse import Namespace
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from benchmarks import compile as compiling  # noqa: E402
from benchmarks import functions, machine, main, moves, page, prompt, rings, start, stats  # noqa: E402
from benchmarks.benchmark import Table, command_of  # noqa: E402


class Statistics(unittest.TestCase):
    def test_median(self):
        self.assertEqual(stats.median([3, 1, 2]), 2)
        self.assertEqual(stats.median([4, 1, 2, 3]), 2)  # one that was measured
        self.assertEqual(stats.median(n for n in [7]), 7)
        self.assertTrue(math.isnan(stats.median([])))

    def test_percentile(self):
        hundred = range(100, 0, -1)
        self.assertEqual(stats.percentile(hundred, 0.9), 90)
        self.assertEqual(stats.percentile(hundred, 0.99), 99)
        self.assertEqual(stats.percentile([5, 6], 0.9), 6)
        self.assertEqual(stats.percentile([5, 6], 0), 5)
        self.assertTrue(math.isnan(stats.percentile([], 0.5)))

    def test_ratio_of_pairs(self):
        # Each pair is twice; the medians alone would say 3.
        self.assertEqual(stats.median_ratio([2, 20, 6], [1, 10, 3]), 2)
        self.assertTrue(math.isnan(stats.median_ratio([], [])))


class Benchmarks(unittest.TestCase):
    def test_prompt(self):
        told = [f"{name} {ms}" for name, _ in prompt.ROWS for ms in (2, 1, 3)] + ["restart 30", "edit 10"]
        with mock.patch.object(prompt, "lines", return_value=told):
            table, = prompt.measure(Namespace(rounds=3, moves=3), Path("/nowhere"))
        self.assertEqual(table.command, "scripts/bench prompt --rounds 3 --moves 3")
        rows = table.text.splitlines()
        self.assertEqual(rows[1].split()[-4:], ["3", "2.00", "3.00", "3.00"])
        self.assertIn("takes 1 times as long as to retarget", rows[13])
        self.assertTrue(rows[14].startswith("1.0 times as long as to edit"), rows[14])

    def test_compile_leaves_out_what_does_not(self):
        with mock.patch.object(compiling, "lines", return_value=["a.c 6.0", "b.c -", "c.c 9.0"]):
            stock = compiling._times("stock", [1], [], None, None)
        self.assertEqual(compiling._compiling(stock), [6.0, 9.0])
        self.assertEqual(compiling._ratio(stock, {"a.c": 2.0, "b.c": 1.0, "c.c": math.nan}), 3.0)

    def test_losses_that_are_told(self):
        self.assertEqual(rings._told("reprobe: 5 events lost: the buffer was full"), 5)
        self.assertEqual(rings._told("Lost 7 events\nPossibly lost 8 samples\n"), 15)
        self.assertEqual(rings._told("12:00:00 1 lost"), 0)

    def test_a_tracer_that_does_not(self):
        row = {"tracer": "funccount", "why": "nothing came in 180 s"}
        self.assertEqual(functions._row(row), "funccount        does not: nothing came in 180 s")
        row = {"tracer": "reprobe", "functions": "78", "attach": 6300, "end": 484}
        self.assertEqual(functions._row(row).split(), ["reprobe", "78", "6300", "484"])

    def test_moves(self):
        told = ["tracepoint: first 1.500 ms; of 9: min 0.001, median 0.002, p99 0.003, max 1.500 ms"]
        with mock.patch.object(moves, "lines", return_value=told):
            self.assertEqual(moves._row("text", "tracepoint 9 0").split(), ["text", "1.500", "0.002", "0.003", "1.500"])
        told = ["getpgid(), ns a call: no probe 90"] + [
            f"{gate}: alone {n}, two at once {2 * n}, paused 91" for n in (103, 101, 102) for gate in ("no gate", "gate")]
        with mock.patch.object(moves, "lines", return_value=told):
            rows = list(moves._costs([]))
        self.assertEqual([row.split()[-3:] for row in rows[2:]], [["102", "204", "91"]] * 2)

    def test_start_says_what_went_wrong(self):
        with mock.patch.object(start, "run", return_value=Namespace(stderr="no such program")):
            with self.assertRaisesRegex(start.Failure, "no such program"):
                start._attach("bpftrace", Path("opens.c"), Path("/nowhere"))

    def test_each_has_a_heading_for_each_table(self):
        for benchmark in main.BENCHMARKS:
            parser = main._parser("")
            options = parser.parse_args([benchmark.name])
            self.assertTrue(command_of(benchmark, options).startswith(f"scripts/bench {benchmark.name}"))
            self.assertTrue(benchmark.tables)
        self.assertEqual(len(rings.BENCHMARK.tables), len(rings.EXPERIMENTS) + 1)
        self.assertEqual(len(functions.BENCHMARK.tables), len(functions.PATTERNS))


class Page(unittest.TestCase):
    def test_it_is_as_it_was_written(self):
        text = page.PAGE.read_text()
        self.assertEqual(text, page.render(main.BENCHMARKS, page.parse(text)),
                         f"{page.PAGE} was changed by hand, or a benchmark was: run scripts/bench page")

    def test_it_has_all_of_them(self):
        held = page.parse(page.PAGE.read_text())
        for benchmark in main.BENCHMARKS:
            tables, conditions = held[benchmark.name]
            self.assertEqual(len(tables), len(benchmark.tables), benchmark.name)
            self.assertRegex(conditions, r"^Measured on \d{4}-\d\d-\d\d, commit .*, Linux \d.*\.$")

    def test_other_pages_link_to_what_it_has(self):
        headings = re.findall(r"^#+ (.*)$", page.PAGE.read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        links = [link for path in page.PAGE.parent.rglob("*.md") for link in
                 re.findall(r"figures\.md#([^)\s]+)", path.read_text())]
        self.assertIn("ring-buffers", links)
        self.assertEqual(set(links) - anchors, set())

    def test_one_section_changes(self):
        tables = [Table(command_of(start.BENCHMARK, Namespace(rounds=1)), "a\n\nb |")]
        with tempfile.TemporaryDirectory() as work, mock.patch.object(page, "PAGE", Path(work) / "page.md"):
            page.PAGE.write_text(page.HEAD)
            page.update(main.BENCHMARKS, "prompt", [Table("command", "what was there")], "Measured on a day.")
            page.update(main.BENCHMARKS, "start", tables, "Measured on " + "another day " * 20 + "or so.")
            page.update(main.BENCHMARKS, "prompt", [Table("command", "new")], "Measured on a day.")
            held = page.parse(page.PAGE.read_text())
            text = page.PAGE.read_text()
        self.assertEqual(held["start"], (tables, "Measured on " + "another day " * 20 + "or so."))
        self.assertEqual(held["prompt"][0], [Table("command", "new")])
        self.assertLess(text.index("## Starting"), text.index("## Waiting at the prompt"))
        self.assertNotIn("what was there", text)

    def test_conditions(self):
        self.assertRegex(machine.conditions(), r"^Measured on \d{4}-\d\d-\d\d, .*\d cores.*, Linux \d.*load average")


if __name__ == "__main__":
    unittest.main()
