"""The reader: what it finds in a file, and one bad file for each of its messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.errors import ModelFormatError, QuantizationError, TinySerError, UnsupportedOperatorError
from codegen.model_card import ModelCard
from codegen.ops.fully_connected import FullyConnected
from codegen.ops.softmax import Softmax
from codegen.read_tflite import parse_tflite, read_tflite
from tests.codegen.models import dense_model
from tests.tflite_builder import (
    truncated,
    with_custom_operator,
    with_operator_code,
    with_tensor_type,
    without_quantization,
)


def test_reads_tensors_operators_and_options() -> None:
    model = parse_tflite(dense_model())
    graph = model.graph
    assert [type(op) for op in graph.ops] == [FullyConnected, Softmax]
    assert graph.ops[1].beta == 1.0
    given = graph.tensors[graph.inputs[0]]
    assert (given.name, given.shape, given.dtype, given.zero_point) == ("features", (1, 4), "int8", 3)
    assert model.operators == {"FULLY_CONNECTED": 1, "SOFTMAX": 1}
    assert graph.tensors[graph.ops[0].site.inputs[1]].data.tolist()[0] == [-6, -5, -4, -3]


def test_model_card_travels_in_the_metadata() -> None:
    card = ModelCard(name="dense", labels=("a", "b", "c"))
    assert parse_tflite(dense_model({"TINYSER": card.dumps().encode()})).card == card
    assert parse_tflite(dense_model()).card is None


@pytest.mark.parametrize(
    ("error", "message", "content"),
    [
        (ModelFormatError, r"not a TensorFlow Lite model \(0 bytes", b""),
        (ModelFormatError, r"identifier b'onnx'", b"\x08\x00\x00\x00onnx" + bytes(100)),
        (ModelFormatError, r"damaged or truncated", truncated(dense_model(), 200)),
        (
            QuantizationError,
            r"input tensor 'features' is float32, allowed: int8",
            with_tensor_type(dense_model(), 0, "float32"),
        ),
        (
            QuantizationError,
            r"tensor 'posteriors' is uint8, allowed: int8",
            with_tensor_type(dense_model(), 4, "uint8"),
        ),
        (
            QuantizationError,
            r"operator 0 FULLY_CONNECTED: tensor 'logits' is float32",
            with_tensor_type(dense_model(), 3, "float32"),
        ),
        (QuantizationError, r"'logits' has no quantization parameters", without_quantization(dense_model(), 3)),
        (
            UnsupportedOperatorError,
            r"operator 1 COS not supported; supported: ABS, ADD, ",
            with_operator_code(dense_model(), 1, "COS"),
        ),
        (
            UnsupportedOperatorError,
            r"operator 1 CUSTOM\('FlexErf'\)",
            with_custom_operator(dense_model(), 1, "FlexErf"),
        ),
        (ModelFormatError, r"model card", dense_model({"TINYSER": b"no json"})),
    ],
    ids=lambda value: None if isinstance(value, bytes) else getattr(value, "__name__", None),
)
def test_bad_files(error: type[TinySerError], message: str, content: bytes) -> None:
    with pytest.raises(error, match=message) as caught:
        parse_tflite(content, "m.tflite")
    assert str(caught.value).startswith("m.tflite: ") or error is ModelFormatError
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"nowhere\.tflite: cannot be read \(No such file"):
        read_tflite(tmp_path / "nowhere.tflite")


def test_every_truncation_is_refused_in_one_line() -> None:
    whole = dense_model()
    for length in range(0, len(whole) - 1, 7):
        try:
            parse_tflite(truncated(whole, length))
        except TinySerError as error:
            assert "\n" not in str(error)


def test_reads_a_filter_with_a_wrong_quantized_dimension(bench_dir: Path) -> None:
    """person_detect names dimension 0 of its depthwise filters, TFLM runs it all the same."""
    model = read_tflite(bench_dir / "person_detect.tflite")
    assert model.operators["DEPTHWISE_CONV_2D"] > 0
