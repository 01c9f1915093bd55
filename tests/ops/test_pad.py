"""PAD against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.strategies import rows_for, seeds, shapes, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """`paddings` holds (before, after) for each dimension; what is added stands for zero."""

    shape: tuple[int, ...]
    paddings: tuple[tuple[int, int], ...]
    zero_point: int = 3
    seed: int = 0

    def case(self) -> Case:
        output_shape = [before + size + after for size, (before, after) in zip(self.shape, self.paddings, strict=True)]
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=0.05, zero_point=self.zero_point)
        paddings = builder.constant("paddings", self.paddings)
        y = builder.tensor("y", output_shape, scale=0.05, zero_point=self.zero_point)
        builder.op("PAD", [x, paddings], [y])
        return Case(str(self), builder.build([x], [y]), rows_for([self.shape], self.seed))


@st.composite
def pads(draw: st.DrawFn) -> Pad:
    shape = draw(shapes(1, 4))
    amounts = st.integers(0, 3)
    paddings = tuple(draw(st.tuples(amounts, amounts)) for _ in shape)
    return Pad(shape=shape, paddings=paddings, zero_point=draw(zero_points), seed=draw(seeds))


def fixed_case() -> Case:
    return Pad(shape=(1, 4, 3, 2), paddings=((0, 0), (1, 2), (2, 1), (0, 0))).case()


@examples
@given(pad=pads())
def test_agrees_with_tflm_and_tflite(pad: Pad) -> None:
    assert_agreement_in_both(pad.case())


EDGES = {
    "nothing": Pad(shape=(2, 3), paddings=((0, 0), (0, 0))),
    "one dimension": Pad(shape=(5,), paddings=((2, 1),)),
    "image": Pad(shape=(1, 4, 4, 3), paddings=((0, 0), (1, 1), (1, 1), (0, 0))),
    "channels": Pad(shape=(1, 2, 2, 3), paddings=((0, 0), (0, 0), (0, 0), (1, 4))),
    "batch": Pad(shape=(2, 3, 2), paddings=((1, 1), (0, 0), (0, 0))),
    "every side": Pad(shape=(2, 2, 2, 2), paddings=((1, 2), (2, 1), (1, 1), (3, 0))),
    "start only": Pad(shape=(3, 4), paddings=((3, 0), (0, 0))),
    "lowest zero point": Pad(shape=(3, 4), paddings=((1, 0), (0, 1)), zero_point=-128),
    "highest zero point": Pad(shape=(3, 4), paddings=((1, 0), (0, 1)), zero_point=127),
}


@pytest.mark.parametrize("pad", EDGES.values(), ids=EDGES.keys())
def test_edge(pad: Pad) -> None:
    assert_agreement_in_both(pad.case())
