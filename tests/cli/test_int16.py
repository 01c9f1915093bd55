"""Models of int16 through everything: files, header, manifest, and all emulators."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import FeatureSpecError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.cli.test_generate_emulate import tinyser
from tests.projects import INPUT, SPEC
from tests.reference_runtimes import run_tflm
from tests.tflite_builder import ModelBuilder

SCALE = 0.001
REALS = np.random.default_rng(5).uniform(-40, 40, (4, 3, 5)).astype(np.float32)  # some are beyond the range
ROWS = np.clip(np.rint(REALS / np.float32(SCALE)), -(2**15), 2**15 - 1).astype(np.int16)


@pytest.fixture(autouse=True)
def tools(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tflite_micro")


def gated() -> bytes:
    """(1, 3, 5) int16 -> x * tanh(x), transposed -> (1, 5, 3) int16."""
    builder = ModelBuilder()
    x = builder.tensor("x", (1, 3, 5), "int16", scale=SCALE)
    gate = builder.tensor("gate", (1, 3, 5), "int16", scale=2.0**-15)
    product = builder.tensor("product", (1, 3, 5), "int16", scale=SCALE)
    y = builder.tensor("y", (1, 5, 3), "int16", scale=SCALE)
    builder.op("TANH", [x], [gate])
    builder.op("MUL", [x, gate], [product])
    builder.op("TRANSPOSE", [product, builder.constant("order", [0, 2, 1])], [y])
    return builder.build([x], [y])


def emulated(folder: Path, place: str, *arguments: object) -> np.ndarray:
    (folder / "model.tflite").write_bytes(gated())
    assert tinyser("generate", folder / "model.tflite", "-o", folder / "project") == 0
    output = ("--output", folder / "y.npy")
    assert tinyser("emulate", folder / "project", "--on", place, *arguments, *output) == 0
    return np.load(folder / "y.npy")


@pytest.mark.parametrize("given", [ROWS, REALS], ids=["int16", "float32"])
@pytest.mark.parametrize("place", ["host", "qemu", "tflm"])
def test_emulators(place: str, given: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", given)
    got = emulated(tmp_path, place, "--input", tmp_path / "x.npy")
    wanted = np.concatenate([row[0] for row in run_tflm(gated(), [[row[np.newaxis]] for row in ROWS])])
    assert got.dtype == np.int16
    np.testing.assert_array_equal(got, wanted)


def test_without_an_input_it_is_zero(tmp_path: Path) -> None:
    np.testing.assert_array_equal(emulated(tmp_path, "host"), np.zeros((1, 5, 3), np.int16))


def test_an_array_of_int8_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", ROWS.astype(np.int8))
    (tmp_path / "model.tflite").write_bytes(gated())
    assert tinyser("generate", tmp_path / "model.tflite", "-o", tmp_path / "project") == 0
    assert tinyser("emulate", tmp_path / "project", "--on", "host", "--input", tmp_path / "x.npy") == 2
    assert "got int8, allowed are int16 and float32" in capsys.readouterr().err


def test_manifest_and_header(tmp_path: Path) -> None:
    options = ProjectOptions(board=load_board("host"))
    folder = generate_project(parse_tflite(gated()), options, tmp_path / "project").folder
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in (*manifest["inputs"], *manifest["outputs"]):
        assert (entry["dtype"], entry["bytes"], entry["zero_point"]) == ("int16", 30, 0)
        assert entry["scale"] == np.float32(SCALE)
    header = (folder / "model" / "ser_model.h").read_text()
    assert "SER_MODEL_INPUT_0_TYPE int16_t" in header
    assert "SER_MODEL_OUTPUT_0_ZERO_POINT (0)" in header


def test_features_are_int8(tmp_path: Path) -> None:
    builder = ModelBuilder()
    x = builder.tensor("features", INPUT.shape, "int16", scale=SCALE)
    y = builder.tensor("y", INPUT.shape, scale=0.1)
    builder.op("QUANTIZE", [x], [y])
    options = ProjectOptions(board=load_board("host"), features=SPEC)
    with pytest.raises(FeatureSpecError, match="the input of model model is int16, the features are int8"):
        generate_project(parse_tflite(builder.build([x], [y])), options, tmp_path / "project")
