"""SUM over any axes: int32 sums, scaled once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import QUANTIZED_TYPES, Graph
from codegen.kernel_call import KernelCall, ParamValue, for_type
from codegen.ops.reduction import Reduction
from codegen.quantization import output_param


@dataclass(frozen=True, slots=True)
class Sum(Reduction):
    """The sum (TFLite reduce.h, QuantizedMeanOrSum)."""

    NAME: ClassVar[str] = "SUM"
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES

    def output_multiplier(self, graph: Graph) -> tuple[int, int]:
        """(mantissa, shift) that bring a sum, zero points removed, to the output's scale."""
        return quantize_multiplier(graph.operand(self, 0).scale / graph.output(self).scale)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given, output = graph.operand(self, 0), graph.output(self)
        params: dict[str, ParamValue] = {
            "shape": self.shape_param(graph),
            "sum_offset": -given.zero_point * (given.size // output.size),
            "output": output_param(output, self.output_multiplier(graph)),
        }
        return (KernelCall(for_type("sum", output), self.site.inputs[:1], self.site.outputs[0], params),)
