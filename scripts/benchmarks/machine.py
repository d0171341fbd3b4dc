# SPDX-License-Identifier: Apache-2.0
"""On what it was measured: the machine, the kernel, the versions, the day."""
import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

from .setting import BIN, TOP, lines


def _quiet(*command):
    """The lines of a command that may fail."""
    return lines(command, check=False, stderr=subprocess.DEVNULL)


def _first(path, pattern):
    found = re.search(pattern, Path(path).read_text(errors="replace"), re.MULTILINE)
    return found.group(1).strip().strip('"') if found else "unknown"


def hardware():
    """Processors, memory, and whether it is a virtual machine."""
    cpuinfo = "/proc/cpuinfo"
    memory = round(int(_first("/proc/meminfo", r"^MemTotal: *(\d+)")) / 2**20)
    virtual = " of a virtual machine" if re.search(r"\bhypervisor\b", Path(cpuinfo).read_text()) else ""
    return f"{os.cpu_count()} cores{virtual} ({_first(cpuinfo, r'^model name.*: (.*)')}), {memory} GiB"


def packages():
    """Names and versions of the libraries that reprobe runs with, and of those it is measured beside."""
    names = set()
    linked = "\n".join(_quiet("ldd", BIN / "reprobe"))
    for path in map(os.path.realpath, re.findall(r"=> (\S*lib(?:bcc|bpf|LLVM)\S*)", linked)):
        # Where /lib is a link to /usr/lib, dpkg knows a file by one of the two names.
        for name in path, path.removeprefix("/usr"):
            names.update(line.split(":")[0] for line in _quiet("dpkg-query", "-S", name))
    names.update(["bpftrace", "bpfcc-tools"])
    told = _quiet("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n", *sorted(names))
    return [line.removeprefix("installed ") for line in told if line.startswith("installed ")]


def commit():
    """What was measured: the commit, and whether sources differ from it."""
    git = ["git", "-c", f"safe.directory={TOP}", "-C", TOP]
    head = _quiet(*git, "rev-parse", "--short", "HEAD")
    if not head:
        return "no commit"
    changes = _quiet(*git, "status", "--porcelain", "--", "runtime", "tools", "bpf-src")
    return f"commit {head[0]}" + (" with changes" if changes else "")


def conditions():
    """All of it in one sentence."""
    system = _first("/etc/os-release", r"^PRETTY_NAME=(.*)")
    load = Path("/proc/loadavg").read_text().split()[0]
    return (f"Measured on {datetime.date.today()}, {commit()}, on {hardware()}, Linux {platform.release()}, {system}, "
            f"{', '.join(packages())}; load average before: {load}.")
