"""TRANSPOSE_CONV against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import BIAS_OF_INT16
from tests.ops.linear import activation_types, add_bias, bias_types
from tests.ops.refusals import assert_refused
from tests.ops.strategies import activations, paddings, rows_for, scales, seeds, spreads, weights, zero_points_of
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class TransposeConv:
    """Shapes are (height, width); `extra` is how many rows and columns the output has beyond the smallest one."""

    dtype: str = "int8"
    bias_dtype: str = "int32"
    image: tuple[int, int] = (4, 5)
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (2, 2)
    extra: tuple[int, int] = (0, 0)
    batch: int = 1
    inputs: int = 3
    outputs: int = 4
    padding: str | int = "SAME"
    activation: str = "NONE"
    per_channel: bool = True
    bias: bool = True
    input_scale: float = 0.02
    filter_scale: float = 0.01
    spread: float = 1.0
    input_zero_point: int = 0
    output_zero_point: int = 0
    seed: int = 0
    said: tuple[int, ...] | None = None  # output shape operand, when it is not the output's shape
    filter_inputs: int | None = None
    constant: str | None = None  # type of a constant that is convolved instead of the input

    def model(self) -> bytes:
        filter_shape = (self.outputs, *self.kernel, self.filter_inputs or self.inputs)
        output_shape = (self.batch, *self.output_size(), self.outputs)
        filter_scales = [self.filter_scale * (1 + 0.37 * c) for c in range(self.outputs if self.per_channel else 1)]
        depth = self.kernel[0] * self.kernel[1] * self.inputs
        output_scale = self.input_scale * self.filter_scale * 110 * depth**0.5 * self.spread

        builder = ModelBuilder()
        size = builder.constant("size", self.said or output_shape)
        w = builder.tensor("w", filter_shape, scale=filter_scales, data=weights(filter_shape, self.seed))
        quantization = {"scale": self.input_scale, "zero_point": self.input_zero_point}
        x = source = builder.tensor("x", self.input_shape(), self.dtype, **quantization)
        if self.constant:
            data = weights(self.input_shape(), self.seed)
            source = builder.tensor("constant", data.shape, self.constant, **quantization, data=data)
        operands = [size, w, source]
        if self.bias:
            operands.append(add_bias(builder, self, self.outputs, depth, filter_scales))
        y = builder.tensor("y", output_shape, self.dtype, scale=output_scale, zero_point=self.output_zero_point)
        builder.op(
            "TRANSPOSE_CONV",
            operands,
            [y],
            padding=self.padding,
            stride_h=self.stride[0],
            stride_w=self.stride[1],
            fused_activation_function=self.activation,
        )
        return builder.build([x], [y])

    def case(self) -> Case:
        rows = rows_for([self.input_shape()], self.seed, self.dtype)
        return Case(str(self), self.model(), rows, BIAS_OF_INT16 if self.bias_dtype == "int16" else None)

    def input_shape(self) -> tuple[int, ...]:
        return (self.batch, *self.image, self.inputs)

    def output_size(self) -> tuple[int, ...]:
        sides = zip(self.image, self.kernel, self.stride, self.extra, strict=True)
        return tuple(
            (size - 1) * stride + (1 if self.padding == "SAME" else kernel) + extra
            for size, kernel, stride, extra in sides
        )


def pairs(largest: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, largest), st.integers(1, largest))


@st.composite
def convolutions(draw: st.DrawFn) -> TransposeConv:
    stride = draw(pairs(4))
    dtype = draw(activation_types)
    return TransposeConv(
        dtype=dtype,
        bias_dtype=draw(bias_types(dtype, "int64")),
        image=draw(pairs(6)),
        kernel=draw(pairs(5)),
        stride=stride,
        extra=(draw(st.integers(0, stride[0] - 1)), draw(st.integers(0, stride[1] - 1))),
        batch=draw(st.integers(1, 2)),
        inputs=draw(st.integers(1, 9)),
        outputs=draw(st.integers(1, 5)),
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


def fixed_case() -> Case:
    return TransposeConv(stride=(3, 2), inputs=5, extra=(1, 1), activation="RELU6", input_zero_point=-3).case()


@examples
@given(conv=convolutions())
def test_agrees_with_tflm_and_tflite(conv: TransposeConv) -> None:
    assert_agreement(conv.case())


PLAIN = TransposeConv()
EDGES = {
    "same": PLAIN,
    "same, twice the size": replace(PLAIN, extra=(1, 1)),
    "valid": replace(PLAIN, padding="VALID"),
    "valid, output padding": replace(PLAIN, padding="VALID", extra=(1, 0)),
    "no stride": replace(PLAIN, stride=(1, 1)),
    "stride as large as the kernel": replace(PLAIN, kernel=(2, 2), padding="VALID"),
    "stride larger than the kernel": replace(PLAIN, kernel=(2, 1), stride=(3, 4), padding="VALID", extra=(2, 3)),
    "even kernel": replace(PLAIN, kernel=(4, 4), extra=(1, 1)),
    "kernel larger than the output": replace(PLAIN, image=(1, 2), kernel=(5, 5), extra=(1, 0)),
    "one tap": replace(PLAIN, kernel=(1, 1)),
    "one by one image": replace(PLAIN, image=(1, 1), padding="VALID"),
    "shares that begin behind the input's start": replace(PLAIN, image=(2, 1), kernel=(3, 1), stride=(3, 1)),
    "one-dimensional over time": replace(PLAIN, image=(9, 1), kernel=(8, 1), stride=(4, 1), extra=(3, 0), inputs=8),
    "one channel": replace(PLAIN, inputs=1, outputs=1),
    "odd channels": replace(PLAIN, inputs=7, outputs=5),
    "batch": replace(PLAIN, batch=3),
    "per tensor": replace(PLAIN, per_channel=False),
    "a constant": replace(PLAIN, constant="int8"),
    "no bias": replace(PLAIN, bias=False),
    "relu": replace(PLAIN, activation="RELU", output_zero_point=-20),
    "relu between -1 and 1": replace(PLAIN, activation="RELU_N1_TO_1"),
    "lowest zero points": replace(PLAIN, input_zero_point=-128, output_zero_point=-128, activation="RELU"),
    "highest zero points": replace(PLAIN, input_zero_point=127, output_zero_point=127),
    "saturating": replace(PLAIN, spread=0.02),
    "all outputs near the zero point": replace(PLAIN, spread=300.0, output_zero_point=7),
    "rounding ties": replace(
        PLAIN, kernel=(1, 1), per_channel=False, bias=False, input_scale=0.5, filter_scale=0.25,
        spread=2.0 / (110 * 3**0.5),
    ),
}  # fmt: skip
WIDE = TransposeConv(dtype="int16", bias_dtype="int64")
EDGES_OF_INT16 = {
    "same": WIDE,
    "valid, output padding": replace(WIDE, padding="VALID", extra=(1, 0)),
    "stride larger than the kernel": replace(WIDE, kernel=(2, 1), stride=(3, 4), padding="VALID", extra=(2, 3)),
    "shares that begin behind the input's start": replace(WIDE, image=(2, 1), kernel=(3, 1), stride=(3, 1)),
    "one by one image": replace(WIDE, image=(1, 1), padding="VALID"),
    "odd channels": replace(WIDE, inputs=7, outputs=5, batch=2),
    "int16 bias": replace(WIDE, bias_dtype="int16"),
    "deep": replace(WIDE, inputs=130, stride=(1, 1)),
    "per tensor": replace(WIDE, per_channel=False),
    "no bias": replace(WIDE, bias=False),
    "relu": replace(WIDE, activation="RELU"),
    "saturating": replace(WIDE, spread=0.02),
    "rounding ties": replace(
        WIDE, kernel=(1, 1), per_channel=False, bias=False, input_scale=0.5, filter_scale=0.25,
        spread=2.0 / (110 * 3**0.5),
    ),
}  # fmt: skip
EDGES |= {f"int16, {name}": conv for name, conv in EDGES_OF_INT16.items()}


def fixed_case_of_int16() -> Case:
    return replace(WIDE, stride=(3, 2), inputs=5, extra=(1, 1)).case()


@pytest.mark.parametrize("conv", EDGES.values(), ids=EDGES.keys())
def test_edge(conv: TransposeConv) -> None:
    assert_agreement(conv.case())


@pytest.mark.parametrize(
    ("conv", "message"),
    [
        (replace(PLAIN, said=(1, 8, 9, 4)), r"output shape is \(1, 7, 9, 4\), allowed: \(batch, height, width"),
        (replace(PLAIN, filter_inputs=2), r"channels is \(4, 2\), allowed: those of the output and of the input"),
        (
            replace(PLAIN, constant="float32"),
            r"types of operands and outputs is float32, int8, allowed: the same for all",
        ),
        (replace(PLAIN, stride=(0, 2)), r"stride is \(0, 2\), allowed: 1 or more"),
        (replace(PLAIN, padding=7), r"padding is unknown, allowed: SAME or VALID"),
        (replace(PLAIN, extra=(2, 0)), r"input shape is \(1, 4, 5, 3\), allowed: what padding, stride and filter give"),
        (replace(WIDE, bias_dtype="int32"), "operand 3 is constant int32, allowed: .* or int16 or int64 beside int16"),
        (replace(WIDE, bias=False, spread=1e-7), "input scale .* output scale is .*, allowed: below 128 in 64 bits"),
        (replace(PLAIN, activation="TANH"), r"fused activation is TANH, allowed: NONE, RELU"),
    ],
)
def test_refused(conv: TransposeConv, message: str) -> None:
    assert_refused(conv.model(), f"TRANSPOSE_CONV: {message}")
