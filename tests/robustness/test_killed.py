"""SIGKILL at random moments and at the worst ones: what is there is old or whole, and the same command goes on."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.robustness.program import (
    ANGRY,
    SPOKEN,
    all_end,
    contents,
    end,
    killed_at_rename,
    leftovers,
    run,
    start,
    succeed,
    until,
    until_child,
)
from tinyser.sweep.table import read_rows

Training = Callable[[Path], tuple[object, ...]]


def kill(running, seconds: float) -> bool:
    """Kills a command after some time; whether it was still at work."""
    time.sleep(seconds)
    running.kill()
    return end(running).status == -signal.SIGKILL


def seconds_of(*arguments: object) -> float:
    started = time.monotonic()
    succeed(*arguments)
    return time.monotonic() - started


def test_generate_at_random_moments(tmp_path: Path, temporary: Path, moments: random.Random) -> None:
    whole = tmp_path / "whole"
    seconds = seconds_of("generate", SPOKEN, "-o", whole)
    for attempt in range(6):
        out = tmp_path / "out" / str(attempt)
        was_killed = kill(start("generate", SPOKEN, "-o", out), moments.uniform(0, seconds))
        assert not out.exists() or contents(out) == contents(whole)
        if was_killed and not out.exists():
            succeed("generate", SPOKEN, "-o", out)
            assert contents(out) == contents(whole)
    succeed("generate", SPOKEN, "-o", tmp_path / "out" / "last")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_generate_at_its_rename(moment: str, tmp_path: Path, temporary: Path) -> None:
    out = tmp_path / "out" / "firmware"
    killed_at_rename("generate", SPOKEN, "-o", out, at=f"firmware:1:{moment}")
    assert out.exists() == (moment == "after")
    # Named so that nobody takes it for a result, and in reach of the next run.
    assert len(leftovers(tmp_path / "out")) == (moment == "before")
    assert len(leftovers(temporary)) == 1
    if out.exists():
        json.loads((out / "manifest.json").read_text())
        out.rename(tmp_path / "whole")
    succeed("generate", SPOKEN, "-o", out)
    assert leftovers(tmp_path) == []
    if moment == "after":
        assert contents(out) == contents(tmp_path / "whole")


def test_an_old_file_stays_until_the_new_one_is_whole(project: Path, tmp_path: Path, temporary: Path) -> None:
    out, inputs = tmp_path / "out" / "y.npy", tmp_path / "x.npy"
    out.parent.mkdir()
    np.save(inputs, np.zeros((1, 200, 40), np.int8))
    command = ("emulate", project, "--on", "host", "--json", "--input", inputs, "--output", out)
    out.write_bytes(b"old")
    killed_at_rename(*command, at="y.npy:1:before")
    assert out.read_bytes() == b"old"
    killed_at_rename(*command, at="y.npy:1:after")
    assert np.load(out).shape == (1, 4)
    before = out.read_bytes()
    succeed(*command)
    assert out.read_bytes() == before and leftovers(tmp_path) == []


@pytest.mark.parametrize("stage", ["merge", "export"])
def test_checkpoints_and_onnx(stage: str, checkpoint: Path, merged: Path, tmp_path: Path, temporary: Path) -> None:
    source = checkpoint if stage == "merge" else merged
    out = tmp_path / "out" / ("merged.pt" if stage == "merge" else "model.onnx")
    out.parent.mkdir()
    out.write_bytes(b"old")
    killed_at_rename(stage, source, "-o", out, at=f"{out.name}:1:before")
    assert out.read_bytes() == b"old"
    succeed(stage, source, "-o", out)
    assert out.read_bytes() != b"old" and leftovers(tmp_path) == []


def test_train_at_the_worst_moments(training: Training, tmp_path: Path, temporary: Path) -> None:
    """Before and after each kind of file: every run goes on, and the model is that of a run without a break."""
    unbroken, out = tmp_path / "unbroken", tmp_path / "out"
    succeed(*training(unbroken))
    for at in ("last.pt:2:before", "log.csv:1:after", "metrics.json:1:before", "model.pt:1:before"):
        killed_at_rename(*training(out), at=at)
        assert (out / "last.pt").is_file() and not (out / "model.pt").exists()
        assert (out / ".lock").is_file()
    assert "finished already" in succeed(*training(out))
    assert {path.name for path in out.iterdir()} == {path.name for path in unbroken.iterdir()}
    assert leftovers(tmp_path) == []
    after, before = (json.loads((folder / "metrics.json").read_text()) for folder in (out, unbroken))
    assert after == before


def test_train_at_random_moments(training: Training, tmp_path: Path, temporary: Path, moments: random.Random) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        running = start(*training(out))
        until(lambda: (out / ".lock").exists(), running)
        kill(running, moments.uniform(0, 1.5))
        for name in ("last.pt", "model.pt", "log.csv", "metrics.json"):
            assert not (out / name).exists() or (out / name).stat().st_size > 0
    succeed(*training(out))
    assert leftovers(tmp_path) == []


@pytest.mark.slow
def test_sweep_between_its_writes(experiment: Path, recordings: Path, tmp_path: Path, temporary: Path) -> None:
    """Its worker ends with it, each row is whole, and the next sweep does the rest."""
    out = tmp_path / "out"
    command = ("sweep", experiment, "--data", recordings, "-o", out, "--jobs", 1)
    for at, rows in (("rows.csv:1:before", 0), ("rows.csv:1:after", 1)):
        killed_at_rename(*command, at=at)
        assert len(read_rows(out / "rows.csv")) == rows
    assert "2 runs, 1 done already" in succeed(*command)
    assert len(read_rows(out / "rows.csv")) == 2
    assert {path.name for path in out.iterdir()} == {"rows.csv", "runs", "work"}
    assert list((out / "work").iterdir()) == [] and leftovers(tmp_path) == []


@pytest.mark.slow
def test_sweep_takes_its_workers_along(experiment: Path, recordings: Path, tmp_path: Path, temporary: Path) -> None:
    running = start("sweep", experiment, "--data", recordings, "-o", tmp_path / "out", "--jobs", 1)
    until(lambda: list((tmp_path / "out").glob("work/*/last.pt")), running)
    below = until_child("multiprocessing", running)
    running.kill()
    end(running)
    all_end(below)


def test_check_goes_on(
    tmp_path: Path, temporary: Path, require_module: Callable[..., None], require_tool: Callable[..., None]
) -> None:
    require_module("torch", "onnxruntime", "tflite_micro", "tensorflow")
    require_tool("gcc")
    inputs, out = tmp_path / "x.npy", tmp_path / "out"
    np.save(inputs, np.zeros((2, 200, 40), np.int8))
    command = ("check", "--tflite", SPOKEN, "--input", inputs, "--qemu-sample", 0, "--layer-windows", 0, "-o", out)
    running = start(*command)
    until(lambda: list(out.glob("stages/twin-*")), running)
    running.kill()
    end(running)
    assert not (out / "report.json").exists()
    kept = contents(out / "stages")
    killed_at_rename(*command, at="report.html:1:before")
    report = json.loads((out / "report.json").read_text())
    assert kept.items() <= contents(out / "stages").items() and not (out / "report.html").exists()
    succeed(*command)
    assert {path.name for path in out.iterdir()} == {"report.json", "report.html"}
    assert json.loads((out / "report.json").read_text())["stages"] == report["stages"]
    assert leftovers(tmp_path) == []


def test_quantize_leaves_nothing(
    merged: Path, checkpoint: Path, tmp_path: Path, temporary: Path, require_module: Callable[..., None]
) -> None:
    require_module("onnx2tf", "tensorflow", "onnxruntime")
    onnx, out = tmp_path / "model.onnx", tmp_path / "out"
    out.mkdir()
    succeed("export", merged, "-o", onnx)
    calibration = checkpoint.parent / "calibration.npy"
    running = start("quantize", onnx, "--calibration", calibration, "-o", out / "model.tflite")
    below = until_child("onnx2tf_child", running)
    running.kill()
    end(running)
    all_end(below)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("place", ["host", "qemu", "tflm"])
def test_children_end_with_a_killed_parent(
    place: str,
    project: Path,
    many_inputs: Path,
    temporary: Path,
    require_tool: Callable[..., None],
    require_module: Callable[..., None],
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tflite_micro")
    mark = {"host": "host_child", "qemu": "qemu-system-arm", "tflm": "tflm_child"}[place]
    running = start("emulate", project, "--on", place, "--input", many_inputs)
    below = until_child(mark, running)
    running.kill()
    end(running)
    all_end(below)
    assert len(leftovers(temporary)) > 0
    run("features", ANGRY, "-o", temporary / "picture.png")  # any command that follows
    assert leftovers(temporary) == []
