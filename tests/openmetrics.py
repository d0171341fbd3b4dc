#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/openmetrics.py URL|FILE [NAME…]: reads metrics, strictly, and prints the samples of those names.

Of a URL: HTTP/1.1 and OpenMetrics 1.0, as its specification has them; of a file: Prometheus's text format 0.0.4.
Ends with 1 and says where, if anything is not as it must be. --attack URL: plays clients that mean harm.
"""
import re
import socket
import sys
import time
from urllib.parse import urlparse

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
NUMBER = r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf|NaN)"
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? ({NUMBER})$")
SUFFIXES = {"counter": ["_total"], "gauge": [""], "unknown": [""], "untyped": [""],
            "histogram": ["_bucket", "_count", "_sum"]}


class Wrong(Exception):
    """What is not as it must be."""


def demand(what, condition):
    if not condition:
        raise Wrong(what)


def ask(host, port, request, seconds=10):
    """The whole answer to a request."""
    with socket.create_connection((host, port), timeout=seconds) as client:
        client.sendall(request)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer


def fetch(url, accept="application/openmetrics-text; version=1.0.0", method="GET", path=None, host=None):
    """(status, headers, body)"""
    where = urlparse(url)
    head = f"{method} {path or where.path} HTTP/1.1\r\nHost: {host or where.netloc}\r\nAccept: {accept}\r\n\r\n"
    answer = ask(where.hostname, where.port, head.encode())
    top, _, body = answer.partition(b"\r\n\r\n")
    lines = top.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    demand("a status line", re.match(r"HTTP/1\.1 \d{3} \w", lines[0]))
    demand("Content-Length fits", method == "HEAD" or int(headers["content-length"]) == len(body))
    return int(lines[0].split()[1]), headers, body


class Family:
    def __init__(self, name, kind):
        self.name, self.kind, self.samples, self.help = name, kind, {}, None


def labels_of(text):
    found = re.findall(LABEL, text or "")
    names = [name for name, _ in found]
    demand(f"labels are there once: {text}", len(set(names)) == len(names))
    return dict(found)


def check_histogram(family):
    """Buckets grow, the last is +Inf and is the count; edges ascend and are as Prometheus writes them."""
    groups = {}
    for (name, labels), value in family.samples.items():
        rest = dict(labels)
        edge = rest.pop("le", None)
        group = groups.setdefault(tuple(sorted(rest.items())), {"buckets": []})
        if name.endswith("_bucket"):
            demand(f"a bucket of {name} has an edge", edge is not None)
            demand(f"the edge {edge} is a float", edge == "+Inf" or re.search(r"[.e]", edge))
            group["buckets"].append((float(edge), value))
        else:
            demand(f"{name} has no edge", edge is None)
            group[name[len(family.name):]] = value
    for key, group in groups.items():
        edges, counts = [e for e, _ in group["buckets"]], [c for _, c in group["buckets"]]
        demand(f"edges of {family.name}{key} ascend", edges == sorted(set(edges)))
        demand(f"buckets of {family.name}{key} grow", counts == sorted(counts))
        demand(f"{family.name}{key} has +Inf", edges and edges[-1] == float("inf"))
        demand(f"{family.name}{key} has its count", group.get("_count") == counts[-1])
        demand("no sum of what may be below 0", "_sum" not in group or edges[0] >= 0)


def parse(text, openmetrics):
    """{family: Family}"""
    families, family = {}, None
    demand("it ends in a new line", text.endswith("\n"))
    lines = text[:-1].split("\n")
    if openmetrics:
        demand("the last line is # EOF", lines.pop() == "# EOF")
    for line in lines:
        if line.startswith("#"):
            match = re.match(rf"# (TYPE|HELP) ({NAME}) (.*)$", line)
            demand(f"a comment is TYPE or HELP: {line}", match)
            what, name, rest = match.groups()
            if what == "TYPE":
                base = name[:-6] if not openmetrics and rest == "counter" else name
                demand(f"{name} comes once", base not in families)
                demand(f"{rest} is a type", rest in SUFFIXES and (rest == "untyped") <= (not openmetrics))
                family = families[base] = Family(base, rest)
            else:
                demand(f"HELP {name} is of the family at hand", family and name.startswith(family.name) and not family.samples)
                demand(f"HELP is escaped: {rest}", re.fullmatch(r'(?:[^\\\n]|\\["\\n])*', rest))
                family.help = rest
            continue
        match = SAMPLE.match(line)
        demand(f"a sample: {line}", match and family)
        name, labels = match[1], labels_of(match[2])
        demand(f"{name} is of the family {family.name}", name in [family.name + end for end in SUFFIXES[family.kind]])
        key = (name, tuple(sorted(labels.items())))
        demand(f"{line} comes once", key not in family.samples)
        value = float(match[match.lastindex])
        demand(f"{line}: a counter is not below 0", family.kind not in ("counter", "histogram") or value >= 0)
        family.samples[key] = value
    for one in families.values():
        demand(f"{one.name} has help", one.help)
        if one.kind == "histogram":
            check_histogram(one)
    return families


def show(families, wanted):
    for family in families.values():
        for (name, labels), value in family.samples.items():
            if name in wanted:
                print(f"{name}{{{','.join(f'{n}={v}' for n, v in labels if n != 'question')}}} {value:.17g}")


def attack(url):
    """What a client may do, and must not: each of these, then whether the next client is still answered."""
    where = urlparse(url)
    address = (where.hostname, where.port)
    silent = [socket.create_connection(address) for _ in range(40)]
    for client in silent[:20]:
        try:
            client.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        except OSError:
            pass # it was sent away: others came
    demand("silent clients do not keep others out", fetch(url)[0] == 200)
    deaf = [socket.socket() for _ in range(8)]
    for client in deaf:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(address)
        client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    demand("who does not read does not keep others out", fetch(url)[0] == 200)
    for request, status in [(b"\0" * 100, b"400"), (b"nonsense\r\n\r\n", b"400"), (b"GET /metrics SPDY/3\r\n\r\n", b"400"),
                            (b"GET / HTTP/1.1\r\n\r\n", b"404"), (b"GET /../etc/passwd HTTP/1.1\r\n\r\n", b"404"),
                            (b"POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\n", b"405"),
                            (b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 8200, b"431"),
                            (b"GET /metrics HTTP/1.1\r\nHost: evil.example:80\r\n\r\n", b"403")]:
        try:
            answer = ask(*address, request)
        except ConnectionError:
            answer = None # it is still sending when it is sent away
        demand(f"{request[:40]} is answered {status.decode()}, not {answer and answer[:20]}",
               answer is None and status == b"431" or answer and answer.split()[1] == status)
    code, _, body = fetch(url, method="HEAD")
    demand("HEAD is answered without a body", code == 200 and not body)
    start = time.monotonic()
    for client in silent + deaf:
        client.settimeout(20)
        try:
            while client.recv(65536):
                pass
        except ConnectionError:
            pass
    demand("all are sent away after a while", time.monotonic() - start < 20)
    print("all is well")


def main():
    if sys.argv[1] == "--attack":
        attack(sys.argv[2])
        return
    where, wanted = sys.argv[1], sys.argv[2:]
    if where.startswith("http:"):
        status, headers, body = fetch(where)
        demand("it is found", status == 200)
        demand("its type", headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        families = parse(body.decode(), True)
        status, headers, body = fetch(where, accept="*/*")
        demand("the older type", headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        parse(body.decode(), False)
    else:
        with open(where, encoding="utf-8") as file:
            families = parse(file.read(), False)
    show(families, wanted)


try:
    main()
except Wrong as wrong:
    sys.exit(f"openmetrics.py: expected: {wrong}")
