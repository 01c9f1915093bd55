"""PADV2 against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.refusals import assert_refused
from tests.ops.strategies import INT8_MAX, INT8_MIN, rows_for, seeds, shapes
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class PadV2:
    """`paddings` holds (before, after) for each dimension; `value` is the byte that is added."""

    shape: tuple[int, ...] = (2, 3)
    paddings: tuple[tuple[int, int], ...] = ((1, 0), (2, 3))
    value: int | tuple[int, ...] | None = 3  # None: an input of the model
    value_scale: float = 0.05
    value_zero_point: int = -7
    seed: int = 0

    def model(self) -> bytes:
        output_shape = [before + size + after for size, (before, after) in zip(self.shape, self.paddings, strict=True)]
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=0.05, zero_point=-7)
        paddings = builder.constant("paddings", self.paddings)
        values = (self.value,) if isinstance(self.value, int) else self.value
        quantization = {"scale": self.value_scale, "zero_point": self.value_zero_point}
        value = builder.tensor("value", (len(values or "1"),), data=values, **quantization)
        y = builder.tensor("y", output_shape, scale=0.05, zero_point=-7)
        builder.op("PADV2", [x, paddings, value], [y])
        return builder.build([x] if values else [x, value], [y])

    def case(self) -> Case:
        return Case(str(self), self.model(), rows_for([self.shape], self.seed))


@st.composite
def pads(draw: st.DrawFn) -> PadV2:
    shape = draw(shapes(1, 5, 4))
    amounts = st.integers(0, 3)
    paddings = tuple(draw(st.tuples(amounts, amounts)) for _ in shape)
    value = draw(st.integers(INT8_MIN, INT8_MAX))
    return PadV2(shape=shape, paddings=paddings, value=value, seed=draw(seeds))


def fixed_case() -> Case:
    return PadV2(shape=(1, 4, 3, 2), paddings=((0, 0), (1, 2), (2, 1), (0, 0))).case()


@examples
@given(pad=pads())
def test_agrees_with_tflm_and_tflite(pad: PadV2) -> None:
    assert_agreement_in_both(pad.case())


@pytest.mark.parametrize("value", [INT8_MIN, -7, 0, INT8_MAX])
def test_edge_values(value: int) -> None:
    assert_agreement_in_both(PadV2(value=value).case())


REFUSED = {
    "several values": (PadV2(value=(1, 2)), r"number of values is 2, allowed: 1"),
    "a computed value": (PadV2(value=None), r"operand 2 is computed int8, allowed: a constant of type int8"),
    "another scale": (PadV2(value_scale=0.06), r"quantization of the value is .*, allowed: the output's scale and"),
    "another zero point": (
        PadV2(value_zero_point=3),
        r"quantization of the value is .* zero_point=3, allowed: the out",
    ),
    "a negative padding": (
        PadV2(shape=(5,), paddings=((-1, 2),)),
        r"paddings is \(-1, 2\), allowed: two per axis",
    ),
    "too many axes": (PadV2(shape=(2,) * 6, paddings=((0, 1),) * 6), r"rank of operand 0 is 6, allowed: 1 or 2 or 3"),
}


@pytest.mark.parametrize(("pad", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(pad: PadV2, message: str) -> None:
    assert_refused(pad.model(), message)
