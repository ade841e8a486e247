"""interrupt.py SIGNAL LOG TEXT COMMAND...

Runs COMMAND; as soon as TEXT stands in LOG, sends SIGNAL: INT to the whole
process group, as a terminal does, any other to COMMAND alone.  Exits as COMMAND
does.
"""

import os
import signal
import subprocess
import sys
import time

name, log, text, *command = sys.argv[1:]
open(log, "w").close()


def prepare():
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)


child = subprocess.Popen(command, preexec_fn=prepare, env={**os.environ, "FAKE_LOG": log})
deadline = time.time() + 60
while text not in open(log).read() and child.poll() is None and time.time() < deadline:
    time.sleep(0.05)
time.sleep(0.2)
if name == "INT":
    os.killpg(child.pid, signal.SIGINT)
else:
    child.send_signal(getattr(signal, "SIG" + name))
sys.exit(child.wait())
