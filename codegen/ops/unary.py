"""Operators on one tensor, element by element: from int8 to int8, each is one 256-entry table.

An int8 operator that looks at one element at a time is a function of 256 inputs. Its table is computed here with
TFLM's own integer steps, so the kernel is a look-up and equal by construction. Those that also take int16 say by what
kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.ir import Graph, Op, Rule, Tensor
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.rules import SAME_SIZE, one_type
from codegen.rows import Access, same_bytes_access


@dataclass(frozen=True, slots=True)
class Unary(Op):
    """Base of the unary operators: a subclass says what becomes of one value."""

    RULES: ClassVar[tuple[Rule, ...]] = (SAME_SIZE, one_type())

    def value(self, q: int, given: Tensor, output: Tensor) -> int:
        """The int8 output for the int8 input q."""
        raise NotImplementedError

    def table(self, graph: Graph) -> np.ndarray:
        """(256,) int8, indexed by the input + 128."""
        given, output = graph.operand(self, 0), graph.output(self)
        values = [self.value(q, given, output) for q in range(-128, 128)]
        return np.clip(values, -128, 127).astype(np.int8)

    def is_table(self, graph: Graph) -> bool:
        return graph.operand(self, 0).dtype == graph.output(self).dtype == "int8"

    def wide_call(self, graph: Graph) -> KernelCall:
        """The call where int16 is read or written."""
        raise NotImplementedError(f"{self.NAME} takes int8 only")

    def overwrites(self, graph: Graph) -> tuple[int, ...]:
        return (0,)

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return same_bytes_access(graph.output(self).shape, graph.operand(self, 0).shape, axis)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        if not self.is_table(graph):
            return (self.wide_call(graph),)
        table = self.table(graph)
        alike = int(np.argmin(table == table[0])) - 1 if (table != table[0]).any() else 255  # as the first
        params: dict[str, ParamValue] = {
            "count": graph.output(self).size,
            "first": alike - 128,
            "table": table[alike:],
        }
        return (KernelCall("table", self.site.inputs, self.site.outputs[0], params),)
