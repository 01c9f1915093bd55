"""Sweeps on a real Ray cluster with two workers, one of which is killed on the way."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from codegen.errors import ToolError
from tests.sweep.processes import descendants
from tinyser.sweep.job import Job
from tinyser.sweep.plan import Experiment
from tinyser.sweep.run import SweepOptions, sweep
from tinyser.sweep.table import read_rows
from tinyser.sweep.worker import attempt

Make = Callable[..., Experiment]
Options = Callable[..., SweepOptions]


@pytest.fixture(scope="module")
def cluster(require_module: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The address of a cluster of this module's own, for two runs at once, and the process it hangs on."""
    require_module("ray")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        # A secret of its own: nobody else's cluster, and none for anybody else.
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(16))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
        ray = Path(sys.executable).parent / "ray"
        start = [str(ray), "start", "--head", f"--port={port}", "--num-cpus=2", "--include-dashboard=false", "--block"]
        with (tmp_path_factory.mktemp("ray") / "log").open("w+") as log:
            head = subprocess.Popen(start, stdout=log, stderr=log, start_new_session=True)
            try:
                while "Ray runtime started" not in Path(log.name).read_text():
                    assert head.poll() is None, Path(log.name).read_text()
                    time.sleep(0.1)
                yield f"127.0.0.1:{port}", head.pid
            finally:
                head.terminate()
                head.wait(30)


def kill_a_worker(head: int, work: Path) -> list[int]:
    """From now on: as soon as a run has finished an epoch, `kill -9` of a Ray worker that runs one. Its id, later."""
    killed: list[int] = []

    def wait_and_kill() -> None:
        while not killed:
            for pid, line in descendants(head).items() if list(work.glob("*/log.csv")) else ():
                if line.startswith("ray::attempt") and not killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
            time.sleep(0.02)

    threading.Thread(target=wait_and_kill, daemon=True).start()
    return killed


@pytest.mark.slow
def test_killed_worker(tiny: Make, options: Options, cluster: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without retries the run of a killed worker fails, so the kill hits; with them all runs are done."""
    from tinyser.sweep import engine_ray

    address, head = cluster
    experiment, on_ray = replace(tiny(12), folds=(0,)), options(engine="ray", address=address)
    with monkeypatch.context() as patch:
        patch.setattr(engine_ray, "RETRIES", 0)
        killed = kill_a_worker(head, on_ray.output / "work")
        with pytest.raises(ToolError, match="^1 of 2 runs failed.*Ray gave up after 0 retries"):
            sweep(experiment, on_ray, Console(quiet=True))
        assert killed and len(read_rows(on_ray.output / "rows.csv")) == 1

    on_ray = options(engine="ray", address=address, output=on_ray.output.with_name("again"))
    killed = kill_a_worker(head, on_ray.output / "work")
    rows = sweep(experiment, on_ray, Console(quiet=True))
    assert killed and not Path(f"/proc/{killed[0]}").exists()
    assert [row.id for row in rows] == [run.id for run in experiment.runs()]
    assert all(row.epochs_run == 12 for row in rows)


@pytest.mark.slow
def test_cluster_for_the_time_it_takes(tiny: Make, options: Options, cluster: tuple[str, int]) -> None:
    """Without an address; the figures are those of a run without Ray."""
    experiment, on_ray = replace(tiny(), folds=(0,)), options(engine="ray", jobs=1)
    rows = sweep(experiment, on_ray, Console(quiet=True))
    for run, row in zip(experiment.runs(), rows, strict=True):
        alone = attempt(Job(run, on_ray.data, on_ray.output.with_name("none"), "cpu"))
        assert alone.row is not None and alone.row.float32 == row.float32
    left = descendants(os.getpid()).keys() - descendants(cluster[1]).keys() - {cluster[1]}
    assert not any("raylet" in line for pid, line in descendants(os.getpid()).items() if pid in left)


@pytest.mark.parametrize(
    ("address", "message"),
    [("127.0.0.1:1", "nothing answers there"), ("here", "got 'here', allowed is HOST:PORT"), ("a:b", "got 'a:b'")],
)
def test_no_such_cluster(
    tiny: Make, options: Options, address: str, message: str, require_module: Callable[..., None]
) -> None:
    require_module("ray")
    with pytest.raises(ToolError, match=f"ray: .*{message}"):
        sweep(tiny(), options(engine="ray", address=address), Console(quiet=True))
