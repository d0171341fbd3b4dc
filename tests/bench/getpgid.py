#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""getpgid.py SOURCE COMMAND...: BCC's Python over getpgid.c, as its own tools do it: starts the command
once all is attached, prints its events until it has ended."""
import os
import sys

from bcc import BPF

gate, opened = os.pipe()
child = os.fork()
if child == 0:
    os.close(opened)
    os.read(gate, 1)
    os.execvp(sys.argv[2], sys.argv[2:])
os.close(gate)

bpf = BPF(src_file=sys.argv[1], cflags=["-DTARGET_PID=%d" % child])


def print_event(ctx, data, size):
    event = bpf["events"].event(data)
    print("%-12d %-7d %-7d %s" % (event.time, event.pid, event.cpu, event.comm.decode("utf-8", "replace")))


print("%-12s %-7s %-7s %s" % ("TIME", "PID", "CPU", "COMM"))
bpf["events"].open_ring_buffer(print_event)
os.write(opened, b"x")
while os.waitpid(child, os.WNOHANG) == (0, 0):
    bpf.ring_buffer_poll(10)
bpf.ring_buffer_consume()
