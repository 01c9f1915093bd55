"""FULLY_CONNECTED: (..., inputs) with weights (outputs, inputs) gives (..., outputs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.conv_2d import bias_length, rows_call, scale_count
from codegen.ops.linear import rows_scratch_bytes
from codegen.ops.linear_i16 import bias_type, narrow_without_bias, wide_rules
from codegen.ops.rules import KNOWN_ACTIVATION, activation_name, constant, of_type, one_type, rank
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
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        rank(1, (2,)),
        constant(1, "int8"),
        bias_type(2, "int32", "int64"),
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
        *of_type(
            "int16",
            Rule(
                "zero point of weights",
                lambda op, graph: graph.operand(op, 1).zero_point == 0,
                lambda op, graph: graph.operand(op, 1).zero_point,
                "0 beside int16",
            ),
        ),
        *wide_rules(0, 1, 2),
    )

    weights_format: int = 0
    narrow_without_bias: bool = False

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> FullyConnected:
        return cls(site, activation_name(options), int(options.get("WeightsFormat", 0)), narrow_without_bias(options))

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        if axis == len(graph.output(self).shape) - 1:
            return None
        own = matching_axis(graph.output(self).shape, graph.operand(self, 0).shape, axis)
        return None if own is None else (Rows(own), WHOLE, WHOLE)

    def paired_depth(self, graph: Graph) -> int:
        return graph.operand(self, 1).shape[1] if graph.output(self).dtype == "int8" else 0

    def scratch_bytes(self, graph: Graph) -> int:
        given, inputs = graph.operand(self, 0), graph.operand(self, 1).shape[1]
        return rows_scratch_bytes(graph, given, inputs, given.size // inputs)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        weights = graph.operand(self, 1)
        # Zero points of per-channel weights are not looked at, as in TFLM.
        weight_offset = 0 if weights.per_channel else -weights.zero_point
        return (rows_call(self, graph, graph.operand(self, 0).size // weights.shape[1], weight_offset),)
