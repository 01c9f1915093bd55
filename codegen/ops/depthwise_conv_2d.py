"""DEPTHWISE_CONV_2D: (batch, height, width, channels) with filter (1, height, width, channels * multiplier)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.conv_2d import bias_length, common_params, filter_shape, scale_count
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name, constant, rank
from codegen.ops.window import Window, window_rules


@dataclass(frozen=True, slots=True)
class DepthwiseConv2D(Op):
    """Each input channel is convolved with its own `depth_multiplier` filters."""

    window: Window
    activation: str
    depth_multiplier: int

    NAME: ClassVar[str] = "DEPTHWISE_CONV_2D"
    ARITY: ClassVar[tuple[int, int]] = (2, 3)
    OPTIONAL: ClassVar[int] = 1
    RULES: ClassVar[tuple[Rule, ...]] = (
        rank(0, (4,)),
        rank(1, (4,)),
        constant(1, "int8"),
        constant(2, "int32"),
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
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> DepthwiseConv2D:
        return cls(site, Window.parse(options), activation_name(options), int(options.get("DepthMultiplier", 0)))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        params = common_params(self, graph, graph.operand(self, 1).shape[3])
        params["depth_multiplier"] = self.depth_multiplier
        return (KernelCall("depthwise_conv_2d", self.site.inputs[:1], self.site.outputs[0], params),)
