"""`tinyser check` on many rows, stopped from the keyboard in the middle of a stage, and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.converted import Converted
from tinyser.check.run import STAGES

ROWS = 3000
SECONDS = 120


def command(files: Converted, rows: Path, out: Path) -> list[str]:
    options = ["--tflite", files.tflite, "--input", rows, "--qemu-sample", 0, "--layer-windows", 0, "-o", out]
    return [sys.executable, "-m", "tinyser", "check", *map(str, options)]


def heed_interrupts() -> None:
    """A shell's background ignores them, and so does what is started there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def rows(model_files: Converted, tmp_path: Path) -> Path:
    """The calibration windows again and again, each a little louder."""
    windows = np.load(model_files.calibration)
    repeated = np.resize(windows, (ROWS, *windows.shape[1:])) * np.linspace(0.5, 1, ROWS).reshape(-1, 1, 1)
    np.save(tmp_path / "rows.npy", repeated.astype(np.float32))
    return tmp_path / "rows.npy"


def test_goes_on_after_the_last_whole_block(
    model_files: Converted, rows: Path, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    out = tmp_path / "out"
    options = {"start_new_session": True, "stderr": subprocess.PIPE, "preexec_fn": heed_interrupts}
    with subprocess.Popen(command(model_files, rows, out), **options) as stopped:
        until = time.monotonic() + SECONDS
        while not list(out.glob(f"{STAGES}/tflm-all-*-64.npz")):
            assert stopped.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        os.killpg(stopped.pid, signal.SIGINT)
        assert stopped.wait(30) != 0
    assert not (out / "report.json").exists()
    assert not list(out.glob(f"{STAGES}/c_host-*"))
    # What was answered before is what the report holds: another answer of the first block is seen in it.
    (first,) = out.glob(f"{STAGES}/tflm-all-*-0.npz")
    with np.load(first) as content:
        answer = dict(content)
    answer["integers"][7] ^= 1
    np.savez(first, **answer)
    subprocess.run(command(model_files, rows, out), check=True, capture_output=True)
    report = json.loads((out / "report.json").read_text())
    assert [stage["clips"] for stage in report["stages"]] == [ROWS] * 4
    assert {stage["name"] for stage in report["stages"] if stage["per_second"] > 10} == {
        "twin",
        "tflite",
        "tflm",
        "c_host",
    }
    equal = {(pair["a"], pair["b"]): pair["windows_equal"] for pair in report["pairs"]}
    assert equal["tflite", "c_host"] == ROWS and equal["tflite", "tflm"] == equal["tflm", "c_host"] == ROWS - 1
    assert not (out / STAGES).exists()
