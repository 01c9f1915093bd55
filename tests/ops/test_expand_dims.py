"""EXPAND_DIMS against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, seeds, shapes, weights
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandDims:
    """The axis is a scalar or a tensor of one element."""

    shape: tuple[int, ...] = (2, 3)
    axis: int | tuple[int, ...] = 1
    axis_type: str = "int32"
    output_shape: tuple[int, ...] | None = None
    constant: bool = False
    seed: int = 0

    def model(self) -> bytes:
        builder = ModelBuilder()
        x = source = builder.tensor("x", self.shape, scale=0.05, zero_point=3)
        if self.constant:
            source = builder.tensor("c", self.shape, scale=0.05, zero_point=3, data=weights(self.shape, 0))
        axis = builder.constant("axis", self.axis, self.axis_type)
        shape = self.output_shape or np.expand_dims(np.zeros(self.shape), self.axis).shape
        y = builder.tensor("y", shape, scale=0.05, zero_point=3)
        builder.op("EXPAND_DIMS", [source, axis], [y])
        return builder.build([x], [y])

    def case(self) -> Case:
        return Case(str(self), self.model(), rows_for([self.shape], self.seed))


@st.composite
def expansions(draw: st.DrawFn) -> ExpandDims:
    shape = draw(shapes(1, 5, 4))
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    return ExpandDims(shape=shape, axis=draw(st.sampled_from((axis, (axis,)))), seed=draw(seeds))


def fixed_case() -> Case:
    return ExpandDims(shape=(4, 5), axis=-1).case()


@examples
@given(expansion=expansions())
def test_agrees_with_tflm_and_tflite(expansion: ExpandDims) -> None:
    assert_agreement_in_both(expansion.case())


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_every_axis(axis: int) -> None:
    assert_agreement_in_both(ExpandDims(axis=axis).case())


def test_is_no_code() -> None:
    graph = parse_tflite(fixed_case().model).graph
    assert graph.ops[0].IS_VIEW


def test_chain_of_views_between_two_operators() -> None:
    """A squeeze, an expansion and an operator before and after that reads and writes other bytes."""
    builder = ModelBuilder()
    x = builder.tensor("x", (1, 4, 5), scale=0.05, zero_point=3)
    doubled = builder.tensor("doubled", (1, 4, 5), scale=0.1, zero_point=-3)
    flat = builder.tensor("squeezed", (4, 5), scale=0.1, zero_point=-3)
    expanded = builder.tensor("expanded", (4, 1, 5), scale=0.1, zero_point=-3)
    y = builder.tensor("y", (4, 4, 5), scale=0.2, zero_point=0)
    builder.op("ADD", [x, x], [doubled])
    builder.op("SQUEEZE", [doubled], [flat], squeeze_dims=[0])
    builder.op("EXPAND_DIMS", [flat, builder.constant("axis", 1)], [expanded])
    builder.op("ADD", [expanded, x], [y])
    assert_agreement_in_both(Case("chain of views", builder.build([x], [y, flat]), rows_for([(1, 4, 5)], 1)))


REFUSED = {
    "an axis beyond the output's": (
        ExpandDims(axis=3, output_shape=(2, 3, 1)),
        r"axis is \(3,\), allowed: one axis of the output",
    ),
    "an axis before the output's": (
        ExpandDims(axis=-4, output_shape=(1, 2, 3)),
        r"axis is \(-4,\), allowed: one axis of the output",
    ),
    "several axes": (ExpandDims(axis=(0, 1)), r"axis is \(0, 1\), allowed: one axis of the output"),
    "an axis of another type": (ExpandDims(axis_type="int64"), r"operand 1 is constant int64, allowed: .* type int32"),
    "another output shape": (
        ExpandDims(axis=0, output_shape=(2, 1, 3)),
        r"output shape is \(2, 1, 3\), allowed: the input's shape with an axis 1 long put in",
    ),
    "a constant": (ExpandDims(constant=True), r"input is a constant, allowed: a computed tensor"),
}


@pytest.mark.parametrize(("expansion", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(expansion: ExpandDims, message: str) -> None:
    assert_refused(expansion.model(), message)
