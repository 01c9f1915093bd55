"""What FULLY_CONNECTED and CONV_2D share: rows of int8 inputs times rows of int8 weights, scaled per output channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    largest = largest_sum(rows.astype(int) + weight_offset, folded, 128)
    count = weights.shape[0] // groups
    streams = [
        stream(rows[first : first + count], folded[first : first + count], scales[first : first + count], 2, 4)
        for first in range(0, weights.shape[0], count)
    ]
    return {
        "inputs": rows.shape[1],
        "outputs": count,
        "weight_offset": weight_offset,
        "output_offset": output.zero_point,
        "output_min": low,
        "output_max": high,
        "is_small": is_small(largest, scales, (low, high)),
        "stream": np.concatenate(streams),
    }


def widened_bytes(given: Tensor, inputs: int) -> int:
    """Bytes of two rows of int8 inputs as 16-bit values, in blocks of four (ts_channels.h); int16 has them already."""
    return -(-inputs // 4) * 16 if given.dtype == "int8" else 0


def conv_scratch_bytes(given: Tensor, inputs: int) -> int:
    """Bytes that ts_conv_2d works in: two patches of so many inputs, as they are and as 16-bit values; or one patch of
    int16."""
    return widened_bytes(given, inputs) + 2 * inputs


def stream(
    weights: np.ndarray, bias: np.ndarray, scales: Sequence[tuple[int, int]], together: int, run: int
) -> np.ndarray:
    """(groups of channels, words) int32: what kernels read of a layer, in order, filled up with zeros.

    Of `together` channels their biases, multipliers and -1 - shifts, then their weights, `run` inputs of each in turn.
    weights (channels, inputs) int8, bias (channels,), scales: multiplier and shift of each channel.
    """
    per_channel = np.array([(b, multiplier, -1 - shift) for b, (multiplier, shift) in zip(bias, scales, strict=True)])
    return stream_of(in_turn(weights, together, run), per_channel, together)


def in_turn(weights: np.ndarray, together: int, run: int) -> np.ndarray:
    """(groups of channels, bytes) int8: `run` inputs of each of `together` channels in turn, filled up with zeros."""
    channels, inputs = weights.shape
    filled = np.pad(weights, ((0, -channels % together), (0, -inputs % run)))
    turns = filled.reshape(-1, together, filled.shape[1] // run, run).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(turns).reshape(len(turns), -1)


def stream_of(weights: np.ndarray, per_channel: np.ndarray, together: int) -> np.ndarray:
    """(groups of channels, words) int32: the columns of `per_channel` (channels, ...), then the weights `in_turn`."""
    columns = per_channel.shape[1]
    filled = np.pad(per_channel, ((0, -len(per_channel) % together), (0, 0)))
    per_group = filled.reshape(-1, together, columns).transpose(0, 2, 1).reshape(len(weights), -1)
    return np.concatenate([per_group.astype(np.int32), weights.view("<i4").astype(np.int32)], axis=1)


def is_small(largest_sum: int, scales: Sequence[tuple[int, int]], output_range: tuple[int, int]) -> int:
    """1 where sums lie between -2^30 and 2^30, shifts are negative, and outputs are all of int8."""
    return int(largest_sum < 2**30 and all(shift < 0 for _, shift in scales) and output_range == (-128, 127))


def largest_sum(weights: np.ndarray, bias: np.ndarray, largest_input: int) -> int:
    """Bound of bias plus weighted inputs over all channels; weights (channels, inputs), bias (channels,)."""
    return int((largest_input * np.abs(weights.astype(np.int64)).sum(axis=1) + np.abs(bias.astype(np.int64))).max())


def folded_bias(weights: np.ndarray, bias: np.ndarray | None, weight_offset: int, input_offset: int) -> np.ndarray:
    """bias + input_offset * sum(weights + weight_offset) per output: the input's zero point leaves the inner loop.

    weights (outputs, inputs) int8; exact modulo 2^32, as is the accumulator.
    """
    sums = weights.astype(np.int64).sum(axis=1) + weight_offset * weights.shape[1]
    total = sums * input_offset + (0 if bias is None else bias.astype(np.int64).ravel())
    return np.array([wrap_int32(int(value)) for value in total], dtype=np.int32)
