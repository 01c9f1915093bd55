"""What FULLY_CONNECTED and CONV_2D share: rows of int8 inputs times rows of int8 weights, scaled per output channel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codegen.fixed_point import wrap_int32
from codegen.ir import Tensor
from codegen.kernel_call import ParamValue
from codegen.quantization import activation_range, channel_multipliers


def linear_param(
    given: Tensor,
    weights: Tensor,
    bias: Tensor | None,
    output: Tensor,
    activation: str,
    weight_offset: int = 0,
    groups: int = 1,
) -> Mapping[str, ParamValue]:
    """Initialiser of `ts_channels_t`; weights (channels, ...), of which a group's channels are computed at a time."""
    assert weights.quant is not None and weights.data is not None
    rows = weights.data.reshape(weights.shape[0], -1)
    low, high = activation_range(activation, output)
    scales = channel_multipliers(given.scale, weights.quant.scale, output.scale)
    scales = scales * weights.shape[0] if len(scales) == 1 else scales
    folded = folded_bias(rows, None if bias is None else bias.data, weight_offset, -given.zero_point)
    right = all(shift < 0 for _, shift in scales)
    is_small = right and (low, high) == (-128, 127) and sums_are_small(rows, folded, weight_offset)
    per_group = zip(np.split(rows, groups), np.split(folded, groups), np.split(np.array(scales), groups), strict=True)
    return {
        "inputs": rows.shape[1],
        "outputs": weights.shape[0] // groups,
        "weight_offset": weight_offset,
        "output_offset": output.zero_point,
        "output_min": low,
        "output_max": high,
        "is_small": int(is_small),
        "stream": np.concatenate([_stream(*group) for group in per_group]),
    }


def widened_bytes(inputs: int) -> int:
    """Bytes of two rows of 16-bit inputs, in blocks of four (ts_channels.h)."""
    return -(-inputs // 4) * 16


def conv_scratch_bytes(inputs: int) -> int:
    """Bytes that ts_conv_2d works in: two patches of so many inputs, as they are and as 16-bit values."""
    return widened_bytes(inputs) + 2 * inputs


def _stream(weights: np.ndarray, bias: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """(pairs of channels, 6 + 2 * blocks of inputs) int32, filled up with zeros: what ts_channels.h reads, in order.

    weights (channels, inputs) int8, bias (channels,), scales (channels, 2): multiplier and shift.
    """
    channels, inputs = weights.shape
    filled = np.pad(weights, ((0, -channels % 2), (0, -inputs % 4)))
    in_pairs = filled.reshape(-1, 2, filled.shape[1] // 4, 4).transpose(0, 2, 1, 3)
    words = np.ascontiguousarray(in_pairs).view("<i4").reshape(len(in_pairs), -1)
    per_channel = np.stack([bias, scales[:, 0], -1 - scales[:, 1]])  # (3, channels)
    per_pair = np.pad(per_channel, ((0, 0), (0, -channels % 2))).reshape(3, -1, 2).transpose(1, 0, 2).reshape(-1, 6)
    return np.concatenate([per_pair.astype(np.int32), words.astype(np.int32)], axis=1)


def quad_stream(weights: np.ndarray, bias: np.ndarray, scales: list[tuple[int, int]]) -> np.ndarray:
    """(channels / 4, rounded up, 12 + taps) int32, filled up with zeros: what ts_depthwise_conv_2d.h reads, in order.

    weights (taps, channels) int8, bias (channels,), scales: multiplier and shift of each channel.
    """
    taps, channels = weights.shape
    quads = np.pad(weights, ((0, 0), (0, -channels % 4))).reshape(taps, -1, 4).transpose(1, 0, 2)
    words = np.ascontiguousarray(quads).view("<i4").reshape(len(quads), taps)
    per_channel = np.stack([bias, *(np.array(scales).T * [[1], [-1]] - [[0], [1]])])  # (3, channels)
    per_quad = np.pad(per_channel, ((0, 0), (0, -channels % 4))).reshape(3, -1, 4).transpose(1, 0, 2).reshape(-1, 12)
    return np.concatenate([per_quad.astype(np.int32), words.astype(np.int32)], axis=1)


def sums_are_small(weights: np.ndarray, bias: np.ndarray, weight_offset: int = 0) -> bool:
    """Are all sums between -2^30 and 2^30, whatever the inputs are?"""
    largest = 128 * np.abs(weights.astype(np.int64) + weight_offset).sum(axis=1) + np.abs(bias.astype(np.int64))
    return bool(largest.max() < 2**30)


def folded_bias(weights: np.ndarray, bias: np.ndarray | None, weight_offset: int, input_offset: int) -> np.ndarray:
    """bias + input_offset * sum(weights + weight_offset) per output: the input's zero point leaves the inner loop.

    weights (outputs, inputs) int8; exact modulo 2^32, as is the accumulator.
    """
    sums = weights.astype(np.int64).sum(axis=1) + weight_offset * weights.shape[1]
    total = sums * input_offset + (0 if bias is None else bias.astype(np.int64).ravel())
    return np.array([wrap_int32(int(value)) for value in total], dtype=np.int32)
