"""A signal while a child or a thread is started: it is heard after it, and nothing is left at work."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.robustness.program import CHECKOUT

# A lock that is held over a fork, as logging's is, and a signal before it is given back: what a handler raises in the
# hooks of `os.register_at_fork` is unheard.
IN_FORK = """
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


# A signal when a pool's thread runs, but the pool does not know it yet.
IN_THREAD_START = """
import os, signal, threading
from tinyser.processes import in_threads, run

class Stopped(Exception):
    pass

def stop(number, frame):
    raise Stopped

class Thread(threading.Thread):
    def start(self):
        super().start()
        os.kill(os.getpid(), {number})

signal.signal({number}, stop)
threading.Thread = Thread
try:
    in_threads(lambda seconds: run(["sleep", seconds]), ["60"] * 4, 2)
except Stopped:
    print("stopped", threading.active_count())
print(signal.getsignal({number}) is stop)
"""
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


def printed(program: str, number: signal.Signals) -> list[str]:
    command = [sys.executable, "-c", program.format(number=int(number))]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=50)
    assert ended.stderr == ""
    return ended.stdout.splitlines()


@SIGNALS
def test_child(number: signal.Signals) -> None:
    """The child that was started is ended, the handler is in its place again, and threads can start children."""
    assert printed(IN_FORK, number) == [f"stopped {-signal.SIGKILL}", "True", "another"]


@SIGNALS
def test_thread(number: signal.Signals) -> None:
    """No thread is at work any more, nor what it waited for; the handler is in its place again."""
    assert printed(IN_THREAD_START, number) == ["stopped 1", "True"]
