"""Ctrl-C, to the whole group as a terminal sends it or to the command alone, and SIGTERM: one line, no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.robustness.program import SPOKEN, all_end, end, leftovers, refuses, run, start, succeed, until, until_child
from tests.sweep.conftest import TINY
from tests.sweep.processes import descendants

TO = pytest.mark.parametrize("to", ["group", "command"])
STOPPED = "tinyser: stopped"


def stop(running: subprocess.Popen[str], mark: str, to: str, number: signal.Signals = signal.SIGINT) -> str:
    """Sends the signal while a child with `mark` in its command line is at work; the line that is printed."""
    below = until_child(mark, running)
    if to == "group":
        os.killpg(running.pid, number)
    else:
        running.send_signal(number)
    ended = end(running)
    all_end(below)
    said = [line for line in ended.err.splitlines() if line.strip()]
    assert ended.status == 128 + number and len(said) == 1, ended
    return said[0]


@TO
@pytest.mark.parametrize(
    ("place", "mark"), [("host", "host_child"), ("qemu", "qemu-system-arm"), ("tflm", "tflm_child")]
)
def test_emulate(
    place: str,
    mark: str,
    to: str,
    project: Path,
    many_inputs: Path,
    temporary: Path,
    require_tool: Callable[..., None],
    require_module: Callable[..., None],
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tflite_micro")
    assert stop(start("emulate", project, "--on", place, "--input", many_inputs), mark, to) == STOPPED
    assert leftovers(temporary) == []


@TO
def test_while_it_compiles(to: str, project: Path, many_inputs: Path, temporary: Path) -> None:
    assert stop(start("emulate", project, "--on", "host", "--input", many_inputs), "cc1", to) == STOPPED
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end(
    number: signal.Signals, project: Path, many_inputs: Path, temporary: Path, require_tool: Callable[..., None]
) -> None:
    """As `kill` does it, and a terminal that is closed."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    running = start("emulate", project, "--on", "qemu", "--input", many_inputs)
    assert stop(running, "qemu-system-arm", "command", number) == STOPPED
    assert leftovers(temporary) == []


@TO
def test_check(to: str, tmp_path: Path, temporary: Path, require_module: Callable[..., None]) -> None:
    require_module("tensorflow", "onnxruntime", "torch")
    np.save(tmp_path / "x.npy", np.zeros((2000, 200, 40), np.int8))
    command = ("check", "--tflite", SPOKEN, "--input", tmp_path / "x.npy", "-o", tmp_path / "out")
    assert stop(start(*command), "tflite_reference", to) == STOPPED
    assert not list((tmp_path / "out").glob("report.*")) and leftovers(tmp_path) == []


@TO
def test_quantize(
    to: str, merged: Path, checkpoint: Path, tmp_path: Path, temporary: Path, require_module: Callable[..., None]
) -> None:
    require_module("onnx2tf", "tensorflow", "onnxruntime")
    succeed("export", merged, "-o", tmp_path / "model.onnx")
    out = tmp_path / "out"
    out.mkdir()
    calibration = checkpoint.parent / "calibration.npy"
    command = ("quantize", tmp_path / "model.onnx", "--calibration", calibration, "-o", out / "model.tflite")
    assert stop(start(*command), "onnx2tf_child", to) == STOPPED
    assert list(out.iterdir()) == [] and leftovers(temporary) == []


@pytest.mark.slow
def test_sweep(recordings: Path, tmp_path: Path, temporary: Path, require_module: Callable[..., None]) -> None:
    """To the command alone, while a worker of it waits for a converter; to the group: tests/sweep."""
    require_module("onnx2tf", "tensorflow", "onnxruntime", "ray", "matplotlib")
    (tmp_path / "tiny.toml").write_text(TINY.format(epochs=1, more="int8 = true"))
    command = ("sweep", tmp_path / "tiny.toml", "--data", recordings, "-o", tmp_path / "out", "--jobs", 1)
    assert stop(start(*command), "onnx2tf_child", "command") == f"{STOPPED}; the same command goes on where it was"
    assert leftovers(tmp_path) == []


@pytest.fixture
def short_folder() -> Iterator[str]:
    """Ray makes sockets, whose paths may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="ray-") as folder:
        yield folder


@pytest.mark.slow
def test_sweep_on_ray_has_no_room_for_sockets(
    recordings: Path, tmp_path: Path, experiment: Path, require_module: Callable[..., None]
) -> None:
    require_module("ray")
    command = ("sweep", experiment, "--data", recordings, "-o", tmp_path / "out", "--engine", "ray")
    refuses(run(*command, environment={"RAY_TMPDIR": tmp_path / ("long" * 20)}), "ray: local: .*RAY_TMPDIR is short")


@pytest.mark.slow
def test_sweep_on_ray(recordings: Path, tmp_path: Path, short_folder: str, require_module: Callable[..., None]) -> None:
    """The cluster that was started for it ends with it."""
    require_module("ray", "torch", "matplotlib")
    (tmp_path / "tiny.toml").write_text(TINY.format(epochs=50, more=""))
    command = ("sweep", tmp_path / "tiny.toml", "--data", recordings, "-o", tmp_path / "out", "--jobs", 1)
    running = start(*command, "--engine", "ray", environment={"RAY_TMPDIR": short_folder})
    until(lambda: list((tmp_path / "out").glob("work/*/last.pt")), running)
    below = descendants(running.pid)
    assert any("raylet" in line for line in below.values())
    running.send_signal(signal.SIGINT)
    ended = end(running)
    assert ended.status == 130 and "Traceback" not in ended.err, ended
    all_end(below)


@TO
def test_demo(
    to: str,
    tmp_path: Path,
    temporary: Path,
    require_tool: Callable[..., None],
    require_module: Callable[..., None],
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("espeakng_loader", "soundfile", "torch")
    said = stop(start("demo", "-o", tmp_path / "out"), "espeak", to)
    assert said == f"{STOPPED}; the same command goes on where it was"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".steps"] and leftovers(tmp_path) == []
