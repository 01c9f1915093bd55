"""SOFTMAX against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import RECIPROCALS_IN_FLOAT64
from tests.ops.linear import activation_types
from tests.ops.refusals import assert_refused
from tests.ops.strategies import ALL_BYTES, rows_for, scales, seeds, shapes, zero_points_of
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax:
    """Over the last dimension; the output quantization is prescribed."""

    dtype: str = "int8"
    shape: tuple[int, ...] = (3, 7)
    beta: float = 1.0
    scale: float = 0.1
    zero_point: int = 0
    output_dtype: str | None = None
    output_ratio: float = 1.0  # of the output's scale to the one it should have
    seed: int = 0

    def case(self, extra_rows: list[list[np.ndarray]] | None = None) -> Case:
        builder = ModelBuilder()
        output_dtype = self.output_dtype or self.dtype
        scale, zero_point = {"int8": (1 / 256, -128), "int16": (1 / 32768, 0)}[output_dtype]
        output = {"scale": scale * self.output_ratio, "zero_point": zero_point}
        x = builder.tensor("x", self.shape, self.dtype, scale=self.scale, zero_point=self.zero_point)
        y = builder.tensor("y", self.shape, output_dtype, **output)
        builder.op("SOFTMAX", [x], [y], beta=self.beta)
        rows = rows_for([self.shape], self.seed, self.dtype) + (extra_rows or [])
        disagreement = RECIPROCALS_IN_FLOAT64 if self.dtype == "int16" else None
        return Case(str(self), builder.build([x], [y]), rows, disagreement)


@st.composite
def softmaxes(draw: st.DrawFn) -> Softmax:
    dtype = draw(activation_types)
    return Softmax(
        dtype=dtype,
        shape=(*draw(shapes(0, 3, 3)), draw(st.integers(1, 40))),
        beta=draw(st.one_of(st.just(1.0), scales(0.05, 20.0))),
        scale=draw(scales(1e-3, 2.0) if dtype == "int8" else scales(1e-6, 0.2)),
        zero_point=draw(zero_points_of(dtype)),
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
    "many rows": Softmax(shape=(3000, 4), scale=0.02),
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


WIDE = Softmax(dtype="int16", scale=0.0003)
EDGES_OF_INT16 = {
    "rows": WIDE,
    "one class": replace(WIDE, shape=(4, 1)),
    "two classes": replace(WIDE, shape=(50, 2)),
    "one dimension": replace(WIDE, shape=(9,)),
    "four dimensions": replace(WIDE, shape=(2, 2, 3, 5)),
    "many equal classes": replace(WIDE, shape=(1, 5000), scale=1e-7),
    "flat": replace(WIDE, shape=(2, 30), scale=1e-8),
    "one hot": replace(WIDE, shape=(2, 30), scale=4.9),
    "small beta": replace(WIDE, beta=0.125),
    "beta 0": replace(WIDE, beta=0.0),
    "nearly the prescribed scale": replace(WIDE, output_ratio=1.0005),
}
EDGES |= {f"int16, {name}": softmax for name, softmax in EDGES_OF_INT16.items()}


def fixed_case_of_int16() -> Case:
    return replace(WIDE, shape=(2, 3, 11)).case()


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


def test_every_difference_of_int16() -> None:
    """Rows of two classes, in steps of TFLM's table of exponentials, and of three, whose sums go all over its table of
    reciprocals."""
    values = np.arange(-32768, 32768).astype(np.int16)
    pairs = np.stack([np.full_like(values, 32767), values], axis=1)
    assert_agreement(replace(WIDE, shape=pairs.shape, scale=10 / 65535).case([[pairs]]))
    triples = np.stack([*pairs.T, values[::-1]], axis=1)
    assert_agreement(replace(WIDE, shape=triples.shape, scale=0.0001).case([[triples]]))


@pytest.mark.parametrize(
    ("softmax", "message"),
    [
        (replace(WIDE, output_dtype="int8"), "types of operands and outputs is int16, int8, allowed: the same for all"),
        (replace(WIDE, output_ratio=2.0), "output quantization is .* scale=6.1.*, allowed: scale 1/32768"),
        (replace(WIDE, scale=5.1), r"beta \* input scale is 5.0.*, allowed: from 0 to 5.0"),
        (replace(WIDE, beta=-1.0), r"beta \* input scale is -0.0003.*, allowed: from 0"),
        (replace(WIDE, shape=(65536,)), "row length is 65536, allowed: at most 65535"),
    ],
)
def test_refused(softmax: Softmax, message: str) -> None:
    assert_refused(softmax.case().model, f"SOFTMAX: {message}")
