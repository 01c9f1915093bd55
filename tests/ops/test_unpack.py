"""UNPACK against TFLM and TFLite."""

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
class Unpack:
    """As many outputs as the axis is long."""

    shape: tuple[int, ...] = (2, 3)
    axis: int = 0
    num: int | None = None
    outputs: int | None = None
    output_shape: tuple[int, ...] | None = None
    output_zero_point: int = 3
    constant: str | None = None  # type of a constant that is taken apart instead of the input
    seed: int = 0

    def model(self) -> bytes:
        builder = ModelBuilder()
        x = source = builder.tensor("x", self.shape, scale=0.05, zero_point=3)
        if self.constant:
            data = weights(self.shape, 0)
            source = builder.tensor("c", self.shape, self.constant, scale=0.05, zero_point=3, data=data)
        axis = self.axis % len(self.shape)
        count = self.outputs or self.shape[axis]
        shape = (*self.shape[:axis], *self.shape[axis + 1 :]) if self.output_shape is None else self.output_shape
        outputs = [
            builder.tensor(f"part{number}", shape, scale=0.05, zero_point=self.output_zero_point)
            for number in range(count)
        ]
        builder.op("UNPACK", [source], outputs, axis=self.axis, num=count if self.num is None else self.num)
        return builder.build([x], outputs)

    def case(self) -> Case:
        disagreement = None if self.output_zero_point == 3 else SAME_QUANTIZATION
        return Case(str(self), self.model(), rows_for([self.shape], self.seed), disagreement)


@st.composite
def unpacks(draw: st.DrawFn) -> Unpack:
    shape = draw(shapes(2, 5, 4))
    return Unpack(shape=shape, axis=draw(st.integers(-len(shape), len(shape) - 1)), seed=draw(seeds))


def fixed_case() -> Case:
    return Unpack(shape=(2, 3, 4), axis=1).case()


@examples
@given(unpack=unpacks())
def test_agrees_with_tflm_and_tflite(unpack: Unpack) -> None:
    assert_agreement_in_both(unpack.case())


EDGES = {
    "first axis": Unpack(shape=(3, 4, 2), axis=0),
    "last axis": Unpack(shape=(3, 4, 2), axis=-1),
    "first axis from behind": Unpack(shape=(3, 4, 2), axis=-3),
    "one output": Unpack(shape=(3, 1, 2), axis=1),
    "scalars": Unpack(shape=(4,)),
    "six axes": Unpack(shape=(2, 1, 2, 3, 1, 2), axis=3),
    "output of another quantization": Unpack(output_zero_point=-3),
    "a constant": Unpack(constant="int8"),
}


@pytest.mark.parametrize("unpack", EDGES.values(), ids=EDGES.keys())
def test_edge(unpack: Unpack) -> None:
    assert_agreement_in_both(unpack.case())


def test_frames_that_change_places() -> None:
    """UNPACK and PACK around an operator on one of the parts, another part unread."""
    builder = ModelBuilder()
    x = builder.tensor("x", (2, 3, 4), scale=0.05, zero_point=3)
    frames = [builder.tensor(f"frame{n}", (2, 4), scale=0.05, zero_point=3) for n in range(3)]
    doubled = builder.tensor("doubled", (2, 4), scale=0.05, zero_point=3)
    y = builder.tensor("y", (2, 3, 4), scale=0.05, zero_point=3)
    builder.op("UNPACK", [x], frames, axis=1, num=3)
    builder.op("ADD", [frames[0], frames[0]], [doubled])
    builder.op("PACK", [frames[2], doubled, frames[2]], [y], axis=1, values_count=3)
    assert_agreement_in_both(Case("frames that change places", builder.build([x], [y]), rows_for([(2, 3, 4)], 0)))


REFUSED = {
    "an axis that is not there": (
        Unpack(axis=2, output_shape=(3,), outputs=2),
        r"axis is 2, allowed: an axis of the input",
    ),
    "fewer outputs than the axis is long": (
        Unpack(shape=(3, 2), outputs=2),
        r"output shapes is \(2,\), allowed: the i",
    ),
    "another output shape": (
        Unpack(output_shape=(1, 3)),
        r"output shapes is \(1, 3\), allowed: the input's shape with",
    ),
    "another number of values": (Unpack(num=3), r"number of values is 3, allowed: the number of outputs"),
    "a constant of another type": (
        Unpack(constant="int16"),
        r"types of operands and outputs is int16, int8.*, allowed: the same for all",
    ),
}


@pytest.mark.parametrize(("unpack", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(unpack: Unpack, message: str) -> None:
    assert_refused(unpack.model(), message)
