"""PACK against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.disagreements import SAME_QUANTIZATION
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, seeds, shapes, weights
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """`count` operands of `shape`; the one of number `constant` is a constant."""

    shape: tuple[int, ...] = (2, 3)
    axis: int = 0
    count: int = 2
    constant: int | None = None
    constant_type: str = "int8"
    values_count: int | None = None
    output_shape: tuple[int, ...] | None = None
    output_zero_point: int = 3
    seed: int = 0

    def model(self) -> bytes:
        builder = ModelBuilder()
        operands, inputs = [], []
        for number in range(self.count):
            if number == self.constant:
                data = weights(self.shape, number)
                constant = builder.tensor("c", self.shape, self.constant_type, scale=0.05, zero_point=3, data=data)
                operands.append(constant)
            else:
                operands.append(builder.tensor(f"x{number}", self.shape, scale=0.05, zero_point=3))
                inputs.append(operands[-1])
        axis = self.axis % (len(self.shape) + 1)
        shape = self.output_shape or (*self.shape[:axis], self.count, *self.shape[axis:])
        y = builder.tensor("y", shape, scale=0.05, zero_point=self.output_zero_point)
        values_count = self.count if self.values_count is None else self.values_count
        builder.op("PACK", operands, [y], axis=self.axis, values_count=values_count)
        return builder.build(inputs, [y])

    def case(self) -> Case:
        inputs = self.count - (self.constant is not None)
        disagreement = None if self.output_zero_point == 3 else SAME_QUANTIZATION
        return Case(str(self), self.model(), rows_for([self.shape] * inputs, self.seed), disagreement)


@st.composite
def packs(draw: st.DrawFn) -> Pack:
    shape = draw(shapes(0, 4, 4))
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    count = draw(st.integers(1, 5))
    constant = draw(st.none() | st.integers(0, count - 1)) if count > 1 else None
    return Pack(shape=shape, axis=axis, count=count, constant=constant, seed=draw(seeds))


def fixed_case() -> Case:
    return Pack(shape=(2, 3, 4), axis=1, count=3).case()


@examples
@given(pack=packs())
def test_agrees_with_tflm_and_tflite(pack: Pack) -> None:
    assert_agreement_in_both(pack.case())


EDGES = {
    "first axis": Pack(axis=0),
    "last axis": Pack(axis=-1),
    "first axis from behind": Pack(axis=-3),
    "one operand": Pack(count=1, axis=1),
    "more than TFLM joins in CONCATENATION": Pack(count=12, axis=1),
    "scalars": Pack(shape=(), count=3),
    "elements": Pack(shape=(1, 1), count=3, axis=2),
    "six axes": Pack(shape=(2, 1, 2, 1, 3), axis=4),
    "output of another quantization": Pack(output_zero_point=-3),
}


@pytest.mark.parametrize("pack", EDGES.values(), ids=EDGES.keys())
def test_edge(pack: Pack) -> None:
    assert_agreement_in_both(pack.case())


def test_one_tensor_twice() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", (3, 2), scale=0.05, zero_point=3)
    y = builder.tensor("y", (3, 2, 2), scale=0.05, zero_point=3)
    builder.op("PACK", [x, x], [y], axis=1, values_count=2)
    assert_agreement_in_both(Case("one tensor twice", builder.build([x], [y]), rows_for([(3, 2)], 0)))


REFUSED = {
    "an axis that is not there": (
        Pack(axis=3, output_shape=(2, 3, 2)),
        r"axis is 3, allowed: an axis of the output",
    ),
    "another axis": (
        Pack(axis=1, output_shape=(2, 3, 2)),
        r"output shape is \(2, 3, 2\), allowed: the shape that all operands share",
    ),
    "another number of values": (Pack(values_count=3), r"number of values is 3, allowed: the number of operands"),
    "a constant of another type": (
        Pack(constant=1, constant_type="int16"),
        r"types of operands and outputs is int8, int16, int8, allowed: the same for all",
    ),
}


@pytest.mark.parametrize(("pack", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(pack: Pack, message: str) -> None:
    assert_refused(pack.model(), message)
