"""PRELU against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import MORE_SLOPES, NO_INT16, SCALES_IN_FLOAT32
from tests.ops.elementwise import operand_shapes
from tests.ops.int16 import in_int16
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, scales, seeds, spreads, weights, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Prelu:
    """An input of `shape` and slopes of shape `alpha`, constant or not."""

    shape: tuple[int, ...] = (2, 5, 6)
    alpha: tuple[int, ...] = (6,)
    constant: bool = True
    input_scale: float = 0.05
    alpha_scale: float | tuple[float, ...] = 0.01
    output_scale: float = 0.06
    input_zero_point: int = 0
    alpha_zero_point: int = 0
    output_zero_point: int = 0
    seed: int = 0

    def case(self) -> Case:
        builder = ModelBuilder()
        x = builder.tensor("x", self.shape, scale=self.input_scale, zero_point=self.input_zero_point)
        data = weights(self.alpha, self.seed) if self.constant else None
        a = builder.tensor("a", self.alpha, scale=self.alpha_scale, zero_point=self.alpha_zero_point, data=data)
        shape = np.broadcast_shapes(self.shape, self.alpha)
        y = builder.tensor("y", shape, scale=self.output_scale, zero_point=self.output_zero_point)
        builder.op("PRELU", [x, a], [y])
        inputs = {x: self.shape} if self.constant else {x: self.shape, a: self.alpha}
        rows = rows_for(list(inputs.values()), self.seed)
        disagreement = SCALES_IN_FLOAT32 if shape == self.shape else MORE_SLOPES
        return Case(str(self), builder.build(list(inputs), [y]), rows, disagreement)


@st.composite
def prelus(draw: st.DrawFn) -> Prelu:
    shape, alpha = draw(operand_shapes())
    scale = draw(scales(1e-3, 1.0))
    return Prelu(
        shape=shape,
        alpha=alpha,
        constant=draw(st.booleans()),
        input_scale=scale,
        alpha_scale=draw(scales(1e-3, 0.1)),
        output_scale=float(np.float32(scale * draw(spreads))),
        input_zero_point=draw(zero_points),
        alpha_zero_point=draw(zero_points),
        output_zero_point=draw(zero_points),
        seed=draw(seeds),
    )


def wide_case(prelu: Prelu) -> Case:
    """In int16, with slopes of int8."""
    return replace(in_int16(prelu.case(), but=("a",)), disagreement=NO_INT16)


PLAIN = Prelu(shape=(2, 3, 4, 5), alpha=(4, 1), input_zero_point=-4, alpha_zero_point=17)


def fixed_case() -> Case:
    return PLAIN.case()


def fixed_case_of_int16() -> Case:
    return wide_case(PLAIN)


@examples
@given(prelu=prelus())
def test_agrees_with_tflm_and_tflite(prelu: Prelu) -> None:
    assert_agreement(prelu.case())
    assert_agreement(wide_case(prelu))


TIES = Prelu(input_scale=0.25, alpha_scale=0.25, output_scale=0.5, shape=(5, 6, 7), alpha=(7,))
EDGES = {
    "a slope per channel": Prelu(),
    "slopes as Keras writes them": Prelu(shape=(1, 4, 5, 3), alpha=(1, 1, 3)),
    "one slope": Prelu(alpha=(1,)),
    "a scalar slope": Prelu(alpha=()),
    "a slope per element": Prelu(alpha=(2, 5, 6)),
    "computed slopes": Prelu(constant=False),
    "more slopes than inputs": Prelu(shape=(6,), alpha=(2, 5, 6)),
    "more computed slopes than inputs": Prelu(shape=(6,), alpha=(2, 5, 6), constant=False),
    "scalars": Prelu(shape=(), alpha=()),
    "odd channels": Prelu(shape=(3, 7), alpha=(7,)),
    "lowest zero points": Prelu(input_zero_point=-128, alpha_zero_point=-128, output_zero_point=-128),
    "highest zero points": Prelu(input_zero_point=127, alpha_zero_point=127, output_zero_point=127),
    "opposite zero points": Prelu(input_zero_point=127, alpha_zero_point=-128, output_zero_point=5),
    "rounding ties": TIES,
    "rounding ties below a step": replace(TIES, output_scale=4.0),
    "saturating": Prelu(output_scale=0.001),
    "output of one value": Prelu(output_scale=1e6, output_zero_point=-3),
}


@pytest.mark.parametrize("prelu", EDGES.values(), ids=EDGES.keys())
def test_edge(prelu: Prelu) -> None:
    assert_agreement(prelu.case())
    assert_agreement(wide_case(prelu))


def test_slopes_quantized_per_channel_are_refused() -> None:
    model = Prelu(alpha_scale=tuple(0.01 * (1 + c) for c in range(6))).case().model
    assert_refused(model, r"PRELU: quantization of operands is per channel, allowed: one scale")


def test_slopes_of_int16_are_refused() -> None:
    model = in_int16(Prelu().case()).model
    assert_refused(model, r"PRELU: type of operand 1 is int16, allowed: int8")
