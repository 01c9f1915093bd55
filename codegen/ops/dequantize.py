"""DEQUANTIZE from int8 or int16 to float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, Rule
from codegen.kernel_call import KernelCall, ParamValue, for_type
from codegen.ops.rules import COMPUTED_INPUT, SAME_SIZE
from codegen.rows import Access, same_bytes_access


@dataclass(frozen=True, slots=True)
class Dequantize(Op):
    """scale * (q - zero point). TFLM multiplies in double precision, where the product is exact, and rounds it once; so
    does a multiplication in single precision (TFLite dequantize.h)."""

    NAME: ClassVar[str] = "DEQUANTIZE"
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = ("float32",)
    RULES: ClassVar[tuple[Rule, ...]] = (COMPUTED_INPUT, SAME_SIZE)

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return same_bytes_access(graph.output(self).shape, graph.operand(self, 0).shape, axis)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given = graph.operand(self, 0)
        params: dict[str, ParamValue] = {"count": given.size, "zero_point": given.zero_point, "scale": given.scale}
        return (KernelCall(for_type("dequantize", given), self.site.inputs, self.site.outputs[0], params),)
