"""SVDF: a layer of rank-1 (or higher) filters over features and time, with a memory of past frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.linear import folded_bias
from codegen.ops.rules import constant, one_scale, presence, rank
from codegen.quantization import output_param

INPUT, FEATURE_WEIGHTS, TIME_WEIGHTS, BIAS, MEMORY = range(5)
BIAS_SCALE_TOLERANCE = 1e-5


def _divides_filters(op: Svdf, graph: Graph) -> bool:
    return op.filters_per_unit > 0 and graph.operand(op, TIME_WEIGHTS).shape[0] % op.filters_per_unit == 0


def _shapes_match(op: Svdf, graph: Graph) -> bool:
    """input (batch, inputs), weights (filters, inputs) and (filters, memory), bias (units,), state (batch, filters *
    memory), output (batch, units)."""
    (batch, inputs), (filters, memory) = graph.operand(op, INPUT).shape, graph.operand(op, TIME_WEIGHTS).shape
    return (
        graph.operand(op, FEATURE_WEIGHTS).shape == (filters, inputs)
        and graph.operand(op, BIAS).shape == (filters // op.filters_per_unit,)
        and graph.operand(op, MEMORY).shape == (batch, filters * memory)
        and graph.output(op).shape == (batch, filters // op.filters_per_unit)
    )


def _bias_scale_fits(op: Op, graph: Graph) -> bool:
    quant = graph.operand(op, BIAS).quant
    wanted = graph.operand(op, MEMORY).scale * graph.operand(op, TIME_WEIGHTS).scale
    return abs((quant.scale[0] if quant else 0.0) - wanted) < BIAS_SCALE_TOLERANCE


@dataclass(frozen=True, slots=True)
class Svdf(Op):
    """Several filters per unit (Nakkiran et al., "Compressing Deep Neural Networks using a Rank-Constrained Topology").

    Each filter's products of features go into the newest column of the state; the unit is the sum over its filters of
    state times time weights. As in TFLM, the fused activation is not applied: the output's range does that.
    """

    filters_per_unit: int  # TFLite calls it rank

    NAME: ClassVar[str] = "SVDF"
    ARITY: ClassVar[tuple[int, int]] = (5, 5)
    OPTIONAL: ClassVar[int] = 2  # TFLite's bias
    STATE: ClassVar[tuple[int, ...]] = (MEMORY,)
    RULES: ClassVar[tuple[Rule, ...]] = (
        presence((BIAS,), True, "a bias (TFLM stops without one)"),
        rank(INPUT, (2,)),
        rank(TIME_WEIGHTS, (2,)),
        constant(FEATURE_WEIGHTS, "int8"),
        constant(TIME_WEIGHTS, "int8", "int16"),
        constant(BIAS, "int32"),
        Rule(
            "type of the state",
            lambda op, graph: graph.operand(op, MEMORY).dtype == graph.operand(op, TIME_WEIGHTS).dtype,
            lambda op, graph: graph.operand(op, MEMORY).dtype,
            "that of the time weights",
        ),
        Rule(
            "rank",
            _divides_filters,
            lambda op, graph: op.filters_per_unit,
            "1 or more, a divisor of the number of filters",
        ),
        Rule(
            "output shape",
            _shapes_match,
            lambda op, graph: graph.output(op).shape,
            "(batch, filters / rank), with weights, bias and state to match",
        ),
        one_scale((FEATURE_WEIGHTS, TIME_WEIGHTS, MEMORY)),
        Rule(
            "zero point of the state",
            lambda op, graph: abs(graph.operand(op, MEMORY).zero_point) < 2**15,
            lambda op, graph: graph.operand(op, MEMORY).zero_point,
            "one of its type",
        ),
        Rule(
            "bias scale",
            _bias_scale_fits,
            lambda op, graph: graph.operand(op, BIAS).describe(),
            f"state scale * time weights' scale, give or take {BIAS_SCALE_TOLERANCE:g}",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Svdf:
        return cls(site, int(options.get("Rank", 0)))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given, features, time = (graph.operand(self, position) for position in (INPUT, FEATURE_WEIGHTS, TIME_WEIGHTS))
        bias, state, output = graph.operand(self, BIAS), graph.operand(self, MEMORY), graph.output(self)
        assert features.data is not None and time.data is not None
        feature_multiplier, feature_shift = quantize_multiplier(given.scale * features.scale / state.scale)
        params: dict[str, ParamValue] = {
            "batches": given.shape[0],
            "inputs": given.shape[1],
            "filters": features.shape[0],
            "memory": time.shape[1],
            "filters_per_unit": self.filters_per_unit,
            "state_bytes": state.bytes // state.size,
            "feature_weights": features.data,
            "feature_bias": folded_bias(features.data, None, 0, -given.zero_point),
            "feature_multiplier": feature_multiplier,
            "feature_shift": feature_shift,
            "state_offset": state.zero_point,
            "time_weights": time.data,
            "bias": folded_bias(time.data.reshape(output.shape[1], -1), bias.data, 0, -state.zero_point),
            "output": output_param(output, quantize_multiplier(state.scale * time.scale / output.scale)),
        }
        inputs = (self.site.inputs[INPUT], self.site.inputs[MEMORY])
        return (KernelCall("svdf", inputs, self.site.outputs[0], params),)
