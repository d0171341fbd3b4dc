# SPDX-License-Identifier: Apache-2.0
"""What is built and installed before something is measured, and how programs are run."""
import os
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
BIN = BUILD / "bin"
HELPERS = BUILD / "tests"


class Failure(Exception):
    """What could not be measured, and why; printed without a traceback."""


def prepare(benchmark):
    """Installs and builds what the benchmark needs."""
    run([TOP / "scripts/deps", *benchmark.groups])
    run(["cmake", "-S", TOP, "-B", BUILD, "-G", "Ninja"], stdout=subprocess.DEVNULL)
    run(["ninja", "-C", BUILD, "--quiet", *benchmark.targets])


def run(command, check=True, **options):
    """subprocess.run() with arguments of any type; returns what it returns."""
    command = [str(word) for word in command]
    done = subprocess.run(command, check=False, **options)
    if check and done.returncode:
        raise Failure(f"`{' '.join(command)}` ended with status {done.returncode}")
    return done


def lines(command, **options):
    """The lines that a command printed."""
    return run(command, stdout=subprocess.PIPE, text=True, errors="replace", **options).stdout.splitlines()


def environment(**changes):
    """This process's, with changes"""
    return {**os.environ, **{name: str(value) for name, value in changes.items()}}


def kernel_headers(work):
    """Debian splits a kernel's headers over two packages; libbcc wants one tree. Returns the directory."""
    flavours = [path for path in Path("/usr/src").glob("linux-headers-6.1.*-amd64")
                if not re.search("cloud|rt", path.name)]
    if not flavours:
        raise Failure("no kernel headers in /usr/src\nhint: apt-get install linux-headers-amd64")
    flavour = max(flavours, key=lambda path: [int(number) for number in re.findall(r"\d+", path.name)])
    common = flavour.with_name(flavour.name.replace("-amd64", "-common"))
    headers = Path(work) / "headers"
    headers.mkdir()
    run(["cp", "-rs", f"{common}/.", headers])
    run(["cp", "-rsf", f"{flavour}/.", headers])
    return headers


def say(text):
    """To whoever waits."""
    print(text, file=sys.stderr, flush=True)
