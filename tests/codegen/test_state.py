"""Whose a variable tensor may be."""

from __future__ import annotations

import pytest

from codegen.errors import ModelFormatError
from codegen.read_tflite import parse_tflite
from tests.ops.refusals import assert_refused
from tests.ops.test_svdf import Svdf
from tests.tflite_builder import ModelBuilder

FIRST, SECOND = Svdf(batch=1, inputs=5, units=5), Svdf(batch=1, inputs=5, units=5, input_scale=0.03)


def two_layers(*, shared: bool = False, reads_state: bool = False, state_is_output: bool = False) -> bytes:
    builder = ModelBuilder()
    states = [builder.tensor(f"state{n}", (1, 60), "int16", scale=0.001, zero_point=0, variable=True) for n in range(2)]
    bias = {"data": [0] * 5, "shape": (5,), "dtype": "int32", "scale": 0.001 * FIRST.time_scale}
    given, middle = FIRST.add(builder, {4: states[0], 3: builder.tensor("bias", **bias)})
    _, output = SECOND.add(builder, {0: middle, 4: states[0 if shared else 1], 3: builder.tensor("bias", **bias)})
    if reads_state:
        output = builder.tensor("copy", (1, 60), "int16", scale=0.001)
        builder.op("RESHAPE", [states[0], builder.constant("shape", [1, 60])], [output], new_shape=[1, 60])
    return builder.build([given], [states[1] if state_is_output else output])


def test_each_layer_has_its_own() -> None:
    graph = parse_tflite(two_layers()).graph
    assert len(graph.variables) == 2


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("shared", "operator 1 SVDF: its state is that of operator 0 SVDF too, allowed: a tensor of its own"),
        ("reads_state", "operator 2 RESHAPE: operand 0 is a variable tensor, allowed: as the state of an operator"),
        ("state_is_output", "tensor 'state1' is variable, allowed: no input or output of the model is"),
    ],
)
def test_refused(fault: str, message: str) -> None:
    assert_refused(two_layers(**{fault: True}), message, ModelFormatError)
