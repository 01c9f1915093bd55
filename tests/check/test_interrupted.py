"""`tinyser check` on many rows, stopped from the keyboard in the middle of a stage, and started again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.converted import Converted
from tests.robustness.program import end, start, succeed, until
from tinyser.check.run import STAGES

ROWS = 3000


def command(files: Converted, rows: Path, out: Path) -> tuple[object, ...]:
    options = ("--tflite", files.tflite, "--input", rows, "--qemu-sample", 0, "--layer-windows", 0, "-o", out)
    return ("check", *options)


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
    stopped = start(*command(model_files, rows, out))
    until(lambda: list(out.glob(f"{STAGES}/tflm-all-*-64.npz")), stopped)
    os.killpg(stopped.pid, signal.SIGINT)
    assert end(stopped).status == 130
    assert not (out / "report.json").exists()
    assert not list(out.glob(f"{STAGES}/c_host-*"))
    # What was answered before is what the report holds: another answer of the first block is seen in it.
    (first,) = out.glob(f"{STAGES}/tflm-all-*-0.npz")
    with np.load(first) as content:
        answer = dict(content)
    answer["integers"][7] ^= 1
    np.savez(first, **answer)
    succeed(*command(model_files, rows, out))
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
