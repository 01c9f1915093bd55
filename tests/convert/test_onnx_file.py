"""One bad ONNX file per message."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from codegen.errors import ModelFormatError
from tinyser.convert.onnx_file import read_onnx


def save(path: Path, inputs: list[tuple[str, int, list[int | str]]], metadata: dict[str, str] | None = None) -> Path:
    """A graph of one Identity, with these inputs."""
    values = [helper.make_tensor_value_info(*value) for value in inputs]
    name, kind, shape = inputs[0]
    output = helper.make_tensor_value_info("y", kind, shape)
    node = helper.make_node("Identity", [name], ["y"])
    model = helper.make_model(
        helper.make_graph([node], "g", values, [output]), ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    helper.set_model_props(model, metadata or {})
    onnx.save(model, str(path))
    return path


def test_a_file_of_another_tool_gets_a_card(tmp_path: Path) -> None:
    card = read_onnx(save(tmp_path / "other.onnx", [("x", TensorProto.FLOAT, [1, 4, 2])])).card
    assert (card.name, card.labels, card.features) == ("other", None, None)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([("x", TensorProto.FLOAT, ["n", 4])], r"x: got shape \(\?, 4\), allowed is a fixed shape with batch 1"),
        ([("x", TensorProto.FLOAT, [2, 4])], r"got shape \(2, 4\)"),
        ([("x", TensorProto.INT32, [1, 4])], "x: got INT32, allowed is FLOAT"),
        ([("x", TensorProto.FLOAT, [1, 4]), ("z", TensorProto.FLOAT, [1])], "got 2 inputs and 1 outputs"),
    ],
)
def test_refuses(tmp_path: Path, inputs: list[tuple[str, int, list[int | str]]], message: str) -> None:
    with pytest.raises(ModelFormatError, match=message):
        read_onnx(save(tmp_path / "bad.onnx", inputs))


def test_refuses_a_damaged_card(tmp_path: Path) -> None:
    path = save(tmp_path / "bad.onnx", [("x", TensorProto.FLOAT, [1, 4])], {"tinyser": "{"})
    with pytest.raises(ModelFormatError, match="model card: not JSON"):
        read_onnx(path)


def test_refuses_what_is_no_onnx(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"missing\.onnx: cannot read it"):
        read_onnx(tmp_path / "missing.onnx")
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelFormatError, match=r"text\.onnx: not a valid ONNX file"):
        read_onnx(tmp_path / "text.onnx")
