"""SPLIT against TFLM and TFLite."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.errors import ModelFormatError
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, shapes
from tests.tflite_builder import ModelBuilder


def split_case(shape: tuple[int, ...], axis: int, parts: int, axis_operand: int | None = None) -> Case:
    """`parts` outputs of equal size along `axis`, which may be negative, or which the operand may deny."""
    part_shape = list(shape)
    part_shape[axis] //= parts
    builder = ModelBuilder()
    axis_operand = builder.constant("axis", axis if axis_operand is None else axis_operand)
    x = builder.tensor("x", shape, scale=0.05, zero_point=3)
    outputs = [builder.tensor(f"part{n}", part_shape, scale=0.05, zero_point=3) for n in range(parts)]
    builder.op("SPLIT", [axis_operand, x], outputs, num_splits=parts)
    return Case(f"split {shape} in {parts} along {axis}", builder.build([x], outputs), rows_for([shape], 0))


@st.composite
def splits(draw: st.DrawFn) -> Case:
    shape = list(draw(shapes(1, 4)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    parts = draw(st.integers(1, 4))
    shape[axis] *= parts
    return split_case(tuple(shape), axis, parts)


def fixed_case() -> Case:
    return split_case((2, 6, 3), 1, 3)


@examples
@given(case=splits())
def test_agrees_with_tflm_and_tflite(case: Case) -> None:
    assert_agreement_in_both(case)


@pytest.mark.parametrize(
    ("shape", "axis", "parts"),
    [((4,), 0, 1), ((4,), 0, 4), ((1, 5, 8), -1, 2), ((1, 5, 8), 2, 8), ((6, 1, 1), 0, 2), ((2, 3, 4, 6), -2, 4)],
)
def test_edge(shape: tuple[int, ...], axis: int, parts: int) -> None:
    assert_agreement_in_both(split_case(shape, axis, parts))


def test_an_axis_that_is_not_there_is_refused() -> None:
    assert_refused(split_case((4, 2), 0, 2, axis_operand=2).model, r"axis is \(2,\), allowed: one axis of the input")


def test_no_parts_at_all_are_refused() -> None:
    builder = ModelBuilder()
    axis, x = builder.constant("axis", 0), builder.tensor("x", (4,), scale=0.05)
    builder.op("SPLIT", [axis, x], [], num_splits=0)
    assert_refused(builder.build([x], [x]), r"SPLIT has 0 outputs, allowed: at least 1", ModelFormatError)


def test_parts_that_are_used_again() -> None:
    """A gated linear unit: one half multiplies the logistic of the other."""
    builder = ModelBuilder()
    axis = builder.constant("axis", -1)
    x = builder.tensor("x", (1, 4, 10), scale=0.05, zero_point=3)
    halves = [builder.tensor(name, (1, 4, 5), scale=0.05, zero_point=3) for name in ("value", "gate")]
    sigmoid = builder.tensor("sigmoid", (1, 4, 5), scale=1 / 256, zero_point=-128)
    y = builder.tensor("y", (1, 4, 5), scale=0.04, zero_point=-1)
    builder.op("SPLIT", [axis, x], halves, num_splits=2)
    builder.op("LOGISTIC", [halves[1]], [sigmoid])
    builder.op("MUL", [halves[0], sigmoid], [y], fused_activation_function="NONE")
    assert_agreement(Case("gated linear unit", builder.build([x], [y]), rows_for([(1, 4, 10)], 0)))
