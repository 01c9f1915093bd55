"""Operators on constants are computed when the firmware is generated, with the kernels' results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.ops import OPERATORS
from codegen.passes import run_passes
from codegen.passes.fold_constants import fold_constants
from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import NO_INT16
from tests.ops.int16 import in_int16
from tests.ops.strategies import rows_for, scales, seeds, weights, zero_points
from tests.tflite_builder import ModelBuilder

SHAPE = (2, 3, 4)
COPIES = {
    "RESHAPE": ((6, 4), {"new_shape": [6, 4]}, []),
    "SQUEEZE": (SHAPE, {}, []),
    "EXPAND_DIMS": ((1, *SHAPE), {}, [0]),
    "TRANSPOSE": ((4, 2, 3), {}, [[2, 0, 1]]),
    "SLICE": ((1, 3, 2), {}, [[1, 0, 2], [1, -1, 2]]),
    "STRIDED_SLICE": ((2, 3, 2), {}, [[0, 2, 3], [2, -4, -5], [1, -1, -2]]),
    "PAD": ((2, 4, 7), {}, [[[0, 0], [1, 0], [2, 1]]]),
    "MIRROR_PAD": ((2, 5, 4), {"mode": "REFLECT"}, [[[0, 0], [1, 1], [0, 0]]]),
}
UNARY = ("ABS", "HARD_SWISH", "LOGISTIC", "QUANTIZE", "RELU", "TANH")
BINARY = ("ADD", "SUB", "MUL", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM")
FIXED_OUTPUTS = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtimes(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro", "tensorflow")


class Constants:
    """A model that adds what becomes of constants to its input."""

    def __init__(self, scale: float = 0.05, zero_point: int = -3, seed: int = 1) -> None:
        self.builder, self.scale, self.zero_point, self.seed = ModelBuilder(), scale, zero_point, seed

    def values(self, shape: tuple[int, ...] = SHAPE) -> int:
        self.seed += 1
        quantization = {"scale": self.scale, "zero_point": self.zero_point}
        return self.builder.tensor("values", shape, **quantization, data=weights(shape, self.seed))

    def moved(self, name: str, values: int) -> tuple[int, tuple[int, ...]]:
        shape, options, operands = COPIES[name]
        quantization = {"scale": self.scale, "zero_point": self.zero_point}
        output = self.builder.tensor(name, shape, **quantization)
        self.builder.op(name, [values, *(self.builder.constant("operand", o) for o in operands)], [output], **options)
        return output, shape

    def unary(self, name: str, values: int) -> int:
        scale, zero_point = FIXED_OUTPUTS.get(name, (self.scale * 1.3, self.zero_point))
        output = self.builder.tensor(name, SHAPE, scale=scale, zero_point=zero_point)
        self.builder.op(name, [values], [output])
        return output

    def binary(self, name: str, first: int, second: int) -> int:
        same = name in ("MAXIMUM", "MINIMUM")
        output = self.builder.tensor(name, SHAPE, scale=self.scale * (1 if same else 1.7), zero_point=self.zero_point)
        self.builder.op(name, [first, second], [output])
        return output

    def case(self, constant: int, shape: tuple[int, ...] = SHAPE) -> Case:
        x = self.builder.tensor("x", shape, scale=0.04, zero_point=5)
        y = self.builder.tensor("y", shape, scale=0.09, zero_point=-20)
        self.builder.op("ADD", [x, constant], [y])
        return Case(f"{self.seed=}", self.builder.build([x], [y]), rows_for([shape], 0))


def assert_folded(case: Case) -> None:
    """One operator is left, and its bytes are TFLM's."""
    assert [op.NAME for op in run_passes(parse_tflite(case.model).graph, "model").ops] == ["ADD"]
    assert_agreement(case)


@pytest.mark.parametrize("name", COPIES)
def test_moved_constants(name: str) -> None:
    constants = Constants()
    case = constants.case(*constants.moved(name, constants.values()))
    assert_folded(case)
    if "int16" in OPERATORS[name].INPUT_TYPES:
        assert_folded(in_int16(case))


