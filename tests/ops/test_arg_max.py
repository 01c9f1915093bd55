"""ARG_MAX against TFLM and TFLite: int32 out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.errors import QuantizationError
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, seeds, shapes
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgMax:
    """Along one axis, which may be negative."""

    shape: tuple[int, ...] = (2, 3, 4)
    axis: int = -1
    seed: int = 0

    def case(self) -> Case:
        few = np.random.default_rng(self.seed).integers(-2, 2, self.shape).astype(np.int8)  # many ties
        return Case(str(self), self.model(), [*rows_for([self.shape], self.seed), [few]])

    def model(
        self,
        axis_type: str = "int32",
        axes: int = 1,
        output_type: str = "int32",
        output_shape: tuple[int, ...] | None = None,
    ) -> bytes:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=0.05, zero_point=3)
        axis = builder.constant("axis", self.axis if axes == 1 else [self.axis] * axes, axis_type)
        y = builder.tensor("y", self.output_shape() if output_shape is None else output_shape, output_type)
        builder.op("ARG_MAX", [x, axis], [y], output_type=output_type.upper())
        return builder.build([x], [y])

    def output_shape(self) -> tuple[int, ...]:
        axis = self.axis % len(self.shape)
        return (*self.shape[:axis], *self.shape[axis + 1 :])


@st.composite
def arg_maxes(draw: st.DrawFn) -> ArgMax:
    shape = draw(shapes(1, 4, 7))
    return ArgMax(shape=shape, axis=draw(st.integers(-len(shape), len(shape) - 1)), seed=draw(seeds))


def fixed_case() -> Case:
    return ArgMax(shape=(2, 5, 3), axis=1).case()


@examples
@given(arg_max=arg_maxes())
def test_agrees_with_tflm_and_tflite(arg_max: ArgMax) -> None:
    assert_agreement(arg_max.case())


EDGES = {
    "classes": ArgMax(shape=(1, 7)),
    "one dimension, a scalar out": ArgMax(shape=(9,)),
    "first axis": ArgMax(axis=0),
    "first axis from behind": ArgMax(axis=-3),
    "axis of size one": ArgMax(shape=(3, 1, 4), axis=1),
    "one element": ArgMax(shape=(1,)),
    "further than a byte counts": ArgMax(shape=(2, 1000)),
}


@pytest.mark.parametrize("arg_max", EDGES.values(), ids=EDGES.keys())
def test_edge(arg_max: ArgMax) -> None:
    assert_agreement(arg_max.case())


def test_beside_an_int8_output() -> None:
    """Outputs of two types, the int32 one in the midst of what the arena holds."""
    builder = ModelBuilder()
    x = builder.tensor("x", (3, 5), scale=0.05)
    axis = builder.constant("axis", 1)
    logits = builder.tensor("logits", (3, 5), scale=0.1, zero_point=1)
    label = builder.tensor("label", (3,), "int32")
    posteriors = builder.tensor("posteriors", (3, 5), scale=1 / 256, zero_point=-128)
    builder.op("QUANTIZE", [x], [logits])
    builder.op("ARG_MAX", [logits, axis], [label], output_type="INT32")
    builder.op("SOFTMAX", [logits], [posteriors], beta=1.0)
    model = builder.build([x], [posteriors, label, logits])
    assert_agreement(Case("posteriors, label and logits", model, rows_for([(3, 5)], 0)))


def test_in_another_shape() -> None:
    """As converters write `keepdims`."""
    builder = ModelBuilder()
    x = builder.tensor("x", (3, 5), scale=0.05)
    axis, shape = builder.constant("axis", 1), builder.constant("shape", (3, 1))
    label = builder.tensor("label", (3,), "int32")
    column = builder.tensor("column", (3, 1), "int32")
    builder.op("ARG_MAX", [x, axis], [label], output_type="INT32")
    builder.op("RESHAPE", [label, shape], [column], new_shape=[3, 1])
    assert_agreement(Case("labels in a column", builder.build([x], [column]), rows_for([(3, 5)], 0)))


REFUSED = {
    "axis of another type": (ArgMax().model(axis_type="int64"), "operand 1 is constant int64, allowed: .* int32"),
    "several axes": (ArgMax().model(axes=2), r"axis is \(-1, -1\), allowed: one axis of the input"),
    "no such axis": (replace(ArgMax(), axis=3).model(output_shape=(2, 3)), r"axis is \(3,\), allowed: one axis"),
    "output size": (ArgMax().model(output_shape=(2, 4)), "output size is 8 elements, allowed: one element for all"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(model: bytes, message: str) -> None:
    assert_refused(model, message)


def test_another_output_type_is_refused() -> None:
    """TFLM gives int32 only, TFLite int64 as well."""
    message = "tensor 'y' is int64, allowed: int32; export the operator with that type"
    assert_refused(ArgMax().model(output_type="int64"), message, QuantizationError)
