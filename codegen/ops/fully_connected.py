"""FULLY_CONNECTED: (..., inputs) with weights (outputs, inputs) gives (..., outputs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.conv_2d import bias_length, scale_count
from codegen.ops.linear import linear_param
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name, constant, rank
from codegen.rows import WHOLE, Access, Rows, matching_axis


def _bias_scale_fits(op: Op, graph: Graph) -> bool:
    """TFLM refuses a per-tensor layer whose bias scale is off by more than 0.02 output steps."""
    given, weights, bias, output = (graph.input(op, 0), graph.input(op, 1), graph.input(op, 2), graph.output(op))
    assert given is not None and weights is not None and weights.quant is not None
    if bias is None or bias.quant is None or weights.quant.per_channel:
        return True
    return abs(given.scale * weights.scale - bias.quant.scale[0]) / output.scale <= 0.02


@dataclass(frozen=True, slots=True)
class FullyConnected(Op):
    """A linear layer over the last axis; `keep_num_dims` only shapes the output, which the file gives."""

    activation: str

    NAME: ClassVar[str] = "FULLY_CONNECTED"
    ARITY: ClassVar[tuple[int, int]] = (2, 3)
    OPTIONAL: ClassVar[int] = 1
    RULES: ClassVar[tuple[Rule, ...]] = (
        rank(1, (2,)),
        constant(1, "int8"),
        constant(2, "int32"),
        scale_count(1, 0),
        bias_length(0),
        KNOWN_ACTIVATION,
        Rule(
            "weights format",
            lambda op, graph: op.weights_format == 0,
            lambda op, graph: op.weights_format,
            "0 (plain)",
        ),
        Rule(
            "input size",
            lambda op, graph: graph.operand(op, 0).size % graph.operand(op, 1).shape[1] == 0
            and graph.output(op).size
            == graph.operand(op, 0).size // graph.operand(op, 1).shape[1] * graph.operand(op, 1).shape[0],
            lambda op, graph: graph.operand(op, 0).shape,
            "rows of as many inputs as the weights have columns, and as many output rows",
        ),
        Rule(
            "bias scale",
            _bias_scale_fits,
            lambda op, graph: graph.operand(op, 2).describe(),
            "input scale * weight scale",
        ),
    )

    weights_format: int = 0

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> FullyConnected:
        return cls(site, activation_name(options), int(options.get("WeightsFormat", 0)))

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        if axis == len(graph.output(self).shape) - 1:
            return None
        own = matching_axis(graph.output(self).shape, graph.operand(self, 0).shape, axis)
        return None if own is None else (Rows(own), WHOLE, WHOLE)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given, weights, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        # Zero points of per-channel weights are not looked at, as in TFLM.
        weight_offset = 0 if weights.per_channel else -weights.zero_point
        params: dict[str, ParamValue] = {
            "rows": given.size // weights.shape[1],
            "channels": linear_param(given, weights, graph.input(self, 2), output, self.activation, weight_offset),
        }
        return (KernelCall("fully_connected", self.site.inputs[:1], self.site.outputs[0], params),)
