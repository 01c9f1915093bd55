"""Child processes that never outlive this one, whichever way either of them ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, current_thread, main_thread
from types import FrameType
from typing import Any, TypeVar

from codegen.errors import ToolError

Item = TypeVar("Item")
Result = TypeVar("Result")
_PR_SET_PDEATHSIG = 1
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Looked up here: between fork and exec as little as possible should happen.
_prctl = ctypes.PyDLL(None).prctl if sys.platform == "linux" else None
_running: set[subprocess.Popen[str]] = set()
_running_lock = Lock()


@contextmanager
def child(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, brief: bool = False, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A running program, with text through its pipes; at the end of the block it is killed with all it started.

    Its temporary files lie with ours. It has a session of its own, so that Ctrl-C in a terminal is this process's
    business alone, and on Linux it is killed when this process is, unless it is `brief`: that starts faster (0.3
    instead of 15 ms), and ends soon anyway. `options` as for `subprocess.Popen`. Raises ToolError where it cannot be
    started.
    """
    process: subprocess.Popen[str] | None = None
    try:
        with _handlers_wait():
            process = _start(command, environment or {}, brief, options)
            with _running_lock:
                _running.add(process)
        yield process
    finally:
        if process is not None:
            with _running_lock:
                _running.discard(process)
            _end(process)


def _start(
    command: Sequence[str], environment: Mapping[str, str], brief: bool, options: Mapping[str, Any]
) -> subprocess.Popen[str]:
    parent = os.getpid()

    def end_with_parent() -> None:
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    try:
        return subprocess.Popen(
            command,
            env={**os.environ, "TMPDIR": tempfile.gettempdir(), **environment},
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=None if brief else end_with_parent,
            **options,
        )
    except OSError as error:
        raise ToolError(
            f"{command[0]}: cannot be started ({error.strerror}); install it anew, or put another one before it on PATH"
        ) from error


@contextmanager
def _handlers_wait() -> Iterator[None]:
    """What would end this process is handled when the block ends.

    A handler that raises in the midst of a fork is unheard, and leaves locks taken that `os.register_at_fork` takes for
    it, logging's for one: the next fork waits for ever. In the midst of a thread's start it leaves a thread that its
    pool does not know, and so does not wait for. Handlers run in the main thread only.
    """
    if current_thread() is not main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    handlers = {number: handler for number in _ENDING if callable(handler := signal.getsignal(number))}
    for number in handlers:
        signal.signal(number, lambda *arguments: came.append(arguments))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for arguments in came:
            handlers[signal.Signals(arguments[0])](*arguments)


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
    merge: bool = False,
    brief: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, with nothing on its standard input; `merge`: both outputs are one; `brief` as above.

    Raises ToolError where it cannot be started, subprocess.TimeoutExpired after `timeout` seconds.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT if merge else subprocess.PIPE}
    with child(command, environment=environment, brief=brief, cwd=cwd, stdin=subprocess.DEVNULL, **streams) as process:
        printed, complaints = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(command, process.returncode, printed, complaints or "")


def in_threads(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> list[Result]:
    """Results in the items' order; on an error, or Ctrl-C, the children that the others wait for are killed."""
    with ThreadPoolExecutor(threads) as pool:
        futures: list[Future[Result]] = []
        try:
            with _handlers_wait():
                futures += (pool.submit(function, item) for item in items)
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            while wait([future for future in futures if future.running()], timeout=0.05).not_done:
                with _running_lock:
                    for process in _running:
                        _kill(process)
            raise


def _end(process: subprocess.Popen[str]) -> None:
    _kill(process)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _kill(process: subprocess.Popen[str]) -> None:
    # Once it is reaped, its number may be another's.
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
