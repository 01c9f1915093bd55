"""CONV_2D against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import NEEDS_BIAS
from tests.ops.linear import activation_types, add_bias, bias_types, sums_option
from tests.ops.refusals import assert_refused
from tests.ops.strategies import activations, paddings, rows_for, scales, seeds, spreads, weights, zero_points_of
from tests.ops.windows import fits, window_output_size
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """Shapes are (height, width); the model's tensors are (batch, height, width, channels)."""

    image: tuple[int, int]
    dtype: str = "int8"
    bias_dtype: str = "int32"
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    batch: int = 1
    groups: int = 1
    group_inputs: int = 3
    group_outputs: int = 4
    padding: str = "SAME"
    activation: str = "NONE"
    per_channel: bool = True
    bias: bool = True
    input_scale: float = 0.02
    filter_scale: float = 0.01
    spread: float = 1.0
    input_zero_point: int = 0
    output_zero_point: int = 0
    seed: int = 0

    def case(self) -> Case:
        channels = self.groups * self.group_outputs
        filter_shape = (channels, *self.kernel, self.group_inputs)
        input_shape = (self.batch, *self.image, self.groups * self.group_inputs)
        output_shape = (self.batch, *self.output_size(), channels)
        filter_scales = [self.filter_scale * (1 + 0.37 * c) for c in range(channels if self.per_channel else 1)]
        depth = self.kernel[0] * self.kernel[1] * self.group_inputs
        output_scale = self.input_scale * self.filter_scale * 110 * depth**0.5 * self.spread

        builder = ModelBuilder()
        x = builder.tensor("x", input_shape, self.dtype, scale=self.input_scale, zero_point=self.input_zero_point)
        w = builder.tensor("w", filter_shape, scale=filter_scales, data=weights(filter_shape, self.seed))
        operands = [x, w]
        if self.bias:
            operands.append(add_bias(builder, self, channels, depth, filter_scales))
        y = builder.tensor("y", output_shape, self.dtype, scale=output_scale, zero_point=self.output_zero_point)
        builder.op(
            "CONV_2D",
            operands,
            [y],
            padding=self.padding,
            stride_h=self.stride[0],
            stride_w=self.stride[1],
            dilation_h_factor=self.dilation[0],
            dilation_w_factor=self.dilation[1],
            fused_activation_function=self.activation,
            **sums_option(self),
        )
        rows = rows_for([input_shape], self.seed, self.dtype)
        return Case(str(self), builder.build([x], [y]), rows, None if self.bias else NEEDS_BIAS)

    def output_size(self) -> tuple[int, ...]:
        sides = zip(self.image, self.kernel, self.stride, self.dilation, strict=True)
        return tuple(window_output_size(*side, self.padding) for side in sides)


def pairs(largest: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, largest), st.integers(1, largest))


