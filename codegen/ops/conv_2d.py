"""CONV_2D: (batch, height, width, channels) with filter (filters, height, width, channels / groups)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule, Tensor
from codegen.kernel_call import KernelCall, ParamValue, for_type
from codegen.ops.linear import (
    conv_scratch_bytes,
    in_turn,
    is_small,
    linear_param,
    rows_scratch_bytes,
    stream,
    whole_blocks,
)
from codegen.ops.linear_i16 import (
    bias_type,
    has_wide_sums,
    linear_param_i16,
    narrow_without_bias,
    scaled_channels,
    stream_i16,
    wide_rules,
)
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name, constant, one_type, output_rank, rank
from codegen.ops.window import Window, window_access, window_on_rows, window_rules
from codegen.quantization import activation_range, channel_multipliers
from codegen.rows import WHOLE, Access


def scale_count(position: int, axis: int) -> Rule:
    """A filter has one scale, or one per channel. `quantized_dimension` is not looked at: TFLM ignores it too."""

    def count(op: Op, graph: Graph) -> int:
        quant = graph.operand(op, position).quant
        return len(quant.scale) if quant else 0

    return Rule(
        "number of filter scales",
        lambda op, graph: count(op, graph) in (1, graph.operand(op, position).shape[axis]),
        count,
        "1 or one per output channel",
    )


def bias_length(channels_axis: int, position: int = 2) -> Rule:
    """A bias has one entry per output channel."""
    return Rule(
        "bias length",
        lambda op, graph: graph.input(op, position) is None
        or graph.operand(op, position).size == graph.operand(op, 1).shape[channels_axis],
        lambda op, graph: graph.operand(op, position).size,
        "one per output channel",
    )


def filter_shape(op: Op, graph: Graph) -> tuple[int, int]:
    height, width = graph.operand(op, 1).shape[1:3]
    return height, width


@dataclass(frozen=True, slots=True)
class Conv2D(Op):
    """2-D convolution with optional groups."""

    window: Window
    activation: str
    narrow_without_bias: bool = False

    NAME: ClassVar[str] = "CONV_2D"
    ARITY: ClassVar[tuple[int, int]] = (2, 3)
    OPTIONAL: ClassVar[int] = 1
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        rank(0, (4,)),
        output_rank(4),
        rank(1, (4,)),
        constant(1, "int8"),
        bias_type(2, "int32", "int64"),
        scale_count(1, 0),
        bias_length(0),
        KNOWN_ACTIVATION,
        Rule(
            "input channels",
            lambda op, graph: graph.operand(op, 0).shape[3] % graph.operand(op, 1).shape[3] == 0,
            lambda op, graph: graph.operand(op, 0).shape[3],
            "a multiple of the filter's channels",
        ),
        Rule(
            "output channels",
            lambda op, graph: graph.output(op).shape[3] == graph.operand(op, 1).shape[0]
            and graph.operand(op, 1).shape[0] % (graph.operand(op, 0).shape[3] // graph.operand(op, 1).shape[3]) == 0,
            lambda op, graph: graph.output(op).shape[3],
            "the number of filters, a multiple of the groups",
        ),
        *window_rules(filter_shape),
        *wide_rules(0, 1, 2),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Conv2D:
        return cls(site, Window.parse(options), activation_name(options), narrow_without_bias(options))

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        if axis == 3:
            return None
        return (window_access(self, graph, filter_shape(self, graph), axis, pads=True), WHOLE, WHOLE)

    def on_rows(self, graph: Graph, axis: int) -> Conv2D:
        return window_on_rows(self, graph, filter_shape(self, graph), axis)

    def scratch_bytes(self, graph: Graph) -> int:
        given, inputs = graph.operand(self, 0), math.prod(self._filter(graph)[1:])
        if self._is_pointwise(graph):
            return rows_scratch_bytes(graph, given, inputs, graph.output(self).size // self._filter(graph)[0])
        return 0 if self._is_depthwise(graph) else conv_scratch_bytes(given, inputs)

    def paired_depth(self, graph: Graph) -> int:
        single = self._is_depthwise(graph) or graph.output(self).dtype == "int16"
        return 0 if single else math.prod(self._filter(graph)[1:])

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        if self._is_depthwise(graph):
            height, width = filter_shape(self, graph)
            weights = graph.operand(self, 1)
            assert weights.data is not None
            by_tap = np.ascontiguousarray(weights.data.reshape(-1, height * width).T)
            return (depthwise_call(self, graph, by_tap, weights.shape[0] // graph.operand(self, 0).shape[3]),)
        if self._is_pointwise(graph):
            return (rows_call(self, graph, math.prod(graph.output(self).shape[:3])),)
        given, weights = graph.operand(self, 0), graph.operand(self, 1)
        assert weights.data is not None
        rows = weights.data.reshape(weights.shape[0], -1)
        return (conv_call(self, graph, rows, groups=given.shape[3] // weights.shape[3]),)

    def _filter(self, graph: Graph) -> tuple[int, ...]:
        return graph.operand(self, 1).shape

    def _is_pointwise(self, graph: Graph) -> bool:
        """One tap, every position: a FULLY_CONNECTED over the channels."""
        same = graph.operand(self, 0).shape[:3] == graph.output(self).shape[:3]
        ungrouped = self._filter(graph)[3] == graph.operand(self, 0).shape[3]
        return same and ungrouped and self._filter(graph)[1:3] == (1, 1) and self.window.stride == (1, 1)

    def _is_depthwise(self, graph: Graph) -> bool:
        """One input channel per group: a DEPTHWISE_CONV_2D in another layout."""
        return self._filter(graph)[3] == 1 and graph.operand(self, 0).shape[3] > 1


def positions_param(
    output: tuple[int, ...], start: tuple[int, int] = (0, 0), stride: tuple[int, int] = (1, 1)
) -> Mapping[str, ParamValue]:
    """Initialiser of `ts_positions_t`: every `stride`-th row and column of the output from `start` on."""
    _, height, width, channels = output
    row = width * channels
    return {
        "start": start[0] * row + start[1] * channels,
        "batch_step": height * row,
        "row_step": stride[0] * row,
        "column_step": stride[1] * channels,
    }


def channels_param(
    op: Op,
    graph: Graph,
    weights: Tensor,
    *,
    given: int = 0,
    bias: int = 2,
    weight_offset: int = 0,
    groups: int = 1,
) -> Mapping[str, ParamValue]:
    """Initialiser of `ts_channels_t`, or of its sister for int16; weights (channels, ...), `given` and `bias` are
    positions of operands."""
    activations, addends, output = graph.operand(op, given), graph.input(op, bias), graph.output(op)
    activation = op.activation  # type: ignore[attr-defined]
    if output.dtype == "int16":
        is_wide = has_wide_sums(op, graph, bias)
        return linear_param_i16(activations, weights, addends, output, activation, is_wide, groups)
    return linear_param(activations, weights, addends, output, activation, weight_offset, groups)


def rows_call(op: Op, graph: Graph, rows: int, weight_offset: int = 0) -> KernelCall:
    """The call of the kernel that computes all channels of `rows` rows of inputs."""
    params: dict[str, ParamValue] = {
        "rows": rows,
        "channels": channels_param(op, graph, graph.operand(op, 1), weight_offset=weight_offset),
    }
    output = graph.output(op)
    kernel, takes_scratch = for_type("fully_connected", output), output.dtype == "int8"
    return KernelCall(kernel, op.site.inputs[:1], op.site.outputs[0], params, takes_scratch)


def patches_call(
    op: Op,
    graph: Graph,
    weights: Tensor,
    geometry: Mapping[str, ParamValue],
    groups: int = 1,
    given: int = 0,
    bias: int = 2,
) -> KernelCall:
    """The call of the convolution kernel; `geometry` initialises its window and its positions."""
    activations = graph.operand(op, given)
    channels = channels_param(op, graph, weights, given=given, bias=bias, groups=groups)
    params: dict[str, ParamValue] = {
        **geometry,
        "groups": groups,
        "group_inputs": activations.shape[3] // groups,
        "channels": channels,
    }
    if activations.dtype == "int8":
        # Patches of whole blocks: weights behind the last input are 0, whatever lies there.
        params["channels"] = {**channels, "inputs": whole_blocks(math.prod(weights.shape[1:]))}
        params["input_zero_point"] = activations.zero_point
    kernel = for_type("conv_2d", activations)
    return KernelCall(kernel, (op.site.inputs[given],), op.site.outputs[0], params, takes_scratch=True)


def conv_call(op: Any, graph: Graph, weights: np.ndarray, groups: int) -> KernelCall:
    """The call for a whole convolution; weights (output channels, taps * input channels of a group)."""
    given, filters, output = graph.operand(op, 0), graph.operand(op, 1), graph.output(op)
    by_channel = replace(filters, shape=weights.shape, data=weights)
    geometry = {
        "window": op.window.as_param(given.shape, filter_shape(op, graph), output.shape),
        "positions": positions_param(output.shape),
    }
    return patches_call(op, graph, by_channel, geometry, groups)


def depthwise_call(op: Any, graph: Graph, weights: np.ndarray, depth_multiplier: int) -> KernelCall:
    """The call of the depthwise kernel; weights (taps, output channels)."""
    given, output = graph.operand(op, 0), graph.output(op)
    scaling = _depthwise_i16(op, graph, weights) if output.dtype == "int16" else _depthwise_int8(op, graph, weights)
    params: dict[str, ParamValue] = {
        "window": op.window.as_param(given.shape, filter_shape(op, graph), output.shape),
        "depth_multiplier": depth_multiplier,
        **scaling,
    }
    return KernelCall(for_type("depthwise_conv_2d", output), op.site.inputs[:1], op.site.outputs[0], params)


def _depthwise_int8(op: Any, graph: Graph, weights: np.ndarray) -> Mapping[str, ParamValue]:
    given, filters, bias, output = graph.operand(op, 0), graph.operand(op, 1), graph.input(op, 2), graph.output(op)
    assert filters.quant is not None
    channels = weights.shape[1]
    scales = filters.quant.scale if filters.per_channel else filters.quant.scale * channels
    multipliers = channel_multipliers(given.scale, scales, output.scale)
    low, high = activation_range(op.activation, output)
    sums = np.zeros(channels, np.int32) if bias is None or bias.data is None else bias.data.ravel()
    small = is_small(weights.T, sums, 255, multipliers, (low, high))
    return {
        "input_offset": -given.zero_point,
        "output_offset": output.zero_point,
        "output_min": low,
        "output_max": high,
        "is_small": int(small),
        "stream": stream(weights.T, sums, multipliers, small, together=4, run=1),
    }


def _depthwise_i16(op: Any, graph: Graph, weights: np.ndarray) -> Mapping[str, ParamValue]:
    given, filters, bias, output = graph.operand(op, 0), graph.operand(op, 1), graph.input(op, 2), graph.output(op)
    is_wide = has_wide_sums(op, graph)
    scaling, words = scaled_channels(given, filters, bias, output, op.activation, is_wide, weights.T)
    return {"output": scaling, "stream": stream_i16(in_turn(weights.T, 4, 1), words)}
