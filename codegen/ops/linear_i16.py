"""What linear layers of int16 activations and int8 weights share: 64-bit sums, or 32-bit ones with an int32 bias.

TFLM scales 64-bit sums by a multiplier of 15 bits and rounds once; 32-bit sums wrap, and are scaled as those of int8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from codegen.fixed_point import reduced_multiplier
from codegen.ir import Graph, Op, Rule, Tensor
from codegen.kernel_call import ParamValue
from codegen.ops.linear import by_group, in_turn, largest_sum
from codegen.ops.rules import only_where
from codegen.quantization import activation_range, channel_multipliers

INT32 = 2  # TFLite's TensorType
WIDE_BITS = 47  # beside the sign, of the 64-bit sums that TFLite's scaling takes,
LARGEST_WIDE_SCALE = 128  # and the first scale that it does not
_WEIGHT_ORDER = (0, 2, 1, 3)  # of the inputs in a block of four (ts_linear_i16.h)


def linear_param_i16(
    given: Tensor, weights: Tensor, bias: Tensor | None, output: Tensor, activation: str, is_wide: bool, groups: int = 1
) -> Mapping[str, ParamValue]:
    """Initialiser of `ts_channels_i16_t`; weights (channels, ...), a group's channels at a time."""
    assert weights.data is not None
    rows = weights.data.reshape(weights.shape[0], -1)
    scaling, words = scaled_channels(given, weights, bias, output, activation, is_wide, rows)
    count = weights.shape[0] // groups
    streams = [
        stream_i16(blocks(rows[first : first + count]), words[first : first + count])
        for first in range(0, weights.shape[0], count)
    ]
    return {"inputs": rows.shape[1], "outputs": count, "output": scaling, "stream": np.concatenate(streams)}


def scaled_channels(
    given: Tensor,
    weights: Tensor,
    bias: Tensor | None,
    output: Tensor,
    activation: str,
    is_wide: bool,
    rows: np.ndarray,
) -> tuple[Mapping[str, ParamValue], np.ndarray]:
    """Initialiser of `ts_linear_output_t`, and what `ts_quad_i16_t` holds of each channel, (channels, 4); `rows` has
    the weights (channels, inputs)."""
    scales = _multipliers(given, weights, output)
    scales = [reduced_multiplier(*scale) for scale in scales] if is_wide else scales
    scales = scales * len(rows) if len(scales) == 1 else scales
    addends = np.zeros(len(rows), "<i8") if bias is None or bias.data is None else bias.data.ravel().astype("<i8")
    fits = largest_sum(rows, addends, 2**15) < 2**31
    is_small = is_wide and fits and all(16 <= right <= 32 for _, right in scales)
    if is_small:  # the same product with more bits to drop, 32 of them
        scales = [(multiplier << 32 - right, 0) for multiplier, right in scales]
    low, high = activation_range(activation, output)
    words = np.concatenate([addends.view("<i4").reshape(-1, 2), np.array(scales, np.int32)], axis=1)
    return {"is_wide": int(is_wide), "is_small": int(is_small), "min": low, "max": high}, words


def stream_i16(weights: np.ndarray, per_channel: np.ndarray) -> np.ndarray:
    """(quads of channels, words) int32: each `ts_quad_i16_t`, with what it holds `per_channel`, then its weights."""
    words, scaling = by_group(weights, per_channel, 4)
    return np.concatenate([scaling, words], axis=1)


def blocks(weights: np.ndarray) -> np.ndarray:
    """(quads of channels, bytes): weights (channels, inputs) as ts_dot_i16 reads them."""
    filled = np.pad(weights, ((0, 0), (0, -weights.shape[1] % 4)))
    ordered = filled.reshape(len(filled), -1, 4)[:, :, _WEIGHT_ORDER].reshape(filled.shape)
    return in_turn(ordered, 4, 4)


def has_wide_scales(multipliers: Sequence[tuple[int, int]]) -> bool:
    """Can 64-bit sums be scaled by all of these?"""
    return all((1 << shift) <= LARGEST_WIDE_SCALE for _, shift in multipliers if shift > 0)


def _multipliers(given: Tensor, weights: Tensor, output: Tensor) -> list[tuple[int, int]]:
    assert weights.quant is not None
    return channel_multipliers(given.scale, weights.quant.scale, output.scale)


def narrow_without_bias(options: Mapping[str, Any]) -> bool:
    """Does a layer of int16 without a bias add up in 32 bits? TFLite says so by the type that a bias would have."""
    return int(options.get("QuantizedBiasType", 0)) == INT32


def has_wide_sums(op: Op, graph: Graph, bias: int = 2) -> bool:
    """Does TFLM add up and scale in 64 bits? Of a layer of int16; `bias` is the position of the operand."""
    tensor = graph.input(op, bias)
    return not getattr(op, "narrow_without_bias", False) if tensor is None else tensor.dtype != "int32"


def bias_type(position: int, *int16_types: str) -> Rule:
    """A constant bias of the type that the activations ask for."""

    def allowed(op: Op, graph: Graph) -> Sequence[str]:
        return int16_types if graph.output(op).dtype == "int16" else ("int32",)

    def holds(op: Op, graph: Graph) -> bool:
        bias = graph.input(op, position)
        return bias is None or (bias.is_constant and bias.dtype in allowed(op, graph))

    def got(op: Op, graph: Graph) -> str:
        bias = graph.operand(op, position)
        return f"{'constant' if bias.is_constant else 'computed'} {bias.dtype}"

    types = f"a constant of type int32, or {' or '.join(int16_types)} beside int16"
    return Rule(f"operand {position}", holds, got, types)


def wide_rules(given: int, weights: int, bias: int) -> tuple[Rule, ...]:
    """What TFLite's scaling of 64-bit sums can do; arguments are positions of operands."""

    def is_wide(op: Op, graph: Graph) -> bool:
        return graph.output(op).dtype == "int16" and has_wide_sums(op, graph, bias)

    def largest_scale(op: Op, graph: Graph) -> float:
        filters, output = graph.operand(op, weights), graph.output(op)
        assert filters.quant is not None
        return graph.operand(op, given).scale * max(filters.quant.scale) / output.scale

    def shifts_fit(op: Op, graph: Graph) -> bool:
        return has_wide_scales(_multipliers(graph.operand(op, given), graph.operand(op, weights), graph.output(op)))

    scale = Rule(
        "input scale * filter scale / output scale", shifts_fit, largest_scale, f"below {LARGEST_WIDE_SCALE} in 64 bits"
    )
    return only_where(is_wide, scale, small_biases((bias,)))


def small_biases(positions: Collection[int]) -> Rule:
    """Biases that leave half of the range of 64-bit sums to the products, which is room for 2^24 of them."""

    def largest(op: Op, graph: Graph) -> int:
        tensors = [graph.input(op, position) for position in positions]
        constants = [tensor.data for tensor in tensors if tensor is not None and tensor.data is not None]
        return max((abs(int(value)) for data in constants for value in data.ravel()), default=0)

    limit = 1 << WIDE_BITS - 1
    return Rule("largest bias", lambda op, graph: largest(op, graph) < limit, largest, f"below {limit}")
