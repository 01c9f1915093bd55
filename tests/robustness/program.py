"""The `tinyser` program as a user starts it, and what it may leave."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.sweep.processes import descendants

CHECKOUT = Path(__file__).resolve().parents[2]
SPOKEN, ANGRY = CHECKOUT / "examples" / "spoken.tflite", CHECKOUT / "examples" / "angry.wav"
KILL_AT_RENAME = Path(__file__).with_name("kill_at_rename")
PATIENCE_SECONDS = 120.0  # for what takes a second or two on a machine with nothing else to do


@dataclass(frozen=True, slots=True)
class Ended:
    """Exit status, negative for a signal, and what was printed."""

    status: int
    out: str
    err: str


def start(*arguments: object, environment: Mapping[str, object] | None = None) -> subprocess.Popen[str]:
    """A running command in a session of its own, so that a signal to its group is none to the tests."""
    more = {name: str(value) for name, value in (environment or {}).items()}
    return subprocess.Popen(
        [sys.executable, "-m", "tinyser", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A script started in the background ignores Ctrl-C, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def end(running: subprocess.Popen[str]) -> Ended:
    out, err = running.communicate(timeout=PATIENCE_SECONDS)
    return Ended(running.returncode, out, err)


def run(*arguments: object, environment: Mapping[str, object] | None = None) -> Ended:
    return end(start(*arguments, environment=environment))


def succeed(*arguments: object, environment: Mapping[str, object] | None = None) -> str:
    """Standard output of a command that must succeed."""
    ended = run(*arguments, environment=environment)
    assert ended.status == 0, ended
    return ended.out


def refuses(ended: Ended, message: str) -> None:
    """One line that says why, exit status 2."""
    said = [line for line in ended.err.splitlines() if line.strip() and not line.startswith("note: ")]
    assert ended.status == 2 and len(said) == 1 and said[0].startswith("tinyser: "), ended
    assert re.search(message, said[0]), said[0]


def killed_at_rename(*arguments: object, at: str, environment: Mapping[str, object] | None = None) -> None:
    """Runs a command that kills itself at `NAME:N:before` or `:after`."""
    path = os.pathsep.join((str(KILL_AT_RENAME), str(CHECKOUT)))
    ended = run(*arguments, environment={"PYTHONPATH": path, "KILL_AT_RENAME": at, **(environment or {})})
    assert ended.status == -signal.SIGKILL, (at, ended)


def until(what: Callable[[], object], running: subprocess.Popen[str]) -> None:
    """Waits for something that a running command does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert running.poll() is None, end(running)
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def until_child(mark: str, running: subprocess.Popen[str]) -> dict[int, str]:
    """Waits for a process below the command with `mark` in its command line; all processes below it then."""
    until(lambda: any(mark in line for line in descendants(running.pid).values()), running)
    return descendants(running.pid)


def all_end(processes: Mapping[int, str]) -> None:
    """None of the processes is there any more, or only as a zombie that its new parent has not yet reaped."""
    deadline = time.monotonic() + 10.0
    while left := {pid: line for pid, line in processes.items() if _is_alive(pid)}:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def leftovers(*folders: Path) -> list[Path]:
    """Temporary files of killed or living processes in and below the folders."""
    names = (".tinyser-partial-*", "tinyser-*", ".lock")
    return [path for folder in folders for name in names for path in folder.rglob(name)]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
