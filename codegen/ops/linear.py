"""What FULLY_CONNECTED and CONV_2D share: rows of int8 inputs times rows of int8 weights, scaled per output channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from codegen.fixed_point import wrap_int32
from codegen.ir import Graph, Tensor
from codegen.kernel_call import ParamValue
from codegen.quantization import SMALLEST_SHIFT, activation_range, channel_multipliers


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
    small = weight_offset == 0 and not _has_lowest_pair(rows) and is_small(rows, folded, 128, scales, (low, high))
    count = weights.shape[0] // groups
    streams = [
        stream(rows[group], folded[group], scales[group], small, together=2, run=4)
        for group in (slice(first, first + count) for first in range(0, weights.shape[0], count))
    ]
    return {
        "inputs": rows.shape[1],
        "outputs": count,
        "weight_offset": weight_offset,
        "output_offset": output.zero_point,
        "output_min": low,
        "output_max": high,
        "is_small": int(small),
        "stream": np.concatenate(streams),
    }


def whole_blocks(inputs: int) -> int:
    """So many inputs, filled up to blocks of four."""
    return -(-inputs // 4) * 4


def widened_bytes(given: Tensor, inputs: int, rows: int = 2) -> int:
    """Bytes of so many rows of int8 inputs as 16-bit values, in blocks of four (ts_channels.h); int16 has them
    already."""
    return 2 * rows * whole_blocks(inputs) if given.dtype == "int8" else 0


def rows_scratch_bytes(graph: Graph, given: Tensor, inputs: int, rows: int) -> int:
    """Bytes that ts_channels works in, of so many neighbouring rows: a single one, or an odd last one, needs none."""
    together = 4 if min(rows, graph.rows_at_once) >= 4 and inputs % 4 == 0 else min(rows, 2)
    return widened_bytes(given, inputs, together) if together > 1 else 0


def conv_scratch_bytes(given: Tensor, inputs: int) -> int:
    """Bytes that ts_conv_2d works in: two patches of so many inputs, as they are and as 16-bit values; or one patch of
    int16."""
    return widened_bytes(given, inputs) + 2 * (whole_blocks(inputs) if given.dtype == "int8" else inputs)


def stream(
    weights: np.ndarray, bias: np.ndarray, scales: Sequence[tuple[int, int]], small: bool, together: int, run: int
) -> np.ndarray:
    """(groups of channels, words) int32: what kernels read of a layer, in order, filled up with zeros.

    Of `together` channels their weights, `run` inputs of each in turn, then 24 bits of their biases over 8 of
    -1 - their shifts, their multipliers, and what is missing of their biases unless all is `small`.
    weights (channels, inputs) int8, bias (channels,), scales: multiplier and shift of each channel.
    """
    multipliers, shifts = np.array(scales, np.int32).T
    low = (bias << 8) >> 8
    columns = [(bias << 8) | ((-1 - shifts) & 0xFF), multipliers, *([] if small else [bias - low])]
    words, scaling = by_group(in_turn(weights, together, run), np.stack(columns, axis=1), together)
    return np.concatenate([words, scaling], axis=1)


def in_turn(weights: np.ndarray, together: int, run: int) -> np.ndarray:
    """(groups of channels, bytes) int8: `run` inputs of each of `together` channels in turn, filled up with zeros."""
    channels, inputs = weights.shape
    filled = np.pad(weights, ((0, -channels % together), (0, -inputs % run)))
    turns = filled.reshape(-1, together, filled.shape[1] // run, run).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(turns).reshape(len(turns), -1)


def by_group(weights: np.ndarray, per_channel: np.ndarray, together: int) -> tuple[np.ndarray, np.ndarray]:
    """Per group of channels, (groups, words) int32 each: the weights `in_turn`, and the columns of `per_channel`
    (channels, ...)."""
    filled = np.pad(per_channel, ((0, -len(per_channel) % together), (0, 0)))
    columns = filled.reshape(-1, together, per_channel.shape[1]).transpose(0, 2, 1).reshape(len(weights), -1)
    return weights.view("<i4").astype(np.int32), columns.astype(np.int32)


def is_small(
    weights: np.ndarray,
    bias: np.ndarray,
    largest_input: int,
    scales: Sequence[tuple[int, int]],
    output_range: tuple[int, int],
) -> bool:
    """Whether sums lie between -2^30 and 2^30, shifts between -23 and -1, biases have 24 bits and outputs are all of
    int8.

    weights (channels, inputs), bias (channels,).
    """
    fits = largest_sum(weights, bias, largest_input) < 2**30 and np.abs(bias.astype(np.int64)).max() < 2**23
    return bool(fits and all(SMALLEST_SHIFT <= shift < 0 for _, shift in scales) and output_range == (-128, 127))


def _has_lowest_pair(weights: np.ndarray) -> bool:
    """Whether two neighbouring inputs, an even and an odd one, have weights of -128: twice 2^14 takes more than the 16
    bits that two rows have each (ts_channels_thumb.h). Converters give no such weights."""
    lowest = weights == -128
    return bool((lowest[:, 0::2][:, : weights.shape[1] // 2] & lowest[:, 1::2]).any())


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
