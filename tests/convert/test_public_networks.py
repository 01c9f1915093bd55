"""Networks that nothing here was made for: the generated C gives the bytes of TFLM and of TFLite for all of them."""

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
from tests.convert.public_networks import NETWORKS, convert
from tests.reference_runtimes import run_tflite_reference, run_tflm
from tinyser.emulator import host, qemu
from tinyser.emulator.emulation import Int8s

ROWS = 6
SMALL = ("keyword_spotting", "temporal_convolution")


@pytest.fixture(scope="session")
def network(require_module: Callable[..., None]) -> Callable[..., Model]:
    """`network(name)`: a converted network, converted once."""
    require_module("tensorflow", "tflite_micro")
    return cache(lambda name, batch_size=1: parse_tflite(convert(name, batch_size)))


def inputs_of(model: Model) -> Int8s:
    """Noise, small and large and off centre, smooth and not, and both ends of int8: (rows, input bytes)."""
    random = np.random.default_rng(3)
    size = model.graph.tensors[model.graph.inputs[0]].size
    noise = random.integers(-128, 128, (ROWS - 2, size)).astype(float)
    noise[1] = noise[1] / 8 + 40
    noise[2] = np.cumsum(noise[2]) / 16
    ends = random.choice([-128, 127], (2, size), p=[0.3, 0.7])
    ends[1] = 127
    return np.concatenate([noise, ends]).clip(-128, 127).round().astype(np.int8)


def expected_of(model: Model, rows: Int8s) -> Int8s:
    """TFLM's bytes, which are TFLite's: (rows, output bytes)."""
    shape = model.graph.tensors[model.graph.inputs[0]].shape
    shaped = [[row.reshape(shape)] for row in rows]
    tflm, tflite = (
        np.array([output.ravel() for (output,) in run(model.content, shaped)])
        for run in (run_tflm, run_tflite_reference)
    )
    np.testing.assert_array_equal(tflm, tflite)
    assert len(np.unique(tflm, axis=0)) > ROWS // 2, "the inputs hardly matter"
    return tflm


def assert_host_agrees(model: Model, folder: Path) -> None:
    rows = inputs_of(model)
    expected = expected_of(model, rows)
    for optimize in OPTIMIZATIONS:
        generate_project(model, ProjectOptions(board=load_board("host"), optimize=optimize), folder / optimize)
        np.testing.assert_array_equal(host.run(folder / optimize, rows).outputs, expected, optimize)


@pytest.mark.parametrize("name", NETWORKS)
def test_generated_code_gives_the_bytes_of_tflm_and_tflite(
    name: str, network: Callable[..., Model], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("gcc")
    assert_host_agrees(network(name), tmp_path)


def test_a_free_batch_size_costs_nothing(
    network: Callable[..., Model], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """The converter then leaves shape arithmetic in front of TRANSPOSE_CONV."""
    require_tool("gcc")
    model = network("denoiser", None)
    assert model.operators["SHAPE"] and not any(op.NAME == "PACK" for op in model.graph.ops)
    assert_host_agrees(model, tmp_path)


@pytest.mark.parametrize("board", ["mps2-an385", "mps2-an386"])
@pytest.mark.parametrize("name", SMALL)
def test_cortex_m_gives_the_bytes_of_tflm(
    name: str, board: str, network: Callable[..., Model], tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    require_tool("arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm")
    model = network(name)
    rows = inputs_of(model)
    generate_project(model, ProjectOptions(board=load_board(board)), tmp_path / "project")
    np.testing.assert_array_equal(qemu.run(tmp_path / "project", rows).outputs, expected_of(model, rows))
