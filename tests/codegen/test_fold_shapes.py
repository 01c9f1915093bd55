"""Arithmetic on shapes is gone once a model is read; what it was for stays as it is in TFLM and TFLite."""

from __future__ import annotations

import numpy as np
import pytest

from codegen.errors import TinySerError, UnsupportedOperatorError
from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, assert_agreement
from tests.ops.strategies import rows_for
from tests.tflite_builder import ModelBuilder

SHAPE = (1, 2, 3, 4)


def flatten(out_type: str = "int32", begin: int = 0, mask: int = 1) -> ModelBuilder:
    """RELU, then what the converter makes of Flatten: (1, 2, 3, 4) -> (1, 24)."""
    builder = ModelBuilder()
    x, r = (builder.tensor(name, SHAPE, scale=0.05, zero_point=3) for name in "xr")
    y = builder.tensor("y", (1, 24), scale=0.05, zero_point=3)
    shape, batch = builder.tensor("shape", (4,), out_type), builder.tensor("batch", (), out_type)
    target = builder.tensor("target", (2,), out_type)
    builder.op("RELU", [x], [r])
    builder.op("SHAPE", [r], [shape], out_type=2 if out_type == "int32" else 4)
    ends = [builder.constant(name, [value]) for name, value in (("begin", begin), ("end", begin + 1), ("stride", 1))]
    builder.op("STRIDED_SLICE", [shape, *ends], [batch], shrink_axis_mask=mask)
    builder.op("PACK", [batch, builder.constant("size", 24)], [target], axis=0, values_count=2)
    builder.op("RESHAPE", [r, target], [y])
    return builder


def test_flatten_of_a_free_batch() -> None:
    model = flatten().build([0], [2])
    assert [op.NAME for op in parse_tflite(model).graph.ops] == ["RELU", "RESHAPE"]
    assert_agreement(Case("flatten", model, rows_for([SHAPE], 1)))


@pytest.mark.parametrize(("begin", "expected"), [(0, 1), (2, 3), (-1, 4)])
def test_values(begin: int, expected: int) -> None:
    tensors = {tensor.name: tensor for tensor in parse_tflite(flatten(begin=begin).build([0], [2])).graph.tensors}
    np.testing.assert_array_equal(tensors["shape"].data, SHAPE)
    np.testing.assert_array_equal(tensors["target"].data, [expected, 24])


def test_other_types_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedOperatorError, match="operator 1 SHAPE not supported"):
        parse_tflite(flatten("int64").build([0], [2]))


def test_a_slice_that_does_not_fit_is_refused() -> None:
    with pytest.raises(TinySerError, match="operator 2 STRIDED_SLICE: tensor 'batch' is int32, allowed: int8"):
        parse_tflite(flatten(mask=0).build([0], [2]))


def test_a_shape_as_output_is_refused() -> None:
    with pytest.raises(
        TinySerError, match="output tensor 'shape' is a constant, allowed: one that an operator computes"
    ):
        parse_tflite(flatten().build([0], [2, 3]))
