"""CONV_2D: (batch, height, width, channels) with filter (filters, height, width, channels / groups)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.ir import Graph, Op, OpSite, Rule, Tensor
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name, constant, rank
from codegen.ops.window import Window, window_rules
from codegen.quantization import activation_range, channel_multipliers, split_multipliers


def filter_scales(weights: Tensor, channels: int) -> tuple[float, ...]:
    """One scale per output channel; a single scale serves all of them."""
    assert weights.quant is not None
    return weights.quant.scale if weights.quant.per_channel else weights.quant.scale * channels


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


def bias_length(channels_axis: int) -> Rule:
    """A bias has one entry per output channel."""
    return Rule(
        "bias length",
        lambda op, graph: graph.input(op, 2) is None
        or graph.operand(op, 2).size == graph.operand(op, 1).shape[channels_axis],
        lambda op, graph: graph.operand(op, 2).size,
        "one per output channel",
    )


def common_params(op: Any, graph: Graph, channels: int) -> dict[str, ParamValue]:
    """What the two convolution kernels share: geometry, offsets, weights and multipliers."""
    given, weights, output = graph.operand(op, 0), graph.operand(op, 1), graph.output(op)
    bias = graph.input(op, 2)
    low, high = activation_range(op.activation, output)
    filter_size = weights.shape[1:3]
    multiplier, shift = split_multipliers(
        channel_multipliers(given.scale, filter_scales(weights, channels), output.scale)
    )
    window = op.window
    return {
        "batches": given.shape[0],
        "input_height": given.shape[1],
        "input_width": given.shape[2],
        "input_channels": given.shape[3],
        "output_height": output.shape[1],
        "output_width": output.shape[2],
        "output_channels": channels,
        "filter_height": filter_size[0],
        "filter_width": filter_size[1],
        "stride_height": window.stride[0],
        "stride_width": window.stride[1],
        "dilation_height": window.dilation[0],
        "dilation_width": window.dilation[1],
        "pad_top": window.pad_before(given.shape[1], filter_size[0], output.shape[1], 0),
        "pad_left": window.pad_before(given.shape[2], filter_size[1], output.shape[2], 1),
        "input_offset": -given.zero_point,
        "output_offset": output.zero_point,
        "output_min": low,
        "output_max": high,
        "weights": weights.data,
        "bias": None if bias is None else bias.data,
        "multiplier": multiplier,
        "shift": shift,
    }


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

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        weights = graph.operand(self, 1)
        channels = weights.shape[0]
        params = common_params(self, graph, channels)
        params["filter_channels"] = weights.shape[3]
        params["group_filters"] = channels // (graph.operand(self, 0).shape[3] // weights.shape[3])
        params["weights"] = np.ascontiguousarray(weights.data)
        return (KernelCall("conv_2d", self.site.inputs[:1], self.site.outputs[0], params),)
