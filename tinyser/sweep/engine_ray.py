"""Runs as tasks of a Ray cluster: an existing one by its address, or one on this machine for the time it takes."""

from __future__ import annotations

import os
import socket
from collections.abc import Generator, Sequence

import ray

from codegen.errors import ToolError
from tinyser.sweep.job import Job, Outcome
from tinyser.sweep.worker import attempt

# How often a run is started again when its worker process or its machine dies.
RETRIES = 3
_CONNECT_SECONDS = 5.0


def run_jobs(jobs: Sequence[Job], workers: int, address: str | None) -> Generator[Outcome, None, None]:
    """Outcomes as they come; at most `workers` runs at once.

    A run whose worker is killed is tried again, up to RETRIES times; where the sweep's folder is on a file
    system that both machines share, it goes on after its last whole epoch. Closing the iterator, or an
    exception in it such as Ctrl-C, cancels what is running. Raises ToolError when there is no such cluster.
    """
    _connect(address, workers)
    pending: dict[ray.ObjectRef, Job] = {}
    try:
        # One core a run, as TrainSettings.threads; a GPU where one was asked for.
        gpus = 1 if jobs and jobs[0].device == "cuda" else 0
        task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=RETRIES)(attempt)
        waiting = list(reversed(jobs))
        while waiting or pending:
            while waiting and len(pending) < workers:
                job = waiting.pop()
                pending[task.remote(job)] = job
            for reference in ray.wait(list(pending), num_returns=1)[0]:
                yield _outcome(reference, pending.pop(reference))
    finally:
        for reference in pending:
            ray.cancel(reference, force=True)
        ray.shutdown()


def _outcome(reference: ray.ObjectRef, job: Job) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
        return outcome
    except ray.exceptions.RayTaskError:
        # A defect of ours, with its traceback.
        raise
    except ray.exceptions.RayError as error:
        reason = str(error).strip().partition("\n")[0]
        return Outcome(job.run, None, {}, f"Ray gave up after {RETRIES} retries: {reason}")


def _connect(address: str | None, workers: int) -> None:
    if address is not None:
        _need_listener(address)
    quiet = {"include_dashboard": False} if address is None else {}
    # Ray would report on the cluster to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray.init(
            address=address or "local",
            num_cpus=workers if address is None else None,
            logging_level="ERROR",
            log_to_driver=False,
            **quiet,
        )
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ToolError(
            f"ray: {address or 'local'}: {reason}; check --address, RAY_AUTH_MODE, that RAY_TMPDIR is short, and "
            "that versions agree"
        ) from error


def _need_listener(address: str) -> None:
    """Ray itself waits for minutes for a cluster that is not there. Raises ToolError at once instead."""
    host, separator, port = address.removeprefix("ray://").rpartition(":")
    if not separator and address == "auto":
        return
    if not host or not port.isdigit():
        raise ToolError(f"ray: address: got {address!r}, allowed is HOST:PORT, ray://HOST:PORT or auto; change it")
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ToolError(f"ray: {address}: nothing answers there ({error}); start it with: ray start --head") from error
