"""MEAN over any axes: a SUM whose multiplier holds the division too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph
from codegen.ops.sum import Sum


@dataclass(frozen=True, slots=True)
class Mean(Sum):
    """Arithmetic mean (TFLite reduce.h, QuantizedMeanOrSum)."""

    NAME: ClassVar[str] = "MEAN"

    def output_multiplier(self, graph: Graph) -> tuple[int, int]:
        given, output = graph.operand(self, 0), graph.output(self)
        count = given.size // output.size
        multiplier, shift = quantize_multiplier(given.scale / output.scale)
        extra = min(count.bit_length() - 1, 32, 31 + shift)  # bits that the quotient has room for
        return (multiplier << extra) // count, shift - extra
