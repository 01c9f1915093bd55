"""RESHAPE against TFLM and TFLite."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for
from tests.tflite_builder import ModelBuilder


def reshape_case(shape: tuple[int, ...], new_shape: tuple[int, ...], *, shape_operand: bool = True) -> Case:
    """The new shape is an operand (as converters write it) or only an option of the operator."""
    builder = ModelBuilder()
    x = builder.tensor("x", shape, scale=0.05, zero_point=3)
    y = builder.tensor("y", new_shape, scale=0.05, zero_point=3)
    operands = [x, builder.constant("new_shape", new_shape)] if shape_operand else [x]
    builder.op("RESHAPE", operands, [y], new_shape=list(new_shape))
    description = f"reshape {shape} to {new_shape}, {shape_operand=}"
    return Case(description, builder.build([x], [y]), rows_for([shape], 0))


def fixed_case() -> Case:
    return reshape_case((2, 3, 4), (4, 6))


@examples
@given(shape=st.permutations((2, 3, 4, 1)), new_shape=st.permutations((4, 6, 1)), shape_operand=st.booleans())
def test_agrees_with_tflm_and_tflite(shape: list[int], new_shape: list[int], shape_operand: bool) -> None:
    assert_agreement_in_both(reshape_case(tuple(shape), tuple(new_shape), shape_operand=shape_operand))


@pytest.mark.parametrize("new_shape", [(24,), (1, 1, 1, 24), (2, 3, 4), (3, 2, 2, 2, 1), (1, 24, 1, 1, 1, 1)])
def test_edge(new_shape: tuple[int, ...]) -> None:
    assert_agreement_in_both(reshape_case((2, 3, 4), new_shape))


def test_one_element_to_a_scalar() -> None:
    assert_agreement_in_both(reshape_case((1, 1), ()))


def test_chain_between_two_operators() -> None:
    """Views of views, with an operator before and after that reads and writes other bytes."""
    shapes = [(2, 12), (24,), (4, 6), (2, 3, 4)]
    builder = ModelBuilder()
    x = builder.tensor("x", (2, 3, 4), scale=0.05, zero_point=3)
    tensor = builder.tensor("doubled", (2, 3, 4), scale=0.1, zero_point=-3)
    builder.op("ADD", [x, x], [tensor])
    for number, shape in enumerate(shapes):
        view = builder.tensor(f"view{number}", shape, scale=0.1, zero_point=-3)
        builder.op("RESHAPE", [tensor, builder.constant(f"shape{number}", shape)], [view], new_shape=list(shape))
        tensor = view
    y = builder.tensor("y", (2, 3, 4), scale=0.2, zero_point=0)
    builder.op("MUL", [tensor, x], [y])
    assert_agreement_in_both(Case("chain of reshapes", builder.build([x], [y]), rows_for([(2, 3, 4)], 1)))


def test_another_type_is_refused() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor("x", (4,), scale=0.05), builder.tensor("y", (2, 2), "int32")
    builder.op("RESHAPE", [x], [y], new_shape=[2, 2])
    assert_refused(builder.build([x], [y]), "output type is int32, allowed: the input's type")
