"""SOFTMAX against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.strategies import ALL_BYTES, rows_for, scales, seeds, shapes, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax:
    """Over the last dimension; the output quantization is prescribed: scale 1/256, zero point -128."""

    shape: tuple[int, ...] = (3, 7)
    beta: float = 1.0
    scale: float = 0.1
    zero_point: int = 0
    seed: int = 0

    def case(self, extra_rows: list[list[np.ndarray]] | None = None) -> Case:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=self.scale, zero_point=self.zero_point)
        y = builder.tensor("y", self.shape, scale=1 / 256, zero_point=-128)
        builder.op("SOFTMAX", [x], [y], beta=self.beta)
        return Case(str(self), builder.build([x], [y]), rows_for([self.shape], self.seed) + (extra_rows or []))


@st.composite
def softmaxes(draw: st.DrawFn) -> Softmax:
    return Softmax(
        shape=(*draw(shapes(0, 3, 3)), draw(st.integers(1, 40))),
        beta=draw(st.one_of(st.just(1.0), scales(0.05, 20.0))),
        scale=draw(scales(1e-3, 2.0)),
        zero_point=draw(zero_points),
        seed=draw(seeds),
    )


def fixed_case() -> Case:
    return Softmax(shape=(2, 3, 11), scale=0.06, zero_point=12).case()


@examples
@given(softmax=softmaxes())
def test_agrees_with_tflm_and_tflite(softmax: Softmax) -> None:
    assert_agreement(softmax.case())


EDGES = {
    "one class": Softmax(shape=(4, 1)),
    "two classes": Softmax(shape=(50, 2)),
    "one dimension": Softmax(shape=(9,)),
    "four dimensions": Softmax(shape=(2, 2, 3, 5)),
    "attention": Softmax(shape=(1, 2, 5, 50), scale=0.043),
    # TFLite Micro's sum of exponentials has room for 511 equal ones; it stops the process on 512.
    "as many equal classes as there may be": Softmax(shape=(1, 511), scale=0.01),
    "flat": Softmax(shape=(2, 30), scale=1e-5),
    "one hot": Softmax(shape=(2, 30), scale=30.0),
    "capped multiplier": Softmax(shape=(2, 30), scale=100.0, beta=50.0),
    "small beta": Softmax(shape=(2, 30), beta=0.125),
    "lowest zero point": Softmax(zero_point=-128),
    "highest zero point": Softmax(zero_point=127),
}


@pytest.mark.parametrize("softmax", EDGES.values(), ids=EDGES.keys())
def test_edge(softmax: Softmax) -> None:
    assert_agreement(softmax.case())


def every_difference(scale: float) -> Case:
    """Rows of two classes, 127 and every other byte."""
    pairs = np.stack([np.full(256, 127, np.int8), ALL_BYTES], axis=1)
    return Softmax(shape=(256, 2), scale=scale).case([[pairs]])


@pytest.mark.parametrize("scale", [0.003, 0.05, 0.25, 0.7])
def test_every_difference_to_the_maximum(scale: float) -> None:
    assert_agreement(every_difference(scale))
