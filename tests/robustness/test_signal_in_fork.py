"""A signal while a child is started: in the hooks of `os.register_at_fork` what a handler raises is unheard."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.robustness.program import CHECKOUT

# A lock that is held over a fork, as logging's is, and a signal before it is given back.
PROGRAM = """
import os, signal, subprocess, threading
from tinyser.processes import child, run

class Stopped(Exception):
    pass

def stop(number, frame):
    raise Stopped

def release():
    if armed:
        os.kill(os.getpid(), {number})
    lock.release()

class Popen(subprocess.Popen):
    def __init__(self, *arguments, **options):
        started.append(self)
        super().__init__(*arguments, **options)

lock, started, armed = threading.Lock(), [], True
os.register_at_fork(before=lock.acquire, after_in_parent=release)
signal.signal({number}, stop)
subprocess.Popen = Popen
try:
    with child(["sleep", "60"]):
        print("went on")
except Stopped:
    print("stopped", started[0].returncode)
armed = False
print(signal.getsignal({number}) is stop)
again = threading.Thread(target=lambda: print(run(["echo", "another"]).stdout, end=""))
again.start()
again.join()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_is_heard_after_it(number: signal.Signals) -> None:
    """The child that was started is ended, the handler is in its place again, and threads can start children."""
    command = [sys.executable, "-c", PROGRAM.format(number=int(number))]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines() == [f"stopped {-signal.SIGKILL}", "True", "another"], ended
    assert ended.stderr == ""
