# SPDX-License-Identifier: Apache-2.0
"""The options of scripts/bench, and what runs when."""
import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from . import compile as compiling
from . import clone, completion, course, dialect, functions, moves, page, programs, prompt, rings, stacks, start, truth
from .machine import conditions
from .setting import Failure, prepare, say

# In the order in which `all` measures them and docs/figures.md shows them.
BENCHMARKS = tuple(module.BENCHMARK for module in (start, compiling, dialect, prompt, completion, moves, rings, functions,
                                               programs, stacks, truth, course, clone))


def _parser(description):
    parser = argparse.ArgumentParser(prog="scripts/bench", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Installs what it needs. Needs root, since compiling creates maps.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="BENCHMARK")
    for benchmark in BENCHMARKS:
        command = commands.add_parser(benchmark.name, help=benchmark.summary, description=benchmark.summary)
        for option in benchmark.options:
            command.add_argument(f"--{option.name}", type=_positive, default=option.default, metavar="N",
                                 help=f"{option.help} ({option.default})")
        command.add_argument("--doc", action="store_true", help=f"put the figures into {page.PAGE.name}")
        command.add_argument("--inside", help=argparse.SUPPRESS)  # in the lab: see functions.py
    every = commands.add_parser("all", help="all of them, one after another")
    every.add_argument("--rounds", type=_positive, metavar="N", help="of each that has rounds (its own number)")
    every.add_argument("--doc", action="store_true", help=f"write {page.PAGE.name} anew")
    commands.add_parser("page", help=f"write {page.PAGE.name} from the figures that it has")
    return parser


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _measure(benchmark, options):
    if options.inside:
        where = None
    else:
        prepare(benchmark)
        where = conditions()
    tables = []
    with tempfile.TemporaryDirectory() as work:
        for table in benchmark.measure(options, Path(work)):
            print(f"== {table.command}\n{table.text}\n", flush=True)
            tables.append(table)
    if options.doc:
        page.update(BENCHMARKS, benchmark.name, tables, tables[0].conditions or where)


def _run(parser, options):
    if options.command == "page":
        page.PAGE.write_text(page.render(BENCHMARKS, page.parse(page.PAGE.read_text())))
        return
    for benchmark in BENCHMARKS:
        if options.command == benchmark.name:
            _measure(benchmark, options)
        elif options.command == "all":
            words = [benchmark.name] + ["--doc"] * options.doc
            if options.rounds and any(option.name == "rounds" for option in benchmark.options):
                words += ["--rounds", str(options.rounds)]
            say(f"scripts/bench {' '.join(words)}")
            _measure(benchmark, parser.parse_args(words))


def main(description, arguments):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # those it starts inherit it, ignored or not
    parser = _parser(description)
    options = parser.parse_args(arguments)
    if options.command != "page" and os.geteuid() != 0:
        parser.exit(1, "scripts/bench: only root can load BPF programs\n")
    try:
        _run(parser, options)
    except Failure as failure:
        say(f"scripts/bench: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130
    sys.stdout.flush()
    return 0
