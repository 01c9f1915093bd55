"""QUANTIZE between int8 and int16, or within one of them: another scale and zero point for the same values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from codegen.ir import QUANTIZED_TYPES, Graph, Rule, Tensor
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.rules import SAME_SIZE, element_type, one_scale
from codegen.ops.unary import Unary
from codegen.quantization import output_param


@dataclass(frozen=True, slots=True)
class Quantize(Unary):
    """Requantization."""

    NAME: ClassVar[str] = "QUANTIZE"
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (SAME_SIZE, element_type(0, *QUANTIZED_TYPES), one_scale((0,)))

    def wide_call(self, graph: Graph) -> KernelCall:
        given, output = graph.operand(self, 0), graph.output(self)
        params: dict[str, ParamValue] = {
            "count": output.size,
            "input_bytes": given.element_bytes,
            "output_bytes": output.element_bytes,
            "input_offset": -given.zero_point,
            "output": output_param(output, quantize_multiplier(given.scale / output.scale)),
        }
        return KernelCall("quantize_i16", self.site.inputs, self.site.outputs[0], params)

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        multiplier, shift = quantize_multiplier(given.scale / output.scale)
        return multiply_by_quantized_multiplier(q - given.zero_point, multiplier, shift) + output.zero_point
