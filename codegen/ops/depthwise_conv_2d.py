"""DEPTHWISE_CONV_2D: (batch, height, width, channels) with filter (1, height, width, channels * multiplier)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.conv_2d import bias_length, conv_call, depthwise_call, filter_shape, scale_count
from codegen.ops.linear import conv_scratch_bytes
from codegen.ops.linear_i16 import bias_type, wide_rules
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name, constant, one_type, output_rank, rank
from codegen.ops.window import Window, window_access, window_on_rows, window_rules
from codegen.rows import WHOLE, Access


@dataclass(frozen=True, slots=True)
class DepthwiseConv2D(Op):
    """Each input channel is convolved with its own `depth_multiplier` filters."""

    window: Window
    activation: str
    depth_multiplier: int

    NAME: ClassVar[str] = "DEPTHWISE_CONV_2D"
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
        bias_type(2, "int64"),
        scale_count(1, 3),
        bias_length(3),
        KNOWN_ACTIVATION,
        Rule(
            "depth multiplier",
            lambda op, graph: graph.operand(op, 0).shape[3] * op.depth_multiplier
            == graph.operand(op, 1).shape[3]
            == graph.output(op).shape[3],
            lambda op, graph: op.depth_multiplier,
            "output channels / input channels",
        ),
        *window_rules(filter_shape),
        *wide_rules(0, 1, 2),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> DepthwiseConv2D:
        return cls(site, Window.parse(options), activation_name(options), int(options.get("DepthMultiplier", 0)))

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        if axis == 3:
            return None
        return (window_access(self, graph, filter_shape(self, graph), axis, pads=True), WHOLE, WHOLE)

    def on_rows(self, graph: Graph, axis: int) -> DepthwiseConv2D:
        return window_on_rows(self, graph, filter_shape(self, graph), axis)

    def scratch_bytes(self, graph: Graph) -> int:
        given, inputs = graph.operand(self, 0), math.prod(filter_shape(self, graph))
        return conv_scratch_bytes(given, inputs) if given.shape[3] == 1 else 0

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        weights = graph.operand(self, 1)
        assert weights.data is not None
        by_tap = weights.data.reshape(-1, weights.shape[3])
        if graph.operand(self, 0).shape[3] == 1:  # one input channel: a plain convolution in another layout
            return (conv_call(self, graph, np.ascontiguousarray(by_tap.T), groups=1),)
        return (depthwise_call(self, graph, by_tap, self.depth_multiplier),)
