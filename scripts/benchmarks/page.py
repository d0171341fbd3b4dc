# SPDX-License-Identifier: Apache-2.0
"""docs/figures.md: the tables that were measured last. All else in it comes from the benchmarks."""
import re
import textwrap

from .benchmark import Table
from .setting import TOP

PAGE = TOP / "docs/figures.md"
HEAD = """\
<!-- Written by scripts/bench; what is changed here by hand is lost. -->
# Figures

Everything that reprobe's speed is told by, measured by `scripts/bench`. `scripts/bench all --doc` measures it all
again and writes this page; `scripts/bench NAME --doc` one section of it. The figures of a section are of one
run on one machine: read the ratios, and expect them to move by a fifth from run to run.
"""
SECTION = re.compile(r"^<!-- scripts/bench (\S+) -->$", re.MULTILINE)
TABLE = re.compile(r"^`([^`\n]+)`:\n\n```\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
CONDITIONS = re.compile(r"^Measured on .*?(?=\n\n|\n*\Z)", re.MULTILINE | re.DOTALL)


def parse(text):
    """What the page holds: {name: (tables, conditions)}"""
    _, *parts = SECTION.split(text)
    held = {}
    for name, section in zip(parts[::2], parts[1::2]):
        found = CONDITIONS.search(section)
        held[name] = ([Table(*table) for table in TABLE.findall(section)], " ".join(found[0].split()) if found else "")
    return held


def _section(benchmark, tables, conditions):
    pieces = [f"<!-- scripts/bench {benchmark.name} -->\n## {benchmark.title}", benchmark.text]
    pieces.append(textwrap.fill(conditions, 110, break_long_words=False, break_on_hyphens=False))
    for heading, table in zip(benchmark.tables, tables):
        if heading.title:
            pieces.append(f"### {heading.title}")
        pieces += [heading.text] if heading.text else []
        pieces.append(f"`{table.command}`:\n\n```\n{table.text}\n```")
    return "\n\n".join(pieces) + "\n"


def render(benchmarks, held):
    """The page with what `held` (as of parse) has, in the order of the benchmarks."""
    sections = [_section(benchmark, *held[benchmark.name]) for benchmark in benchmarks if benchmark.name in held]
    return "\n".join([HEAD, *sections])


def update(benchmarks, name, tables, conditions):
    """Puts a section into the page, and writes the rest of it anew."""
    held = parse(PAGE.read_text()) if PAGE.exists() else {}
    held[name] = (tables, conditions)
    PAGE.write_text(render(benchmarks, held))
