"""The int8 rule and the rewriting of flatbuffers."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from codegen.errors import ModelFormatError, QuantizationError
from codegen.model_card import ModelCard
from tests.converted import Converted
from tinyser.convert.tflite_file import Port, check_integers, load, read_tflite_file, write_with_card
from tinyser.runtimes.tflite_reference import run_reference


@pytest.fixture
def tree(model_files: Converted) -> Any:
    """The converted model as objects, to be spoiled."""
    return load(model_files.tflite)


def test_rewriting_changes_only_names_and_card(model_files: Converted, tmp_path: Path) -> None:
    source = read_tflite_file(model_files.tflite)
    assert source.card is not None
    card = replace(source.card, name="Grüße & <more>")
    write_with_card(model_files.tflite, tmp_path / "m.tflite", card, input_name="in", output_name="out")
    target = read_tflite_file(tmp_path / "m.tflite")
    assert target.card == card
    assert (target.input, target.output) == (replace(source.input, name="in"), replace(source.output, name="out"))
    rows = np.random.default_rng(0).integers(-128, 128, (4, source.input.size)).astype(np.int8)
    assert np.array_equal(run_reference(model_files.tflite, rows), run_reference(tmp_path / "m.tflite", rows))


def test_constants_are_aligned(model_files: Converted) -> None:
    content = model_files.tflite.read_bytes()
    model = schema.Model.GetRootAs(content)
    offsets = [buffer._tab.Vector(field) for buffer, field in _data_fields(model)]
    assert len(offsets) > 10
    assert all(offset % 16 == 0 for offset in offsets)


def _data_fields(model: Any) -> list[tuple[Any, int]]:
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    return [(b, b._tab.Offset(4)) for b in buffers if b.DataLength()]


def test_names_the_float_operator(tree: Any) -> None:
    graph = tree.subgraphs[0]
    graph.tensors[graph.operators[3].outputs[0]].type = schema.TensorType.FLOAT32
    with pytest.raises(QuantizationError, match=r"m: operator 3 \(\w+\) has a float tensor, allowed"):
        check_integers(Path("m"), tree)


def test_names_the_flex_operator(tree: Any) -> None:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"FlexErf"
    tree.operatorCodes.append(code)
    tree.subgraphs[0].operators[2].opcodeIndex = len(tree.operatorCodes) - 1
    with pytest.raises(QuantizationError, match="m: operator 2 is CUSTOM FlexErf, allowed are"):
        check_integers(Path("m"), tree)


def test_names_the_port_that_is_not_int8(tree: Any) -> None:
    graph = tree.subgraphs[0]
    graph.tensors[graph.inputs[0]].type = schema.TensorType.UINT8
    with pytest.raises(QuantizationError, match="features is UINT8, allowed are INT8 and INT16"):
        check_integers(Path("m"), tree)


def test_refuses_a_damaged_flatbuffer(model_files: Converted, tmp_path: Path) -> None:
    content = bytearray(model_files.tflite.read_bytes())
    struct.pack_into("<I", content, 0, len(content) * 2)
    (tmp_path / "m.tflite").write_bytes(content)
    with pytest.raises(ModelFormatError, match="damaged TFLite flatbuffer"):
        read_tflite_file(tmp_path / "m.tflite")


def test_a_file_without_card(bench_dir: Path) -> None:
    model = read_tflite_file(bench_dir / "person_detect.tflite")
    assert model.card is None or isinstance(model.card, ModelCard)
    assert model.output.size == 2


def test_port_rounds_halves_away_from_zero_and_clamps() -> None:
    port = Port("x", (1, 6), 0.5, 3)
    assert port.quantize([0.25, -0.25, 0.2, 1e6, -1e6, 0]).tolist() == [4, 2, 3, 127, -128, 3]
    every = np.arange(-128, 128).astype(np.int8)
    assert np.array_equal(port.quantize(port.dequantize(every)), every)
    odd = Port("x", (1, 6), 0.025734832510352135, -2)
    assert np.array_equal(odd.quantize(odd.dequantize(every)), every)
