"""L2_NORMALIZATION against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import UNIT_NORM_SCALE
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, scales, seeds, shapes, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class L2Normalization:
    """Over the last dimension."""

    shape: tuple[int, ...] = (3, 7)
    activation: str = "NONE"
    scale: float = 0.1
    zero_point: int = 0
    output_scale: float = 1 / 128
    output_zero_point: int = 0
    seed: int = 0

    def case(self, extra_rows: list[list[np.ndarray]] | None = None) -> Case:
        prescribed = (self.output_scale, self.output_zero_point) == (1 / 128, 0)
        rows = rows_for([self.shape], self.seed) + (extra_rows or [])
        return Case(str(self), self.model(), rows, None if prescribed else UNIT_NORM_SCALE)

    def model(self, output_shape: tuple[int, ...] | None = None) -> bytes:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=self.scale, zero_point=self.zero_point)
        shape = self.shape if output_shape is None else output_shape
        y = builder.tensor("y", shape, scale=self.output_scale, zero_point=self.output_zero_point)
        builder.op("L2_NORMALIZATION", [x], [y], fused_activation_function=self.activation)
        return builder.build([x], [y])


@st.composite
def l2_normalizations(draw: st.DrawFn) -> L2Normalization:
    return L2Normalization(
        shape=(*draw(shapes(0, 3, 3)), draw(st.integers(1, 40))),
        scale=draw(scales(1e-3, 2.0)),
        zero_point=draw(zero_points),
        seed=draw(seeds),
    )


def fixed_case() -> Case:
    return L2Normalization(shape=(2, 3, 11), scale=0.06, zero_point=12).case()


@examples
@given(l2_normalization=l2_normalizations())
def test_agrees_with_tflm_and_tflite(l2_normalization: L2Normalization) -> None:
    assert_agreement(l2_normalization.case())


EDGES = {
    "one value per row": L2Normalization(shape=(4, 1)),
    "one dimension": L2Normalization(shape=(9,)),
    "four dimensions": L2Normalization(shape=(2, 2, 3, 5)),
    "lowest zero point": L2Normalization(zero_point=-128),
    "highest zero point": L2Normalization(zero_point=127),
    "long rows": L2Normalization(shape=(2, 9000), zero_point=-128),
    "longest row": L2Normalization(shape=(33025,), zero_point=-128),
    "another output quantization": L2Normalization(output_scale=0.02, output_zero_point=-30),
}


@pytest.mark.parametrize("l2_normalization", EDGES.values(), ids=EDGES.keys())
def test_edge(l2_normalization: L2Normalization) -> None:
    assert_agreement(l2_normalization.case())


def test_rows_of_zeros_and_ones() -> None:
    """Sums of squares of 0, 1, 2, 3, ..., which the reciprocal root treats one by one or scales up."""
    rows = np.tri(64, 64, -1).astype(np.int8)
    signs = rows * np.where(np.arange(64) % 2, 1, -1).astype(np.int8)
    assert_agreement(L2Normalization(shape=(64, 64)).case([[rows], [signs]]))


def test_every_power_of_two() -> None:
    """Sums of squares from 1 to 2^29 and beyond, where the root's argument is scaled down."""
    lengths = [min(4**n, 9000) for n in range(8)]
    rows = np.zeros((16, 9000), np.int8)
    for n, length in enumerate(lengths):
        rows[2 * n, :length], rows[2 * n + 1, :length] = 1, 127
    assert_agreement(L2Normalization(shape=(16, 9000), zero_point=-100).case([[rows]]))
    assert_agreement(L2Normalization(shape=(16, 9000)).case([[rows]]))


REFUSED = {
    "fused activation": (L2Normalization(activation="RELU").model(), "fused activation is RELU, allowed: NONE"),
    "output shape": (L2Normalization().model((7, 3)), r"output shape is \(7, 3\), allowed: the input's shape"),
    "scalar": (replace(L2Normalization(), shape=()).model(), "rank is 0, allowed: 1 or more"),
    "five dimensions": (
        replace(L2Normalization(), shape=(1, 1, 1, 2, 3)).model(),
        "rank of operand 0 is 5, allowed: 1 or 2 or 3 or 4",
    ),
    "row length": (replace(L2Normalization(), shape=(33026,)).model(), "row length is 33026, allowed: at most 33025"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(model: bytes, message: str) -> None:
    assert_refused(model, message)