@st.composite
def convolutions(draw: st.DrawFn) -> Conv:
    dtype = draw(activation_types)
    conv = Conv(
        dtype=dtype,
        bias_dtype=draw(bias_types(dtype, "int32", "int64")),
        image=draw(pairs(8)),
        kernel=draw(pairs(4)),
        stride=draw(pairs(3)),
        dilation=draw(pairs(2)),
        batch=draw(st.integers(1, 2)),
        groups=draw(st.integers(1, 3)),
        group_inputs=draw(st.integers(1, 9)),
        group_outputs=draw(st.integers(1, 5)),
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
    return Conv(image=(7, 6), stride=(2, 1), group_inputs=5, activation="RELU6", input_zero_point=-3).case()


@examples
@given(conv=convolutions())
def test_agrees_with_tflm_and_tflite(conv: Conv) -> None:
    assert_agreement(conv.case())


EDGES = {
    "pointwise": Conv(image=(4, 5), kernel=(1, 1), group_inputs=8, group_outputs=8),
    "pointwise, odd channels": Conv(image=(3, 3), kernel=(1, 1), group_inputs=7, group_outputs=5),
    "pointwise with stride": Conv(image=(5, 5), kernel=(1, 1), stride=(2, 2)),
    "one by one image": Conv(image=(1, 1)),
    "one channel": Conv(image=(5, 5), group_inputs=1, group_outputs=1),
    "one-dimensional over time": Conv(image=(9, 1), kernel=(3, 1), group_inputs=16, group_outputs=12),
    "kernel as large as the image": Conv(image=(4, 4), kernel=(4, 4), padding="VALID"),
    "kernel larger than the image": Conv(image=(2, 2), kernel=(5, 5)),
    "stride larger than the kernel": Conv(image=(8, 8), kernel=(2, 2), stride=(3, 3), padding="VALID"),
    "dilated": Conv(image=(8, 8), dilation=(2, 3)),
    "dilated, valid": Conv(image=(8, 8), dilation=(3, 2), padding="VALID"),
    "one group per channel": Conv(image=(4, 4), groups=6, group_inputs=1, group_outputs=1),
    "groups": Conv(image=(4, 4), groups=2, group_inputs=4, group_outputs=4),
    "per tensor": Conv(image=(4, 4), per_channel=False),
    "no bias": Conv(image=(4, 4), bias=False),
    "batch": Conv(image=(4, 4), batch=3),
    "lowest zero points": Conv(image=(4, 4), input_zero_point=-128, output_zero_point=-128, activation="RELU"),
    "highest zero points": Conv(image=(4, 4), input_zero_point=127, output_zero_point=127),
    "saturating": Conv(image=(4, 4), spread=0.02),
    "all outputs near the zero point": Conv(image=(4, 4), spread=300.0, output_zero_point=7),
    "rounding ties": Conv(
        image=(3, 3), kernel=(1, 1), per_channel=False, bias=False, input_scale=0.5, filter_scale=0.25,
        spread=2.0 / (110 * 3**0.5),
    ),
    "multiplier above one": Conv(
        image=(3, 3), kernel=(1, 1), group_inputs=1, per_channel=False, bias=False, spread=0.002
    ),
    "multiplier too small for a shift": Conv(image=(3, 3), spread=1e12, output_zero_point=-9),
}  # fmt: skip
WIDE = Conv(image=(4, 5), dtype="int16", bias_dtype="int64")
EDGES_OF_INT16 = {
    "pointwise": replace(WIDE, kernel=(1, 1), group_inputs=7, group_outputs=5),
    "pointwise with stride": replace(WIDE, kernel=(1, 1), stride=(2, 2)),
    "one by one image": replace(WIDE, image=(1, 1)),
    "one channel": replace(WIDE, group_inputs=1, group_outputs=1),
    "kernel larger than the image": replace(WIDE, image=(2, 2), kernel=(5, 5)),
    "dilated": replace(WIDE, image=(8, 8), dilation=(2, 3)),
    "one group per channel": replace(WIDE, groups=6, group_inputs=1, group_outputs=1),
    "one group per channel, int32 bias": replace(WIDE, groups=3, group_inputs=1, group_outputs=2, bias_dtype="int32"),
    "groups": replace(WIDE, groups=2, group_inputs=5, group_outputs=5, batch=2),
    "per tensor": replace(WIDE, per_channel=False),
    "int32 bias": replace(WIDE, bias_dtype="int32"),
    "int32 bias, sums that wrap": replace(WIDE, bias_dtype="int32", group_inputs=120, spread=8.0),
    "deep": replace(WIDE, image=(3, 3), group_inputs=130),
    "no bias": replace(WIDE, bias=False),
    "no bias, sums of 32 bits": replace(WIDE, bias=False, bias_dtype="int32"),
    "relu": replace(WIDE, activation="RELU"),
    "saturating": replace(WIDE, spread=0.02),
    "multiplier above one": replace(WIDE, kernel=(1, 2), spread=0.001),
    "rounding ties": replace(
        WIDE, kernel=(1, 1), per_channel=False, bias=False, input_scale=0.5, filter_scale=0.25,
        spread=2.0 / (110 * 3**0.5),
    ),
    "multiplier too small for a shift": replace(WIDE, spread=1e12),
}  # fmt: skip
EDGES |= {f"int16, {name}": conv for name, conv in EDGES_OF_INT16.items()}


def fixed_case_of_int16() -> Case:
    return replace(WIDE, groups=2, group_inputs=5, group_outputs=5, stride=(2, 1)).case()


@pytest.mark.parametrize("conv", EDGES.values(), ids=EDGES.keys())
def test_edge(conv: Conv) -> None:
    assert_agreement(conv.case())


@pytest.mark.parametrize(
    ("conv", "message"),
    [
        (
            replace(WIDE, dtype="int8"),
            "operand 2 is constant int64, allowed: a constant of type int32, or int32 or int64",
        ),
        (replace(WIDE, bias_dtype="int16"), "operand 2 is constant int16, allowed: a constant of type int32, or int32"),
        (replace(WIDE, bias=False, spread=1e-7), "input scale .* output scale is .*, allowed: below 128 in 64 bits"),
    ],
)
def test_refused(conv: Conv, message: str) -> None:
    assert_refused(conv.case().model, f"CONV_2D: {message}")
