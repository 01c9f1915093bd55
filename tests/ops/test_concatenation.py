"""CONCATENATION against TFLM and TFLite (inputs and output share one quantization, as TFLite Micro demands)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, shapes, weights
from tests.tflite_builder import ModelBuilder, with_tensor_type


def concatenation_case(shape: tuple[int, ...], axis: int, sizes: tuple[int, ...], constant: int | None = None) -> Case:
    """Inputs of `shape`, but for their own size along `axis`; the input number `constant` is a constant."""
    builder = ModelBuilder()
    operands, inputs, input_shapes = [], [], []
    for number, size in enumerate(sizes):
        part = list(shape)
        part[axis] = size
        data = weights(part, number) if number == constant else None
        operands.append(builder.tensor(f"x{number}", part, scale=0.05, zero_point=3, data=data))
        if data is None:
            inputs.append(operands[-1])
            input_shapes.append(tuple(part))
    whole = list(shape)
    whole[axis] = sum(sizes)
    y = builder.tensor("y", whole, scale=0.05, zero_point=3)
    builder.op("CONCATENATION", operands, [y], axis=axis, fused_activation_function="NONE")
    description = f"concatenation of {shape} with {sizes} along {axis}, constant {constant}"
    return Case(description, builder.build(inputs, [y]), rows_for(input_shapes, 0))


@st.composite
def concatenations(draw: st.DrawFn) -> Case:
    shape = draw(shapes(1, 4))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    sizes = tuple(draw(st.lists(st.integers(1, 4), min_size=2, max_size=5)))
    constant = draw(st.one_of(st.none(), st.integers(0, len(sizes) - 1)))
    return concatenation_case(shape, axis, sizes, constant)


def fixed_case() -> Case:
    return concatenation_case((2, 3, 4), 1, (3, 2, 5))


@examples
@given(case=concatenations())
def test_agrees_with_tflm_and_tflite(case: Case) -> None:
    assert_agreement_in_both(case)


@pytest.mark.parametrize(
    ("shape", "axis", "sizes"),
    [
        ((4,), 0, (4, 1)),
        ((1, 1, 1, 5), -1, (5, 3)),
        ((2, 3, 4), 0, (1, 2)),
        ((2, 3), 1, (1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
    ],
)
def test_edge(shape: tuple[int, ...], axis: int, sizes: tuple[int, ...]) -> None:
    assert_agreement_in_both(concatenation_case(shape, axis, sizes))


def test_a_constant_of_another_type_is_refused() -> None:
    case = concatenation_case((2, 3), 0, (1, 1), constant=1)
    assert_refused(with_tensor_type(case.model, 1, "uint8"), r"types of .* is int8, uint8, int8, allowed: the same for")


def test_parts_of_another_quantization_are_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", (2, 3), scale=0.05, zero_point=3)
    y = builder.tensor("y", (4, 3), scale=0.05, zero_point=4)
    builder.op("CONCATENATION", [x, x], [y], axis=0)
    assert_refused(
        builder.build([x], [y]), r"quantization of parts is mixed, allowed: the output's scale and zero point"
    )
