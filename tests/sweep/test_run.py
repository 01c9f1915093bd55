"""Whole sweeps on this machine: complete rows, going on after a stop, workers that die, and the command."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from codegen.errors import DataError, OutputExistsError, TinySerError, ToolError
from tests.sweep.conftest import TINY
from tests.sweep.processes import descendants
from tinyser.cli.sweep import command
from tinyser.sweep.job import Job
from tinyser.sweep.plan import Experiment, load_experiment
from tinyser.sweep.run import SweepOptions, sweep
from tinyser.sweep.table import COLUMNS, Row, read_rows

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
QUICK = EXPERIMENTS / "quick.toml"
Make = Callable[..., Experiment]
Options = Callable[..., SweepOptions]


def quiet_sweep(experiment: Experiment, options: SweepOptions) -> list[Row]:
    return sweep(experiment, options, Console(quiet=True))


def in_this_process(monkeypatch: pytest.MonkeyPatch, stop_after: int | None = None) -> list[str]:
    """Makes the local engine run here, without processes; Ctrl-C comes after some runs. The ids it was given."""
    from tinyser.sweep import engine_local
    from tinyser.sweep.worker import attempt

    given: list[str] = []

    def run_jobs(jobs: Sequence[Job], workers: int) -> Any:
        for number, job in enumerate(jobs):
            if number == stop_after:
                raise KeyboardInterrupt
            given.append(job.run.id)
            yield attempt(job)

    monkeypatch.setattr(engine_local, "run_jobs", run_jobs)
    return given


def test_command_interrupted_and_going_on(recordings: Path, tmp_path: Path) -> None:
    """Through the command line and its worker processes; Ctrl-C after the first row."""
    out = tmp_path / "sweep"
    (tmp_path / "tiny.toml").write_text(TINY.format(epochs=12, more=""))
    arguments = [sys.executable, "-m", "tinyser", "sweep", str(tmp_path / "tiny.toml"), "--data", str(recordings)]
    arguments += ["-o", str(out), "--jobs", "1", "--report"]
    # Tests that a script started in the background ignore Ctrl-C, and so would this.
    first = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while len(read_rows(out / "rows.csv")) == 0 and first.poll() is None:
        time.sleep(0.05)
    workers = [pid for pid, line in descendants(first.pid).items() if "spawn_main" in line]
    # As a terminal does it: to the whole group.
    os.killpg(first.pid, signal.SIGINT)
    printed, _ = first.communicate(timeout=30)
    assert first.returncode == 130, printed.decode()
    assert b"the same command goes on" in printed and b"Traceback" not in printed
    assert workers and not any(Path(f"/proc/{pid}").exists() for pid in workers)
    done = (out / "rows.csv").read_text()
    assert 1 <= len(read_rows(out / "rows.csv")) < 4 and not (out / "report").exists()

    second = subprocess.run(arguments, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    assert f"4 runs, {len(done.splitlines()) - 1} done already" in second.stdout
    assert (out / "rows.csv").read_text().startswith(done)
    assert len({row.id for row in read_rows(out / "rows.csv")}) == len(read_rows(out / "rows.csv")) == 4
    assert "All 4 runs on corpus folder" in (out / "report" / "tiny.md").read_text()
    assert list((out / "work").iterdir()) == []


def test_rows_tell_of_known_voices(tiny: Make, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)
    experiment = tiny(features='features = {normalisation = "running", running_seconds = 100.0}')
    quiet_sweep(experiment, options())
    for row in read_rows(options().output / "rows.csv"):
        metrics = json.loads((options().output / "runs" / row.id / "metrics.json").read_text())
        assert row.familiar_uar == metrics["test_familiar"]["uar"]


def test_rows_are_complete(tiny: Make, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)
    experiment, folder = tiny(), options().output
    rows = quiet_sweep(experiment, options())
    assert [row.id for row in rows] == [run.id for run in experiment.runs()]
    with (folder / "rows.csv").open(newline="") as file:
        for cells in csv.DictReader(file):
            empty = ("int8_", "start_", "hrf_learning_", "rounding_noise", "unfamiliar", "familiar_")
            assert all(cells[name] for name in COLUMNS if not name.startswith(empty))
    for run, row in zip(experiment.runs(), rows, strict=True):
        assert row.settings == run.training
        *_, last = csv.DictReader((folder / "runs" / run.id / "log.csv").read_text().splitlines())
        assert row.train_loss == float(last["train_loss"])
        assert row.float32.clips == 8 and sum(map(sum, row.float32.confusion)) == 8
        assert list(row.float32.recall) == ["angry", "happy", "neutral", "sad"]
        factored = row.settings["hrf_ratio"] > 0
        assert (row.parameters_trained > row.parameters_merged) == factored
        assert 0 <= row.merge_difference < 1e-4 and (row.merge_difference > 0) == factored
        # The merged model decides as the trained one: these are the figures that training saw.
        metrics = json.loads((folder / "runs" / run.id / "metrics.json").read_text())
        assert row.float32.to_json() == metrics["test"]
        assert {path.name for path in (folder / "runs" / run.id).iterdir()} == {
            "log.csv",
            "metrics.json",
            "settings.json",
        }
    assert len({row.parameters_merged for row in rows}) == 1
    assert list((folder / "work").iterdir()) == []


def test_finished_runs_are_not_repeated(tiny: Make, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = tiny()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        in_this_process(patch, stop_after=3)
        quiet_sweep(experiment, options())
    with monkeypatch.context() as patch:
        given = in_this_process(patch)
        rows = quiet_sweep(experiment, options())
    assert given == [experiment.runs()[3].id] and len(rows) == 4
    with monkeypatch.context() as patch:
        assert in_this_process(patch) == [] and quiet_sweep(experiment, options()) == rows


def test_interrupted_run_goes_on_where_it_was(tiny: Make, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    from tinyser.training.loop import Trainer

    whole = Trainer._train_one_pass
    epochs: list[int] = []

    def one_pass(trainer: Trainer) -> float:
        epochs.append(trainer.at.epoch)
        if epochs == [0, 1]:
            raise KeyboardInterrupt
        return whole(trainer)

    monkeypatch.setattr(Trainer, "_train_one_pass", one_pass)
    in_this_process(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        quiet_sweep(tiny(), options())
    assert len(list((options().output / "work").iterdir())) == 1
    assert len(quiet_sweep(tiny(), options())) == 4
    assert epochs == [0, 1, 1, 0, 1, 0, 1, 0, 1]


def test_stopped_between_a_row_and_clearing_up(tiny: Make, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    given = in_this_process(monkeypatch)
    rows = quiet_sweep(tiny(), options())
    left = options().output / "work" / rows[0].id
    left.mkdir()
    assert quiet_sweep(tiny(), options()) == rows and len(given) == 4
    assert not left.exists()


def test_keep_leaves_the_models(tiny: Make, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)
    (first, *_) = quiet_sweep(tiny(1, "keep = true"), options())
    names = {path.name for path in (options().output / "runs" / first.id).iterdir()}
    assert {"model.pt", "merged.pt", "calibration.npy", "log.csv"} <= names and "last.pt" not in names


def test_killed_worker_fails_its_run_alone(tiny: Make, options: Options) -> None:
    """A worker that trains is killed: another takes its place, and does what is left."""
    experiment, killed = replace(tiny(12), folds=(0,)), []

    def kill() -> None:
        while not killed:
            at_work = list((options().output / "work").glob("*/log.csv"))
            victims = [pid for pid, line in descendants(os.getpid()).items() if "spawn_main" in line] if at_work else []
            for pid in victims[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            time.sleep(0.02)

    threading.Thread(target=kill, daemon=True).start()
    with pytest.raises(ToolError, match=r"^1 of 2 runs failed.*was ended by SIGKILL.*tries these again"):
        quiet_sweep(experiment, options(jobs=1))
    assert killed and len(read_rows(options().output / "rows.csv")) == 1


def test_interruption_while_a_job_is_handed_over_loses_no_worker(
    tiny: Make, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinyser.sweep.engine_local import _Worker

    take = _Worker.take

    def take_and_stop(worker: _Worker, job: Job) -> None:
        take(worker, job)
        raise KeyboardInterrupt

    monkeypatch.setattr(_Worker, "take", take_and_stop)
    with pytest.raises(KeyboardInterrupt):
        quiet_sweep(tiny(), options(jobs=1))
    assert not [line for line in descendants(os.getpid()).values() if "spawn_main" in line]


def test_workers_never_see_a_ctrl_c(tmp_path: Path) -> None:
    """From their first instruction on; in a process of its own, where no worker was started before."""
    code = """
