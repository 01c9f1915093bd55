"""FULLY_CONNECTED against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.errors import QuantizationError
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import SCALES_IN_FLOAT32, UNSAID_TYPE_OF_SUMS
from tests.ops.linear import activation_types, add_bias, bias_types, sums_option
from tests.ops.refusals import assert_refused
from tests.ops.strategies import activations, rows_for, scales, seeds, shapes, spreads, weights, zero_points_of
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnected:
    """Input (*leading, depth), filter (units, depth); output (*leading, units), flattened without keep_num_dims."""

    dtype: str = "int8"
    bias_dtype: str = "int32"
    leading: tuple[int, ...] = (3,)
    depth: int = 7
    units: int = 5
    keep_num_dims: bool = True
    activation: str = "NONE"
    per_channel: bool = False
    bias: bool = True
    absent_bias_operand: bool = False
    product: int = 2000
    input_scale: float = 0.02
    filter_scale: float = 0.01
    spread: float = 1.0
    input_zero_point: int = 0
    filter_zero_point: int = 0
    output_zero_point: int = 0
    bias_addend: int = 0
    weight: int | None = None  # all of them, instead of random ones
    says_bias_type: bool = True
    output_dtype: str | None = None
    seed: int = 0

    def case(self) -> Case:
        batches = 1
        for size in self.leading:
            batches *= size
        input_shape = (*self.leading, self.depth)
        output_shape = (*self.leading, self.units) if self.keep_num_dims else (batches, self.units)
        filter_shape = (self.units, self.depth)
        filter_scales = [self.filter_scale * (1 + 0.37 * c) for c in range(self.units if self.per_channel else 1)]
        output_scale = self.input_scale * self.filter_scale * 110 * self.depth**0.5 * self.spread

        builder = ModelBuilder()
        x = builder.tensor("x", input_shape, self.dtype, scale=self.input_scale, zero_point=self.input_zero_point)
        operands: list[int | None] = [x, self._filter(builder, filter_shape, filter_scales)]
        if self.bias:
            bias = add_bias(
                builder, self, self.units, self.depth, filter_scales, self.bias_addend, product=self.product
            )
            operands.append(bias)
        elif self.absent_bias_operand:
            operands.append(None)
        y = builder.tensor(
            "y", output_shape, self.output_dtype or self.dtype, scale=output_scale, zero_point=self.output_zero_point
        )
        options = {"keep_num_dims": self.keep_num_dims, "fused_activation_function": self.activation}
        builder.op("FULLY_CONNECTED", operands, [y], **options, **(sums_option(self) if self.says_bias_type else {}))
        rows = rows_for([input_shape], self.seed, self.dtype)
        disagreement = None if len(filter_scales) > 1 else SCALES_IN_FLOAT32
        model = builder.build([x], [y])
        return Case(str(self), model, rows, disagreement if self.says_bias_type else UNSAID_TYPE_OF_SUMS)

    def _filter(self, builder: ModelBuilder, shape: tuple[int, ...], scales: list[float]) -> int:
        zero_point = self.filter_zero_point
        data = weights(shape, self.seed) if self.weight is None else np.full(shape, self.weight)
        return builder.tensor("w", shape, scale=scales, zero_point=zero_point, data=data)


@st.composite
def layers(draw: st.DrawFn) -> FullyConnected:
    dtype = draw(activation_types)
    return FullyConnected(
        dtype=dtype,
        bias_dtype=draw(bias_types(dtype, "int32", "int64")),
        leading=draw(shapes(1, 3, 4)),
        depth=draw(st.integers(1, 40)),
        units=draw(st.integers(1, 12)),
        keep_num_dims=draw(st.booleans()),
        activation=draw(activations),
        per_channel=draw(st.booleans()),
        bias=draw(st.booleans()),
        absent_bias_operand=draw(st.booleans()),
        input_scale=draw(scales()),
        filter_scale=draw(scales(1e-4, 0.1)),
        spread=draw(spreads),
        input_zero_point=draw(zero_points_of(dtype)),
        output_zero_point=draw(zero_points_of(dtype)),
        seed=draw(seeds),
    )


def fixed_case() -> Case:
    return FullyConnected(leading=(2, 3), depth=19, units=6, activation="RELU", input_zero_point=-7).case()


@examples
@given(layer=layers())
def test_agrees_with_tflm_and_tflite(layer: FullyConnected) -> None:
    assert_agreement(layer.case())


EDGES = {
    "one row": FullyConnected(leading=(1,)),
    "one unit": FullyConnected(units=1),
    "one unit, per channel": FullyConnected(units=1, per_channel=True),
    "one input": FullyConnected(depth=1),
    "everything one": FullyConnected(leading=(1,), depth=1, units=1),
    "deep": FullyConnected(depth=257, units=9),
    "many rows": FullyConnected(leading=(4, 9), depth=33, units=16, per_channel=True),
    "rows by fours": FullyConnected(leading=(9,), depth=12, units=5, per_channel=True, input_zero_point=-7),
    "rows by fours and in pairs": FullyConnected(leading=(7,), depth=512, units=258, output_zero_point=5),
    "lowest weights": FullyConnected(leading=(4,), depth=8, units=3, weight=-128),
    "largest weights": FullyConnected(leading=(5,), depth=8, units=3, weight=127),
    "4-D input kept": FullyConnected(leading=(2, 3, 2)),
    "4-D input flattened": FullyConnected(leading=(2, 3, 2), keep_num_dims=False),
    "per channel": FullyConnected(per_channel=True),
    "no bias": FullyConnected(bias=False),
    "absent bias operand": FullyConnected(bias=False, absent_bias_operand=True),
    "biases beyond 24 bits": FullyConnected(units=8, product=2**27, spread=2.0**15, output_zero_point=3),
    "lowest zero points": FullyConnected(input_zero_point=-128, output_zero_point=-128, activation="RELU"),
    "highest zero points": FullyConnected(input_zero_point=127, output_zero_point=127),
    "saturating": FullyConnected(spread=0.02),
    "multiplier above one": FullyConnected(depth=1, bias=False, spread=0.002),
    "as small a multiplier as rows by fours take": FullyConnected(
        leading=(4,), depth=4, bias=False, spread=3e3, output_zero_point=-128
    ),
    "multiplier too small for a shift": FullyConnected(bias=False, spread=1e12, output_zero_point=-9),
    "rounding ties": FullyConnected(
        leading=(7,), depth=4, bias=False, input_scale=0.5, filter_scale=0.25, spread=2.0 / (110 * 4**0.5)
    ),
    "rounding ties of a limited output": FullyConnected(
        leading=(7,), depth=4, bias=False, activation="RELU_N1_TO_1", input_scale=2.0**-6, filter_scale=2.0**-7,
        spread=128 / (110 * 4**0.5),
    ),
}  # fmt: skip


WIDE = FullyConnected(dtype="int16", bias_dtype="int64")
EDGES_OF_INT16 = {
    "one row": replace(WIDE, leading=(1,)),
    "everything one": replace(WIDE, leading=(1,), depth=1, units=1),
    "int32 bias": replace(WIDE, bias_dtype="int32"),
    "int32 bias, unsaid": replace(WIDE, bias_dtype="int32", says_bias_type=False),
    "int64 bias, unsaid": replace(WIDE, says_bias_type=False),
    "int32 bias, per channel": replace(WIDE, bias_dtype="int32", per_channel=True),
    "int32 bias, sums that wrap": replace(WIDE, bias_dtype="int32", depth=4000, spread=4.0),
    "no bias": replace(WIDE, bias=False),
    "no bias, sums of 32 bits": replace(WIDE, bias=False, bias_dtype="int32"),
    "deep": replace(WIDE, depth=509, units=9, per_channel=True),
    "deeper": replace(WIDE, depth=1300, units=2),
    "relu": replace(WIDE, activation="RELU"),
    "relu to 6": replace(WIDE, activation="RELU6", input_scale=0.0005),
    "saturating": replace(WIDE, spread=0.02),
    "multiplier above one": replace(WIDE, depth=1, bias=False, spread=0.0002),
    "results beyond 32 bits": replace(WIDE, depth=400, bias=False, spread=0.0001),
    "as small a multiplier as rows by fours take": FullyConnected(
        leading=(4,), depth=4, bias=False, spread=3e3, output_zero_point=-128
    ),
    "multiplier too small for a shift": replace(WIDE, bias=False, spread=1e12),
    "rounding ties": replace(
        WIDE, depth=4, bias=False, input_scale=0.5, filter_scale=0.25, spread=2.0 / (110 * 4**0.5)
    ),
}
EDGES |= {f"int16, {name}": layer for name, layer in EDGES_OF_INT16.items()}


def fixed_case_of_int16() -> Case:
    return replace(WIDE, depth=1301, per_channel=True).case()


@pytest.mark.parametrize("layer", EDGES.values(), ids=EDGES.keys())
def test_edge(layer: FullyConnected) -> None:
    assert_agreement(layer.case())


@pytest.mark.parametrize("zero_point", [-128, -5, 127])
def test_filter_zero_point(zero_point: int) -> None:
    assert_agreement(FullyConnected(filter_zero_point=zero_point, input_zero_point=9, spread=2.0).case())


REFUSED = {
    "bias of int64 beside int8": (
        FullyConnected(bias_dtype="int64"),
        "operand 2 is constant int64, allowed: a constant of type int32, or int32 or int64 beside int16",
    ),
    "bias of int16": (replace(WIDE, bias_dtype="int16"), "operand 2 is constant int16, allowed: a constant of type"),
    "output of another type": (
        replace(WIDE, output_dtype="int8"),
        "types of operands and outputs is int16, int8, allowed: the same for all",
    ),
    "zero point of weights": (
        replace(WIDE, filter_zero_point=3),
        "zero point of weights is 3, allowed: 0 beside int16",
    ),
    "scale of 64-bit sums": (
        replace(WIDE, depth=1, bias=False, spread=0.00005),
        "input scale \\* filter scale / output scale is 181.*, allowed: below 128 in 64 bits",
    ),
    "bias of 64-bit sums": (
        replace(WIDE, bias_addend=2**46),
        "largest bias is 703687.*, allowed: below 70368744177664",
    ),
}


@pytest.mark.parametrize(("layer", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(layer: FullyConnected, message: str) -> None:
    assert_refused(layer.case().model, f"FULLY_CONNECTED: {message}")


def test_zero_point_of_int16_is_refused() -> None:
    layer = replace(WIDE, input_zero_point=1)
    assert_refused(layer.case().model, r"zero point outside 0\.\.0, those of int16", QuantizationError)
