"""Functions of one tensor become one table, which gives TFLM's bytes; everything else stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.passes import run_passes
from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.strategies import rows_for
from tests.tflite_builder import ModelBuilder

SHAPE = (1, 16, 16)  # as many elements as int8 has values


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtimes(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro", "tensorflow")


def silu(scale: float, zero_point: int, output_scale: float, *, sigmoid_is_output: bool = False) -> Case:
    """x * sigmoid(x), as converters write SiLU."""
    builder = ModelBuilder()
    x = builder.tensor("x", SHAPE, scale=scale, zero_point=zero_point)
    gate = builder.tensor("sigmoid", SHAPE, scale=1 / 256, zero_point=-128)
    y = builder.tensor("silu", SHAPE, scale=output_scale, zero_point=-100)
    builder.op("LOGISTIC", [x], [gate])
    builder.op("MUL", [x, gate], [y])
    outputs = [y, gate] if sigmoid_is_output else [y]
    return Case(f"SiLU {scale=} {zero_point=}", builder.build([x], outputs), rows_for([SHAPE], 0))


def with_constant(name: str, value: int, *, constant_first: bool) -> Case:
    """A binary operator with one constant value, then TANH."""
    builder = ModelBuilder()
    x = builder.tensor("x", SHAPE, scale=0.04, zero_point=5)
    constant = builder.tensor("constant", (), scale=0.01, zero_point=-3, data=value)
    middle = builder.tensor("middle", SHAPE, scale=0.06, zero_point=-9)
    y = builder.tensor("y", SHAPE, scale=1 / 128, zero_point=0)
    builder.op(name, [constant, x] if constant_first else [x, constant], [middle])
    builder.op("TANH", [middle], [y])
    return Case(f"{name} {value} {constant_first=}", builder.build([x], [y]), rows_for([SHAPE], 0))


def same_tensor_twice(name: str) -> Case:
    builder = ModelBuilder()
    x = builder.tensor("x", SHAPE, scale=0.04, zero_point=5)
    y = builder.tensor("y", SHAPE, scale=0.09, zero_point=-128)
    builder.op(name, [x, x], [y])
    return Case(f"{name} of a tensor with itself", builder.build([x], [y]), rows_for([SHAPE], 0))


def operators(case: Case) -> list[str]:
    return [op.NAME for op in run_passes(parse_tflite(case.model).graph, "model").ops]


@examples
@given(st.floats(0.005, 0.2), st.integers(-128, 127), st.floats(0.005, 0.2))
def test_silu_is_one_table(scale: float, zero_point: int, output_scale: float) -> None:
    case = silu(scale, zero_point, output_scale)
    assert operators(case) == ["TABLE"]
    assert_agreement(case)


def test_what_is_an_output_is_computed() -> None:
    case = silu(0.05, 3, 0.04, sigmoid_is_output=True)
    assert operators(case) == ["LOGISTIC", "MUL"]
    assert_agreement(case)


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM"])
@pytest.mark.parametrize("value", [-128, -3, 0, 127])
@pytest.mark.parametrize("constant_first", [False, True])
def test_an_operator_with_one_constant_value_is_a_table(name: str, value: int, constant_first: bool) -> None:
    case = with_constant(name, value, constant_first=constant_first)
    assert operators(case) == ["TABLE"]
    assert_agreement(case)


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM"])
def test_an_operator_of_a_tensor_with_itself_is_a_table(name: str) -> None:
    case = same_tensor_twice(name)
    assert operators(case) == ["TABLE"]
    assert_agreement(case)
