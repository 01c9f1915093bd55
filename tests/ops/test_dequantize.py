"""DEQUANTIZE against TFLM and TFLite: float32 out, equal to the last bit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.errors import QuantizationError
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.refusals import assert_refused
from tests.ops.strategies import ALL_BYTES, limits, scales, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Dequantize:
    """All values of the type."""

    dtype: str = "int8"
    shape: tuple[int, ...] = (256,)
    scale: float = 0.05
    zero_point: int = 0

    def case(self) -> Case:
        size = int(np.prod(self.shape))
        low, high = limits(self.dtype)
        values = np.arange(low, high + 1).astype(self.dtype)
        rows = [[np.resize(np.roll(values, -start), self.shape)] for start in range(0, values.size, size)]
        return Case(str(self), self.model(), rows)

    def model(self, output_type: str = "float32", output_shape: tuple[int, ...] | None = None) -> bytes:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, self.dtype, scale=self.scale, zero_point=self.zero_point)
        y = builder.tensor("y", self.shape if output_shape is None else output_shape, output_type)
        builder.op("DEQUANTIZE", [x], [y])
        return builder.build([x], [y])


INT16 = Dequantize(dtype="int16", shape=(65536,))


@st.composite
def dequantizes(draw: st.DrawFn) -> Dequantize:
    scale = draw(scales(1e-30, 1e30))
    if draw(st.booleans()):
        return replace(INT16, scale=scale)
    return Dequantize(scale=scale, zero_point=draw(zero_points))


def fixed_case() -> Case:
    return Dequantize(shape=(2, 64), scale=0.0123, zero_point=-128).case()


@examples
@given(dequantize=dequantizes())
def test_agrees_with_tflm_and_tflite(dequantize: Dequantize) -> None:
    assert_agreement(dequantize.case())


EDGES = {
    "one dimension": Dequantize(),
    "four dimensions": Dequantize(shape=(1, 5, 3, 7)),
    "a scalar": Dequantize(shape=()),
    "lowest zero point": Dequantize(zero_point=-128),
    "highest zero point": Dequantize(zero_point=127),
    "all bits of a scale": Dequantize(scale=float(np.nextafter(np.float32(0.5), np.float32(0))), zero_point=-7),
    "products below the normal numbers": Dequantize(scale=float(np.float32(1e-39)), zero_point=5),
    "smallest scale": Dequantize(scale=float(np.finfo(np.float32).smallest_subnormal), zero_point=-128),
    "overflow to infinity": Dequantize(scale=1e37),
    "int16": INT16,
    "all bits of a scale of int16": replace(INT16, scale=float(np.nextafter(np.float32(0.5), np.float32(0)))),
    "products of int16 below the normal numbers": replace(INT16, scale=float(np.float32(1e-41))),
}


@pytest.mark.parametrize("dequantize", EDGES.values(), ids=EDGES.keys())
def test_edge(dequantize: Dequantize) -> None:
    assert_agreement(dequantize.case())


def test_after_a_classifier() -> None:
    """float32 posteriors beside the int8 ones that they are made of."""
    builder = ModelBuilder()
    x = builder.tensor("x", (4, 3), scale=0.1)
    posteriors = builder.tensor("posteriors", (4, 3), scale=1 / 256, zero_point=-128)
    real = builder.tensor("real", (4, 3), "float32")
    builder.op("SOFTMAX", [x], [posteriors], beta=1.0)
    builder.op("DEQUANTIZE", [posteriors], [real])
    rows = [[np.roll(ALL_BYTES, start)[:12].reshape(4, 3)] for start in (0, 50, 128)]
    assert_agreement(Case("int8 and float32 posteriors", builder.build([x], [real, posteriors]), rows))


def test_another_output_size_is_refused() -> None:
    assert_refused(Dequantize().model(output_shape=(255,)), "output size is 255 elements, allowed: the input's number")


def test_another_output_type_is_refused() -> None:
    model = Dequantize().model(output_type="float16")
    assert_refused(model, "tensor 'y' is float16, allowed: float32", QuantizationError)


def test_constants_are_refused() -> None:
    """As in models whose weights alone are quantized."""
    builder = ModelBuilder()
    x = builder.tensor("x", (2,), scale=0.1)
    weights = builder.tensor("weights", (2,), scale=0.1, data=[1, 2])
    real = builder.tensor("real", (2,), "float32")
    builder.op("DEQUANTIZE", [weights], [real])
    assert_refused(builder.build([x], [real]), "DEQUANTIZE: input is a constant, allowed: a computed tensor")