@pytest.mark.parametrize("name", UNARY)
def test_unary_operators(name: str) -> None:
    constants = Constants()
    assert_folded(constants.case(constants.unary(name, constants.values())))


def test_unary_operators_of_int16_are_left_to_their_kernels() -> None:
    constants = Constants()
    case = in_int16(constants.case(constants.unary("ABS", constants.values())))
    assert [op.NAME for op in run_passes(parse_tflite(case.model).graph, "model").ops] == ["ABS", "ADD"]
    assert_agreement(case)


@examples
@given(
    name=st.sampled_from(BINARY),
    shape=st.sampled_from([SHAPE, (4,), (3, 1), (1,)]),
    scale=scales(1e-3, 0.5),
    zero_point=zero_points,
    seed=seeds,
)
def test_binary_operators(name: str, shape: tuple[int, ...], scale: float, zero_point: int, seed: int) -> None:
    constants = Constants(scale, zero_point, seed)
    case = constants.case(constants.binary(name, constants.values(), constants.values(shape)))
    assert_folded(case)
    assert_folded(replace(in_int16(case), disagreement=NO_INT16 if name == "SQUARED_DIFFERENCE" else None))


def test_parts_of_a_constant() -> None:
    constants = Constants()
    quantization = {"scale": 0.05, "zero_point": -3}
    parts = [constants.builder.tensor(f"part {i}", (2, 3, 2), **quantization) for i in range(2)]
    constants.builder.op("SPLIT", [constants.builder.constant("axis", 2), constants.values()], parts, num_splits=2)
    joined = constants.builder.tensor("joined", SHAPE, **quantization)
    constants.builder.op("CONCATENATION", parts[::-1], [joined], axis=2)
    case = constants.case(joined)
    assert_folded(case)
    assert_folded(in_int16(case))


def test_a_chain() -> None:
    constants = Constants()
    folded = constants.unary("LOGISTIC", constants.binary("MUL", constants.values(), constants.values((4,))))
    assert_folded(constants.case(folded))


def test_outputs_of_the_model_are_computed() -> None:
    constants = Constants()
    output = constants.unary("LOGISTIC", constants.binary("MUL", constants.values(), constants.values((4,))))
    x = constants.builder.tensor("x", SHAPE, scale=0.05, zero_point=0)
    y = constants.builder.tensor("y", SHAPE, scale=0.1, zero_point=0)
    constants.builder.op("ADD", [x, x], [y])
    case = Case("a constant output", constants.builder.build([x], [y, output]), rows_for([SHAPE], 0))
    assert [op.NAME for op in fold_constants(parse_tflite(case.model).graph).ops] == ["LOGISTIC", "ADD"]
    assert_agreement(case)


def test_what_has_to_be_computed_is_not_folded() -> None:
    """DEQUANTIZE and views refuse constants where their output is the model's."""
    constants = Constants()
    real = constants.builder.tensor("real", SHAPE, "float32")
    shaped = constants.builder.tensor("shaped", (6, 4), scale=0.085, zero_point=-3)
    constants.builder.op("DEQUANTIZE", [constants.unary("RELU", constants.values())], [real])
    product = constants.binary("MUL", constants.values(), constants.values())
    constants.builder.op("RESHAPE", [product, constants.builder.constant("shape", (6, 4))], [shaped])
    x = constants.builder.tensor("x", SHAPE, scale=0.05, zero_point=0)
    y = constants.builder.tensor("y", SHAPE, scale=0.1, zero_point=0)
    constants.builder.op("ADD", [x, x], [y])
    model = constants.builder.build([x], [y, real, shaped])
    names = [op.NAME for op in fold_constants(parse_tflite(model).graph).ops]
    assert names == ["RELU", "DEQUANTIZE", "MUL", "RESHAPE", "ADD"]
    assert_agreement(Case("constants to outputs", model, rows_for([SHAPE], 0)))
