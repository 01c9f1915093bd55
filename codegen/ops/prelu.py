"""PRELU: x for positive x, alpha * x for negative x; alpha is a tensor of int8 that broadcasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier, saturate
from codegen.ir import Graph, Rule
from codegen.kernel_call import ParamValue
from codegen.ops.binary import BROADCAST_RULES, Binary
from codegen.ops.rules import element_type, one_type
from codegen.quantization import output_param


@dataclass(frozen=True, slots=True)
class Prelu(Binary):
    """The rectifier with learned slopes (TFLite reference/prelu.h); the second operand is alpha."""

    NAME: ClassVar[str] = "PRELU"
    KERNEL: ClassVar[str] = "prelu"
    RULES: ClassVar[tuple[Rule, ...]] = (one_type(0), element_type(1, "int8"), *BROADCAST_RULES)

    def params(self, graph: Graph) -> dict[str, ParamValue]:
        given, alpha, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        return {
            "input_offset": -given.zero_point,
            "alpha_offset": -alpha.zero_point,
            "positive": output_param(output, quantize_multiplier(given.scale / output.scale)),
            "negative": output_param(output, quantize_multiplier(given.scale * alpha.scale / output.scale)),
        }

    def evaluate(self, graph: Graph, first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
        given, alpha, output = graph.operand(self, 0), graph.operand(self, 1), graph.output(self)
        positive = quantize_multiplier(given.scale / output.scale)
        negative = quantize_multiplier(given.scale * alpha.scale / output.scale)
        values = []
        for q, slope in zip(first, second, strict=True):
            x = q - given.zero_point
            scaled = (
                multiply_by_quantized_multiplier(x, *positive)
                if x >= 0
                else multiply_by_quantized_multiplier(x * (slope - alpha.zero_point), *negative)
            )
            values.append(saturate(scaled + output.zero_point, *output.limits))
        return tuple(values)