import pathlib, signal
from tinyser.sweep.engine_local import _end, _Worker
worker = _Worker()
worker.start()
status = pathlib.Path(f"/proc/{worker.process.pid}/status").read_text()
print(*(line for line in status.splitlines() if "SigBlk" in line))
print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
_end([worker])
"""
    (tmp_path / "start.py").write_text(f"if __name__ == '__main__':\n{textwrap.indent(code, '    ')}")
    done = subprocess.run([sys.executable, tmp_path / "start.py"], capture_output=True, text=True, check=True)
    blocked, parents = done.stdout.splitlines()
    assert int(blocked.split()[1], 16) >> (signal.SIGINT - 1) & 1
    assert parents == "False"


@pytest.mark.slow
def test_quick_experiment_in_int8(
    options: Options, monkeypatch: pytest.MonkeyPatch, require_module: Callable[..., None]
) -> None:
    require_module("onnx2tf", "tensorflow", "onnxruntime")
    in_this_process(monkeypatch, stop_after=1)
    with pytest.raises(KeyboardInterrupt):
        quiet_sweep(replace(load_experiment(QUICK), int8=True), options(data=None))
    (row,) = read_rows(options().output / "rows.csv")
    assert row.int8 is not None
    assert row.int8.scores.clips == row.float32.clips == 128
    assert row.int8.bytes > 40_000 and row.int8.agreement >= 0.9
    assert sum(map(sum, row.int8.scores.confusion)) == 128


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('preset = "huge"', "preset: got 'huge', allowed are small"),
        (None, "modules: 'feed-forward' matches no linear layer"),
    ],
)
def test_what_would_fail_in_every_run_fails_at_once(
    tiny: Make, options: Options, more: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = in_this_process(monkeypatch)
    experiment = tiny(2, more) if more else replace(tiny(), hrf_modules=(("ffn",), ("feed-forward",)))
    with pytest.raises(TinySerError, match=message):
        quiet_sweep(experiment, options())
    assert given == []


def test_no_such_fold(tiny: Make, options: Options) -> None:
    with pytest.raises(DataError, match=r"fold: got 3, allowed is 0\.\.2"):
        quiet_sweep(replace(tiny(), folds=(0, 3)), options())


def test_two_sweeps_in_one_folder(tiny: Make, options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    options().output.mkdir()
    with (options().output / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OutputExistsError, match=r"another tinyser is at work in it and holds .*\.lock; wait"):
            quiet_sweep(tiny(), options())


def test_output_that_is_a_file(tiny: Make, options: Options) -> None:
    options().output.write_text("")
    with pytest.raises(DataError, match="is a file, a folder is needed"):
        quiet_sweep(tiny(), options())


def test_address_without_ray(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(QUICK), "-o", str(tmp_path / "out"), "--address", "here:1"])
    assert isinstance(result.exception, TinySerError) and "allowed is --engine ray" in str(result.exception)


def test_report_without_rows(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(QUICK), "-o", str(tmp_path / "out"), "--jobs", "0", "--report"])
    assert isinstance(result.exception, DataError) and "no finished run" in str(result.exception)


def test_the_corpus_is_said_on_the_command_line(tmp_path: Path) -> None:
    text = (EXPERIMENTS / "backbones-emodb.toml").read_text("utf-8").replace('corpus = "emodb"\n', "")
    by_corpus = re.sub(r"^folds = (.*)$", r"folds = {emodb = \1, ravdess = [0]}", text, flags=re.M)
    (tmp_path / "both.toml").write_text(by_corpus, "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    shutil.copy(EXPERIMENTS / "measured" / "emodb.csv", out / "rows.csv")
    arguments = [str(tmp_path / "both.toml"), "-o", str(out), "--jobs", "0", "--report", "--corpus"]
    assert CliRunner().invoke(command, [*arguments, "emodb"]).exit_code == 0
    assert "20 of 60 runs on corpus emodb" in (out / "report" / "both.md").read_text("utf-8")
    none = CliRunner().invoke(command, [*arguments, "ravdess"])
    assert isinstance(none.exception, DataError) and "no finished run" in str(none.exception)


@pytest.mark.parametrize("package", ["ray", "matplotlib", "torch"])
def test_names_the_extra(tmp_path: Path, package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from tinyser.cli import main; main()"
    arguments = ["sweep", str(QUICK), "-o", str(tmp_path / "out"), "--engine", "ray", "--jobs", "1", "--report"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert done.stderr == f"tinyser: {package}: not installed; run: pip install 'tinyser[sweep]'\n"
