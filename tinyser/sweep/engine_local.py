"""Runs on this machine: worker processes that each take one run after another."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import NoReturn

from tinyser.sweep.job import Job, Outcome

# Long enough to end a converter's process; then the worker is killed.
_PATIENCE_SECONDS = 5.0


def run_jobs(jobs: Sequence[Job], workers: int) -> Generator[Outcome, None, None]:
    """Outcomes as they come; a worker that dies fails its run, and another takes its place.

    Closing the iterator, or an exception in it such as Ctrl-C, ends all workers.
    """
    waiting = list(reversed(jobs))
    # Holds every worker from before its start to its end, so that an interruption at any line loses none.
    crew: list[_Worker] = []
    try:
        while waiting or _busy(crew):
            while waiting and len(_busy(crew)) < workers:
                idle = [worker for worker in crew if worker.job is None]
                worker = idle[0] if idle else _hire(crew)
                worker.take(waiting.pop())
            ready = wait([worker.connection for worker in _busy(crew)])
            for worker in [worker for worker in _busy(crew) if worker.connection in ready]:
                outcome = worker.outcome()
                if not worker.process.is_alive():
                    crew.remove(worker)
                yield outcome
    finally:
        _end(crew)


class _Worker:
    """A fresh interpreter (forking one that has used torch is not safe), the connection to it, and the job it has."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, self._theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self._theirs, tempfile.gettempdir()))
        self.job: Job | None = None

    def start(self) -> None:
        """Starts the process with Ctrl-C blocked, which it inherits: that is the parent's business."""
        # Where it is not running yet, the start would begin with this, which unblocks the signal.
        resource_tracker.ensure_running()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self._theirs.close()

    def take(self, job: Job) -> None:
        self.job = job
        self.connection.send(job)

    def outcome(self) -> Outcome:
        """What became of the job; waits for it."""
        assert self.job is not None
        try:
            outcome: Outcome = self.connection.recv()
        except (EOFError, OSError):
            outcome = Outcome(self.job.run, None, {}, self._cause_of_death())
        self.job = None
        return outcome

    def _cause_of_death(self) -> str:
        self.process.join()
        code = self.process.exitcode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        return f"its worker process {how}; see what it printed"


def _busy(crew: Sequence[_Worker]) -> list[_Worker]:
    return [worker for worker in crew if worker.job is not None]


def _hire(crew: list[_Worker]) -> _Worker:
    worker = _Worker()
    crew.append(worker)
    worker.start()
    return worker


def _end(crew: Sequence[_Worker]) -> None:
    started = [worker for worker in crew if worker.process.pid is not None]
    for worker in started:
        worker.process.terminate()
    for worker in started:
        worker.process.join(_PATIENCE_SECONDS)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.connection.close()


def _serve(connection: Connection, temporary: str) -> None:
    """What a worker process does until it is ended; its temporary files go with those of its parent."""
    tempfile.tempdir = temporary
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from tinyser.sweep.worker import attempt

    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        connection.send(attempt(job))


def _leave(number: int, frame: object) -> NoReturn:
    # No looking for garbage at the end: the others wait for it. An exception, so that a converter that is running as a
    # child process is ended too.
    gc.freeze()
    sys.exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
