"""LOG_SOFTMAX against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.refusals import assert_refused
from tests.ops.strategies import ALL_BYTES, rows_for, scales, seeds, shapes, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSoftmax:
    """Over the last dimension; the output quantization is prescribed: scale 1/16, zero point 127."""

    shape: tuple[int, ...] = (3, 7)
    scale: float = 0.1
    zero_point: int = 0
    seed: int = 0

    def case(self, extra_rows: list[list[np.ndarray]] | None = None) -> Case:
        return Case(str(self), self.model(), rows_for([self.shape], self.seed) + (extra_rows or []))

    def model(
        self, output_scale: float = 1 / 16, output_zero_point: int = 127, output_shape: tuple[int, ...] | None = None
    ) -> bytes:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=self.scale, zero_point=self.zero_point)
        shape = self.shape if output_shape is None else output_shape
        y = builder.tensor("y", shape, scale=output_scale, zero_point=output_zero_point)
        builder.op("LOG_SOFTMAX", [x], [y])
        return builder.build([x], [y])


@st.composite
def log_softmaxes(draw: st.DrawFn) -> LogSoftmax:
    return LogSoftmax(
        shape=(*draw(shapes(0, 3, 3)), draw(st.integers(1, 40))),
        scale=draw(scales(1e-6, 50.0)),
        zero_point=draw(zero_points),
        seed=draw(seeds),
    )


def fixed_case() -> Case:
    return LogSoftmax(shape=(2, 3, 11), scale=0.06, zero_point=12).case()


@examples
@given(log_softmax=log_softmaxes())
def test_agrees_with_tflm_and_tflite(log_softmax: LogSoftmax) -> None:
    assert_agreement(log_softmax.case())


EDGES = {
    "one class": LogSoftmax(shape=(4, 1)),
    "two classes": LogSoftmax(shape=(50, 2)),
    "one dimension": LogSoftmax(shape=(9,)),
    "four dimensions": LogSoftmax(shape=(2, 2, 3, 5)),
    "flat": LogSoftmax(shape=(2, 30), scale=1e-5),
    "one hot": LogSoftmax(shape=(2, 30), scale=15.9),
    "every other value is out of range": LogSoftmax(shape=(2, 30), scale=16.0),
    "capped multiplier": LogSoftmax(shape=(2, 30), scale=100.0),
    "longest row": LogSoftmax(shape=(1, 4095), scale=1e-7),
    "long rows": LogSoftmax(shape=(2, 2000), scale=0.02),
    "lowest zero point": LogSoftmax(zero_point=-128),
    "highest zero point": LogSoftmax(zero_point=127),
}


@pytest.mark.parametrize("log_softmax", EDGES.values(), ids=EDGES.keys())
def test_edge(log_softmax: LogSoftmax) -> None:
    assert_agreement(log_softmax.case())


@pytest.mark.parametrize("scale", [0.003, 0.05, 1 / 16, 0.125, 0.25, 0.7])
def test_every_difference_to_the_maximum(scale: float) -> None:
    """Rows of two classes, 127 and every other byte: whole output steps from one to the next where scales are alike."""
    pairs = np.stack([np.full(256, 127, np.int8), ALL_BYTES], axis=1)
    assert_agreement(LogSoftmax(shape=(256, 2), scale=scale).case([[pairs]]))


@pytest.mark.parametrize("largest", [1, 2, 3])
def test_logarithms_of_many_sums(largest: int) -> None:
    """Rows of n equal classes and small other ones: sums of 1 to 300."""
    counts = np.arange(1, 301)
    rows = np.where(np.arange(300) < counts[:, None], largest, largest - 90).astype(np.int8)
    assert_agreement(LogSoftmax(shape=(300, 300), scale=0.05).case([[rows]]))


REFUSED = {
    "output scale": (
        LogSoftmax().model(output_scale=1 / 256),
        "output quantization is .*, allowed: scale 1/16, zero p",
    ),
    "output zero point": (LogSoftmax().model(output_zero_point=126), "output quantization is .* zero point 127"),
    "output shape": (LogSoftmax().model(output_shape=(7, 3)), r"output shape is \(7, 3\), allowed: the input's shape"),
    "rank": (replace(LogSoftmax(), shape=()).model(), "rank is 0, allowed: 1 or more"),
    "input scale": (
        replace(LogSoftmax(), scale=2.0**-26).model(),
        r"beta \* input scale is 1.4.*, allowed: above 2\^-26",
    ),
    "row length": (replace(LogSoftmax(), shape=(4096,)).model(), "row length is 4096, allowed: at most 4095"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(model: bytes, message: str) -> None:
    assert_refused(model, message)
