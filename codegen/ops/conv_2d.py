"""CONV_2D: (batch, height, width, channels) with filter (filters, height, width, channels / groups)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.linear import conv_scratch_bytes, is_small, linear_param, stream, widened_bytes
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name, constant, rank
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

    NAME: ClassVar[str] = "CONV_2D"
    ARITY: ClassVar[tuple[int, int]] = (2, 3)
    OPTIONAL: ClassVar[int] = 1
    RULES: ClassVar[tuple[Rule, ...]] = (
        rank(0, (4,)),
        rank(1, (4,)),
        constant(1, "int8"),
        constant(2, "int32"),
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
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Conv2D:
        return cls(site, Window.parse(options), activation_name(options))

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        if axis == 3:
            return None
        return (window_access(self, graph, filter_shape(self, graph), axis, pads=True), WHOLE, WHOLE)

    def on_rows(self, graph: Graph, axis: int) -> Conv2D:
        return window_on_rows(self, graph, filter_shape(self, graph), axis)

    def scratch_bytes(self, graph: Graph) -> int:
        inputs = math.prod(self._filter(graph)[1:])
        if self._is_pointwise(graph):
            return widened_bytes(inputs) if graph.output(self).size >= 2 * self._filter(graph)[0] else 0
        return 0 if self._is_depthwise(graph) else conv_scratch_bytes(inputs)

    def paired_depth(self, graph: Graph) -> int:
        return 0 if self._is_depthwise(graph) else math.prod(self._filter(graph)[1:])

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        if self._is_depthwise(graph):
            height, width = filter_shape(self, graph)
            weights = graph.operand(self, 1)
            assert weights.data is not None
            by_tap = np.ascontiguousarray(weights.data.reshape(-1, height * width).T)
            return (depthwise_call(self, graph, by_tap, weights.shape[0] // graph.operand(self, 0).shape[3]),)
        given, weights, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        if self._is_pointwise(graph):
            linear = linear_param(given, weights, graph.input(self, 2), output, self.activation)
            params: dict[str, ParamValue] = {"rows": math.prod(output.shape[:3]), "channels": linear}
            return (KernelCall("fully_connected", self.site.inputs[:1], self.site.outputs[0], params, True),)
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


def conv_call(op: Any, graph: Graph, weights: np.ndarray, groups: int) -> KernelCall:
    """The call of the convolution kernel; weights (output channels, taps * input channels of a group)."""
    given, filters, output = graph.operand(op, 0), graph.operand(op, 1), graph.output(op)
    by_channel = replace(filters, shape=weights.shape, data=weights)
    params: dict[str, ParamValue] = {
        "window": op.window.as_param(given.shape, filter_shape(op, graph), output.shape),
        "positions": positions_param(output.shape),
        "groups": groups,
        "group_inputs": given.shape[3] // groups,
        "input_zero_point": given.zero_point,
        "channels": linear_param(given, by_channel, graph.input(op, 2), output, op.activation, groups=groups),
    }
    return KernelCall("conv_2d", op.site.inputs[:1], op.site.outputs[0], params, takes_scratch=True)


def depthwise_call(op: Any, graph: Graph, weights: np.ndarray, depth_multiplier: int) -> KernelCall:
    """The call of the depthwise kernel; weights (taps, output channels)."""
    given, filters, bias, output = graph.operand(op, 0), graph.operand(op, 1), graph.input(op, 2), graph.output(op)
    assert filters.quant is not None
    channels = weights.shape[1]
    scales = filters.quant.scale if filters.per_channel else filters.quant.scale * channels
    multipliers = channel_multipliers(given.scale, scales, output.scale)
    low, high = activation_range(op.activation, output)
    sums = np.zeros(channels, np.int32) if bias is None or bias.data is None else bias.data.ravel()
    small = is_small(weights.T, sums, 255, multipliers, (low, high))
    params: dict[str, ParamValue] = {
        "window": op.window.as_param(given.shape, filter_shape(op, graph), output.shape),
        "depth_multiplier": depth_multiplier,
        "input_offset": -given.zero_point,
        "output_offset": output.zero_point,
        "output_min": low,
        "output_max": high,
        "is_small": int(small),
        "stream": stream(weights.T, sums, multipliers, small, together=4, run=1),
    }
    return KernelCall("depthwise_conv_2d", op.site.inputs[:1], op.site.outputs[0], params)
