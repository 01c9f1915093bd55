"""DEPTHWISE_CONV_2D against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.linear import activation_types, add_bias, bias_types
from tests.ops.refusals import assert_refused
from tests.ops.strategies import activations, paddings, rows_for, scales, seeds, spreads, weights, zero_points_of
from tests.ops.windows import fits, window_output_size
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Depthwise:
    """Shapes are (height, width); the model's tensors are (batch, height, width, channels)."""

    image: tuple[int, int]
    dtype: str = "int8"
    bias_dtype: str = "int32"
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    batch: int = 1
    channels: int = 5
    multiplier: int = 1
    padding: str = "SAME"
    activation: str = "NONE"
    per_channel: bool = True
    bias: bool = True
    product: int = 2000
    input_scale: float = 0.02
    filter_scale: float = 0.01
    spread: float = 1.0
    input_zero_point: int = 0
    output_zero_point: int = 0
    seed: int = 0

    def case(self) -> Case:
        channels = self.channels * self.multiplier
        filter_shape = (1, *self.kernel, channels)
        input_shape = (self.batch, *self.image, self.channels)
        output_shape = (self.batch, *self.output_size(), channels)
        filter_scales = [self.filter_scale * (1 + 0.37 * c) for c in range(channels if self.per_channel else 1)]
        depth = self.kernel[0] * self.kernel[1]
        output_scale = self.input_scale * self.filter_scale * 110 * depth**0.5 * self.spread

        builder = ModelBuilder()
        x = builder.tensor("x", input_shape, self.dtype, scale=self.input_scale, zero_point=self.input_zero_point)
        w = builder.tensor("w", filter_shape, scale=filter_scales, axis=3, data=weights(filter_shape, self.seed))
        operands = [x, w]
        if self.bias:
            operands.append(add_bias(builder, self, channels, depth, filter_scales, product=self.product))
        y = builder.tensor("y", output_shape, self.dtype, scale=output_scale, zero_point=self.output_zero_point)
        builder.op(
            "DEPTHWISE_CONV_2D",
            operands,
            [y],
            padding=self.padding,
            stride_h=self.stride[0],
            stride_w=self.stride[1],
            dilation_h_factor=self.dilation[0],
            dilation_w_factor=self.dilation[1],
            depth_multiplier=self.multiplier,
            fused_activation_function=self.activation,
        )
        return Case(str(self), builder.build([x], [y]), rows_for([input_shape], self.seed, self.dtype))

    def output_size(self) -> tuple[int, ...]:
        sides = zip(self.image, self.kernel, self.stride, self.dilation, strict=True)
        return tuple(window_output_size(*side, self.padding) for side in sides)


def pairs(largest: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, largest), st.integers(1, largest))


@st.composite
def convolutions(draw: st.DrawFn) -> Depthwise:
    dtype = draw(activation_types)
    conv = Depthwise(
        dtype=dtype,
        bias_dtype=draw(bias_types(dtype, "int64")),
        image=draw(pairs(8)),
        kernel=draw(pairs(4)),
        stride=draw(pairs(3)),
        dilation=draw(pairs(2)),
        batch=draw(st.integers(1, 2)),
        channels=draw(st.integers(1, 9)),
        multiplier=draw(st.integers(1, 3)),
        padding=draw(paddings),
        activation=draw(activations),
        per_channel=draw(st.booleans()),
        bias=draw(st.booleans()),
        input_scale=draw(scales()),
        filter_scale=draw(scales(1e-4, 0.1)),
        spread=draw(spreads),
        input_zero_point=draw(zero_points_of(dtype)),
        output_zero_point=draw(zero_points_of(dtype)),
        seed=draw(seeds),
    )
    sides = zip(conv.image, conv.kernel, conv.dilation, strict=True)
    assume(all(fits(*side, conv.padding) for side in sides))
    return conv


def fixed_case() -> Case:
    return Depthwise(image=(7, 6), stride=(2, 1), multiplier=2, activation="RELU", input_zero_point=11).case()


@examples
@given(conv=convolutions())
def test_agrees_with_tflm_and_tflite(conv: Depthwise) -> None:
    assert_agreement(conv.case())


