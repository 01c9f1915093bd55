"""Runs foreign or generated code in a child process, so that its abort is a message and not the end of the command."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from codegen.errors import ToolError
from tinyser.processes import child, run

_TELLING = ("ERROR: AddressSanitizer", "runtime error:", "Error:", "error:", "[ONNXRuntimeError]")
Ask = Callable[[str], str]  # a line to a child, and the line that it answers


def run_child(command: Sequence[str], what: str, environment: Mapping[str, str] | None = None) -> str:
    """Standard output of a child. Raises ToolError with the first line that tells what went wrong."""
    done = run(command, environment=environment)
    if done.returncode != 0:
        raise _failure(what, done.returncode, done.stderr + done.stdout)
    return done.stdout


def follow_child(command: Sequence[str], what: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Lines that a child prints, as they come; it has this process's standard input, and ends with the iterator.

    Raises ToolError as `run_child`.
    """
    with (
        tempfile.TemporaryFile("w+", errors="replace") as complaints,
        child(command, environment=environment, stdout=subprocess.PIPE, stderr=complaints) as process,
    ):
        assert process.stdout is not None
        yield from process.stdout
        if process.wait() != 0:
            raise _ended(what, process, complaints)


@contextmanager
def asked_child(command: Sequence[str], what: str) -> Iterator[Ask]:
    """A child that answers each line with a line, which ends with the block. Asking raises ToolError as `run_child`."""
    with (
        tempfile.TemporaryFile("w+", errors="replace") as complaints,
        child(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints) as process,
    ):

        def ask(question: str) -> str:
            assert process.stdin is not None and process.stdout is not None
            # A child that is gone says why below.
            with suppress(BrokenPipeError):
                print(question, file=process.stdin, flush=True)
            answer = process.stdout.readline()
            if not answer:
                process.wait()
                raise _ended(what, process, complaints)
            return answer

        yield ask


def _ended(what: str, process: subprocess.Popen[str], complaints: IO[str]) -> ToolError:
    complaints.seek(0)
    return _failure(what, process.returncode, complaints.read())


def _failure(what: str, status: int, printed: str) -> ToolError:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    telling = [line for line in lines if any(mark in line for mark in _TELLING)] or lines[-1:]
    reason = telling[0][:300] if telling else "no message"
    if status < 0:
        reason = f"{signal.Signals(-status).name}: {reason}"
    return ToolError(f"{what}: exit status {status}: {reason}")
