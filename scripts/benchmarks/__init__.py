# SPDX-License-Identifier: Apache-2.0
"""The benchmarks of scripts/bench.

main.py         options, and what runs when
benchmark.py    what a benchmark is, and the tables that it yields
stats.py        medians, percentiles and ratios
setting.py      what is built and installed before a measurement
machine.py      on what it was measured
page.py         docs/figures.md
Each other file is one benchmark: it ends in a Benchmark, which main.py lists.
"""
