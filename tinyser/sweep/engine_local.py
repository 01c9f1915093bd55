"""Runs on this machine: worker processes that each take one run after another."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Generator, Sequence
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
    busy: dict[Connection, tuple[_Worker, Job]] = {}
    idle: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                worker, job = idle.pop() if idle else _Worker(), waiting.pop()
                worker.connection.send(job)
                busy[worker.connection] = worker, job
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                worker, job = busy.pop(connection)
                try:
                    outcome: Outcome = connection.recv()
                    idle.append(worker)
                except (EOFError, OSError):
                    outcome = Outcome(job.run, None, {}, worker.cause_of_death())
                yield outcome
    finally:
        _end([*idle, *(worker for worker, _ in busy.values())])


class _Worker:
    """A fresh interpreter (forking one that has used torch is not safe), and the connection to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,))
        self.process.start()
        theirs.close()

    def cause_of_death(self) -> str:
        self.process.join()
        code = self.process.exitcode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        return f"its worker process {how}; see what it printed"


def _end(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join(_PATIENCE_SECONDS)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.connection.close()


def _serve(connection: Connection) -> None:
    """What a worker process does. Ctrl-C is the parent's business: it ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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
    # An exception, so that a converter that is running as a child process is ended too.
    sys.exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
