"""Whole models: the generated C gives the expected bytes, which are TFLM's, for every recorded input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.generated import run_direct
from tests.reference_runtimes import run_tflm
from tinyser.emulator.qemu import run

MODELS = ("conformer", "convtransformer", "micro_speech", "person_detect", "windowed")


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


@pytest.mark.parametrize("name", MODELS)
def test_generated_code_gives_the_expected_bytes(name: str, bench_dir: Path) -> None:
    model = (bench_dir / f"{name}.tflite").read_bytes()
    inputs, expected = (np.load(bench_dir / f"{name}.{kind}.npy") for kind in ("input", "expected"))
    rows = [[row[np.newaxis]] for row in inputs]
    got = run_direct(model, rows)
    assert len(got) == len(expected)
    for (output,), expected_row, (tflm,) in zip(got, expected, run_tflm(model, rows), strict=True):
        np.testing.assert_array_equal(output.ravel(), expected_row.ravel())
        np.testing.assert_array_equal(output.ravel(), tflm.ravel())


@pytest.mark.parametrize("board", ["mps2-an385", "mps3-an547"])
@pytest.mark.parametrize("name", MODELS)
def test_other_cores_give_the_expected_bytes(
    name: str, board: str, bench_dir: Path, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """On an emulated Cortex-M3 and M55, the first recorded input."""
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    model = parse_tflite((bench_dir / f"{name}.tflite").read_bytes())
    project = generate_project(model, ProjectOptions(board=load_board(board)), tmp_path / "project")
    inputs, expected = (np.load(bench_dir / f"{name}.{kind}.npy")[:1] for kind in ("input", "expected"))
    np.testing.assert_array_equal(run(project.folder, inputs.reshape(1, -1)).outputs.ravel(), expected.ravel())
