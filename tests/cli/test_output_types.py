"""Models whose outputs are not int8: labels from ARG_MAX, float32 posteriors from DEQUANTIZE; through everything."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import FeatureSpecError
from codegen.model_card import ModelCard, SelfTest
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.cli.test_generate_emulate import tinyser
from tests.projects import INPUT, SPEC
from tests.reference_runtimes import run_tflm
from tests.tflite_builder import ModelBuilder
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

CLASSES = 5
ROWS = np.random.default_rng(2).integers(-128, 128, (4, CLASSES)).astype(np.int8)
DTYPES = {"label": "int32", "posteriors": "float32"}

USER_C = """
#include "ser_model.h"
#include <stdio.h>
#include <string.h>
#if defined(SER_MODEL_OUTPUT_0_SCALE) || defined(SER_MODEL_OUTPUT_0_ZERO_POINT) || !defined(SER_MODEL_INPUT_0_SCALE)
#error "quantization of what has none"
#endif
int main(void) {
    const SER_MODEL_OUTPUT_0_TYPE *output;
    if (ser_model_init() != SER_OK) {
        return 1;
    }
    memcpy(ser_model_input(0), "\\1\\2\\3\\11\\4", SER_MODEL_INPUT_0_BYTES);
    if (ser_model_invoke() != SER_OK) {
        return 2;
    }
    output = (const SER_MODEL_OUTPUT_0_TYPE *)(const void *)ser_model_output(0);
    printf("%d %d\\n", (int)output[0], (int)(SER_MODEL_OUTPUT_0_BYTES / sizeof *output));
    return 0;
}
"""


def classifier(*outputs: str, metadata: dict[str, bytes] | None = None) -> bytes:
    """(1, 5) -> SOFTMAX -> `posteriors` by DEQUANTIZE, `label` by ARG_MAX, as asked."""
    builder = ModelBuilder()
    x = builder.tensor("logits", (1, CLASSES), scale=0.1, zero_point=-3)
    quantized = builder.tensor("quantized", (1, CLASSES), scale=1 / 256, zero_point=-128)
    axis = builder.constant("axis", 1)
    tensors = {
        "label": builder.tensor("label", (1,), "int32"),
        "posteriors": builder.tensor("posteriors", (1, CLASSES), "float32"),
    }
    builder.op("SOFTMAX", [x], [quantized], beta=1.0)
    if "label" in outputs:
        builder.op("ARG_MAX", [quantized, axis], [tensors["label"]], output_type="INT32")
    if "posteriors" in outputs:
        builder.op("DEQUANTIZE", [quantized], [tensors["posteriors"]])
    return builder.build([x], [tensors[name] for name in outputs], metadata)


def expected(model: bytes) -> list[np.ndarray]:
    """TFLM's outputs for ROWS, each (runs, ...)."""
    answers = run_tflm(model, [[row.reshape(1, -1)] for row in ROWS])
    return [np.stack(column) for column in zip(*answers, strict=True)]


def emulated(model: bytes, place: str, folder: Path) -> np.ndarray:
    """What `generate` and `emulate --output` make of ROWS."""
    (folder / "model.tflite").write_bytes(model)
    np.save(folder / "x.npy", ROWS)
    assert tinyser("generate", folder / "model.tflite", "-o", folder / "project") == 0
    arguments = ("--input", folder / "x.npy", "--output", folder / "y.npy")
    assert tinyser("emulate", folder / "project", "--on", place, *arguments) == 0
    return np.load(folder / "y.npy")


@pytest.fixture(autouse=True)
def tools(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tflite_micro")


@pytest.mark.parametrize("place", ["host", "qemu", "tflm"])
@pytest.mark.parametrize("name", DTYPES)
def test_one_output_keeps_its_type(name: str, place: str, tmp_path: Path) -> None:
    model = classifier(name)
    got, (wanted,) = emulated(model, place, tmp_path), expected(model)
    assert got.dtype == wanted.dtype == DTYPES[name]
    assert got.shape == ((4, 1) if name == "label" else (4, CLASSES))
    np.testing.assert_array_equal(got.ravel(), wanted.ravel())


@pytest.mark.parametrize("place", ["host", "qemu", "tflm"])
def test_several_outputs_are_their_bytes(place: str, tmp_path: Path) -> None:
    model = classifier("posteriors", "label")
    got = emulated(model, place, tmp_path)
    assert got.dtype == np.int8
    wanted = [output.reshape(4, -1).view(np.int8) for output in expected(model)]
    np.testing.assert_array_equal(got, np.concatenate(wanted, axis=1))


def test_manifest_has_no_quantization_where_there_is_none(tmp_path: Path) -> None:
    project = generate_project(
        parse_tflite(classifier("label", "posteriors")), ProjectOptions(board=load_board("host")), tmp_path / "project"
    )
    entries = json.loads((project.folder / "manifest.json").read_text())["outputs"]
    assert [(e["dtype"], e["bytes"], e["scale"], e["zero_point"]) for e in entries] == [
        ("int32", 4, None, None),
        ("float32", 4 * CLASSES, None, None),
    ]


@pytest.mark.parametrize(("name", "printed"), [("label", "3 1\n"), ("posteriors", "0 5\n")])
def test_a_program_that_includes_the_header(name: str, printed: str, tmp_path: Path) -> None:
    options = ProjectOptions(board=load_board("host"))
    folder = generate_project(parse_tflite(classifier(name)), options, tmp_path / "project").folder
    (tmp_path / "user.c").write_text(USER_C)
    sources = [tmp_path / "user.c", *(folder / "model").rglob("*.c")]
    flags = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{folder / 'model'}")
    subprocess.run(["gcc", *flags, *sources, "-o", tmp_path / "user"], check=True)
    assert subprocess.run([tmp_path / "user"], capture_output=True, text=True, check=True).stdout == printed


@pytest.mark.parametrize("board", ["mps2-an385", "mps2-an386"])
def test_selftest_on_a_core_without_and_with_a_float_unit(board: str, tmp_path: Path) -> None:
    outputs = expected(classifier("posteriors", "label"))
    vectors = SelfTest(ROWS[0].tobytes(), b"".join(output[0].tobytes() for output in outputs))
    card = ModelCard(name="classifier", selftest=vectors)
    model = parse_tflite(classifier("posteriors", "label", metadata={"TINYSER": card.dumps().encode()}))
    project = load_project(
        generate_project(model, ProjectOptions(board=load_board(board)), tmp_path / "project").folder
    )
    image = qemu.build_image(project, load_board(board), tmp_path)
    assert "self-test: PASS (1 vectors)" in qemu.boot(qemu.qemu_command(load_board(board), image), tmp_path, 60)


def test_a_classifier_of_recordings_wants_int8(tmp_path: Path) -> None:
    builder = ModelBuilder()
    x = builder.tensor("features", INPUT.shape, scale=0.1)
    real = builder.tensor("real", INPUT.shape, "float32")
    builder.op("DEQUANTIZE", [x], [real])
    options = ProjectOptions(board=load_board("host"), features=SPEC)
    with pytest.raises(FeatureSpecError, match="the output of model model is float32, a classifier takes int8"):
        generate_project(parse_tflite(builder.build([x], [real])), options, tmp_path / "project")
