"""Networks with activations of int16 and weights of int8: the generated C gives TFLM's bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.ir import Model
from codegen.project import OPTIMIZATIONS, ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.convert.public_networks import convert
from tests.reference_runtimes import run_tflite_reference, run_tflm
from tinyser.emulator import host, qemu
from tinyser.emulator.emulation import Int8s

NETWORKS = ("keyword_spotting", "denoiser")
ROWS = 4


@pytest.fixture(scope="module")
def network(require_module: Callable[..., None]) -> Callable[[str], Model]:
    """`network(name)`: a converted network, converted once."""
    require_module("tensorflow", "tflite_micro")
    return cache(lambda name: parse_tflite(convert(name, activations="int16")))


def rows_and_outputs(model: Model) -> tuple[Int8s, Int8s]:
    """Noise of several sizes and both ends of int16, and what TFLM makes of it, as bytes; TFLite agrees but for a step
    (its SOFTMAX has other tables)."""
    given = model.graph.tensors[model.graph.inputs[0]]
    random = np.random.default_rng(3)
    noise = random.integers(-32768, 32768, (ROWS, given.size)) // np.array([[1], [8], [200], [1]])
    noise[-1] = random.choice([-32768, 32767], given.size, p=[0.3, 0.7])
    rows = noise.astype(np.int16)
    shaped = [[row.reshape(given.shape)] for row in rows]
    tflm, tflite = (
        np.array([output.ravel() for (output,) in run(model.content, shaped)])
        for run in (run_tflm, run_tflite_reference)
    )
    assert np.abs(tflm.astype(int) - tflite).max() <= 1
    assert len(np.unique(tflm, axis=0)) > ROWS // 2, "the inputs hardly matter"
    return rows.view(np.int8), tflm.view(np.int8)


@pytest.mark.parametrize("name", NETWORKS)
def test_generated_code_gives_the_bytes_of_tflm(
    name: str, network: Callable[[str], Model], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    rows, expected = rows_and_outputs(network(name))
    for optimize in OPTIMIZATIONS:
        options = ProjectOptions(board=load_board("host"), optimize=optimize)
        generate_project(network(name), options, tmp_path / optimize)
        np.testing.assert_array_equal(host.run(tmp_path / optimize, rows).outputs, expected, optimize)


def test_cortex_m4_gives_the_bytes_of_tflm(
    network: Callable[[str], Model], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm")
    model = network("keyword_spotting")
    rows, expected = rows_and_outputs(model)
    generate_project(model, ProjectOptions(board=load_board("mps2-an386")), tmp_path / "project")
    np.testing.assert_array_equal(qemu.run(tmp_path / "project", rows).outputs, expected)