EDGES = {
    "one by one image": Depthwise(image=(1, 1)),
    "one channel, many filters": Depthwise(image=(6, 5), channels=1, multiplier=8),
    "pointwise": Depthwise(image=(4, 4), kernel=(1, 1)),
    "over time": Depthwise(image=(12, 1), kernel=(5, 1), channels=16),
    "over time along the width": Depthwise(image=(1, 12), kernel=(1, 7), channels=8),
    "quads of channels": Depthwise(image=(7, 6), channels=8, stride=(2, 1)),
    "quads of channels, lowest zero point": Depthwise(
        image=(7, 6), channels=8, stride=(2, 1), input_zero_point=-128, output_zero_point=-128
    ),
    "quads of channels over time, lowest zero point": Depthwise(
        image=(9, 3), kernel=(5, 2), channels=12, dilation=(1, 2), input_zero_point=-128, output_zero_point=20
    ),
    "dilated": Depthwise(image=(8, 8), dilation=(2, 2)),
    "dilated, valid": Depthwise(image=(8, 8), dilation=(2, 3), padding="VALID"),
    "kernel larger than the image": Depthwise(image=(2, 2), kernel=(5, 5)),
    "per tensor": Depthwise(image=(4, 4), per_channel=False),
    "no bias": Depthwise(image=(4, 4), bias=False),
    "biases beyond 24 bits": Depthwise(image=(4, 4), product=2**26, spread=2.0**15),
    "batch": Depthwise(image=(4, 4), batch=3),
    "lowest zero points": Depthwise(image=(4, 4), input_zero_point=-128, output_zero_point=-128, activation="RELU6"),
    "highest zero points": Depthwise(image=(4, 4), input_zero_point=127, output_zero_point=127),
    "saturating": Depthwise(image=(4, 4), spread=0.02),
    "multiplier too small for a shift": Depthwise(image=(3, 3), spread=1e12, output_zero_point=-9),
    "rounding ties": Depthwise(
        image=(3, 3), kernel=(1, 1), per_channel=False, bias=False, input_scale=0.5, filter_scale=0.25,
        spread=2.0 / 110,
    ),
}  # fmt: skip
WIDE = Depthwise(image=(4, 5), dtype="int16", bias_dtype="int64")
EDGES_OF_INT16 = {
    "one by one image": replace(WIDE, image=(1, 1)),
    "one channel, many filters": replace(WIDE, channels=1, multiplier=7),
    "two filters a channel": replace(WIDE, channels=3, multiplier=2),
    "pointwise": replace(WIDE, kernel=(1, 1)),
    "quads of channels": replace(WIDE, channels=8, dilation=(1, 2), stride=(2, 1)),
    "kernel larger than the image": replace(WIDE, image=(2, 2), kernel=(5, 5)),
    "more taps than 32 bits have room for": replace(WIDE, image=(40, 40), kernel=(40, 40), channels=4, padding="VALID"),
    "dilated, valid": replace(WIDE, image=(8, 8), dilation=(2, 3), padding="VALID"),
    "per tensor": replace(WIDE, per_channel=False),
    "no bias": replace(WIDE, bias=False),
    "batch": replace(WIDE, batch=3),
    "relu": replace(WIDE, activation="RELU"),
    "saturating": replace(WIDE, spread=0.02),
    "multiplier above one": replace(WIDE, channels=8, spread=0.001),
    "rounding ties": replace(
        WIDE, kernel=(1, 1), per_channel=False, bias=False, input_scale=0.5, filter_scale=0.25, spread=2.0 / 110
    ),
    "multiplier too small for a shift": replace(WIDE, spread=1e12),
}
EDGES |= {f"int16, {name}": conv for name, conv in EDGES_OF_INT16.items()}


def fixed_case_of_int16() -> Case:
    return replace(WIDE, channels=7, dilation=(1, 2)).case()


@pytest.mark.parametrize("conv", EDGES.values(), ids=EDGES.keys())
def test_edge(conv: Depthwise) -> None:
    assert_agreement(conv.case())


@pytest.mark.parametrize(
    ("conv", "message"),
    [
        (
            replace(WIDE, dtype="int8"),
            "operand 2 is constant int64, allowed: a constant of type int32, or int64 beside",
        ),
        (replace(WIDE, bias_dtype="int32"), "operand 2 is constant int32, allowed: .* or int64 beside int16"),
        (replace(WIDE, bias=False, spread=1e-7), "input scale .* output scale is .*, allowed: below 128 in 64 bits"),
    ],
)
def test_refused(conv: Depthwise, message: str) -> None:
    assert_refused(conv.case().model, f"DEPTHWISE_CONV_2D: {message}")
