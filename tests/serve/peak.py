"""Runs a command and prints the peak memory of it and all its descendants together.

peak.py SERVER-PID COMMAND...    the server's own peak is printed beside it
"""

import os
import subprocess
import sys
import time


def status(pid):
    """Parent and resident kilobytes of a process."""
    fields = {}
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                key, _, value = line.partition(":")
                fields[key] = value.split()
    except OSError:
        return 0, 0, 0
    number = lambda key: int(fields.get(key, ["0"])[0])
    return number("PPid"), number("VmRSS"), number("VmHWM")


def together(root):
    parents, memory = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        parent, resident, _ = status(pid)
        parents.setdefault(parent, []).append(int(pid))
        memory[int(pid)] = resident
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        total += memory.get(pid, 0)
        todo += parents.get(pid, [])
    return total


server, command = sys.argv[1], sys.argv[2:]
begin = time.monotonic()
child = subprocess.Popen(command)
peak = 0
while child.poll() is None:
    peak = max(peak, together(child.pid))
    time.sleep(0.05)
print(f"exit {child.returncode} after {time.monotonic() - begin:.0f} s")
print(f"peak of collector and kubectl together: {peak / 1024:.0f} MiB")
print(f"peak of the server: {status(server)[2] / 1024:.0f} MiB")
