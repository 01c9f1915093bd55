"""FULLY_CONNECTED against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import SCALES_IN_FLOAT32
from tests.ops.strategies import activations, biases, rows_for, scales, seeds, shapes, spreads, weights, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnected:
    """Input (*leading, depth), filter (units, depth); output (*leading, units), flattened without keep_num_dims."""

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
        x = builder.tensor("x", input_shape, scale=self.input_scale, zero_point=self.input_zero_point)
        operands: list[int | None] = [x, self._filter(builder, filter_shape, filter_scales)]
        if self.bias:
            bias_scales = [self.input_scale * scale for scale in filter_scales]
            bias = biases(self.units, self.depth, self.seed, self.product)
            operands.append(builder.tensor("b", (self.units,), "int32", scale=bias_scales, data=bias))
        elif self.absent_bias_operand:
            operands.append(None)
        y = builder.tensor("y", output_shape, scale=output_scale, zero_point=self.output_zero_point)
        options = {"keep_num_dims": self.keep_num_dims, "fused_activation_function": self.activation}
        builder.op("FULLY_CONNECTED", operands, [y], **options)
        rows = rows_for([input_shape], self.seed)
        return Case(str(self), builder.build([x], [y]), rows, None if len(filter_scales) > 1 else SCALES_IN_FLOAT32)

    def _filter(self, builder: ModelBuilder, shape: tuple[int, ...], scales: list[float]) -> int:
        zero_point = self.filter_zero_point
        return builder.tensor("w", shape, scale=scales, zero_point=zero_point, data=weights(shape, self.seed))


@st.composite
def layers(draw: st.DrawFn) -> FullyConnected:
    return FullyConnected(
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
        input_zero_point=draw(zero_points),
        output_zero_point=draw(zero_points),
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
    "multiplier too small for a shift": FullyConnected(bias=False, spread=1e12, output_zero_point=-9),
    "rounding ties": FullyConnected(
        depth=4, bias=False, input_scale=0.5, filter_scale=0.25, spread=2.0 / (110 * 4**0.5)
    ),
}


@pytest.mark.parametrize("layer", EDGES.values(), ids=EDGES.keys())
def test_edge(layer: FullyConnected) -> None:
    assert_agreement(layer.case())


@pytest.mark.parametrize("zero_point", [-128, -5, 127])
def test_filter_zero_point(zero_point: int) -> None:
    assert_agreement(FullyConnected(filter_zero_point=zero_point, input_zero_point=9, spread=2.0).case())
