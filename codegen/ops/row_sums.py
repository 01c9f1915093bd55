"""Sums over all rows of a tensor as int32, which add up block of rows by block of rows, and what scales them.

No TFLite operators: the pass `sum_by_rows` takes linear layers, means and pools apart into one of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.ir import Graph, Op
from codegen.kernel_call import KernelCall, ParamValue
from codegen.rows import Access, Rows, outermost_axis


@dataclass(frozen=True, slots=True)
class RowSums(Op):
    """Base of those that add to int32 sums."""

    ADDS_UP: ClassVar[bool] = True
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = ("int32",)

    def summed_access(self, graph: Graph) -> tuple[Access, ...] | None:
        axis = outermost_axis(graph.operand(self, 0).shape)
        return None if axis is None else (Rows(axis), *[Rows(0)] * (len(self.site.inputs) - 1))


@dataclass(frozen=True, slots=True)
class WeightedSums(RowSums):
    """Rows times weights (rows, sums, values of a row)."""

    NAME: ClassVar[str] = "WEIGHTED_SUMS"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        rows, sums, inputs = graph.operand(self, 1).shape
        params: dict[str, ParamValue] = {"rows": rows, "inputs": inputs, "sums": sums}
        return (KernelCall("weighted_sums", self.site.inputs, self.site.outputs[0], params),)


@dataclass(frozen=True, slots=True)
class ColumnSums(RowSums):
    """Sums over all axes but the last ones, which are those of the output."""

    NAME: ClassVar[str] = "COLUMN_SUMS"

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        columns = graph.output(self).size
        params: dict[str, ParamValue] = {"rows": graph.operand(self, 0).size // columns, "columns": columns}
        return (KernelCall("column_sums", self.site.inputs, self.site.outputs[0], params),)


@dataclass(frozen=True, slots=True, eq=False)
class ScaledSums(Op):
    """Sums as int8. `scales` (sums, 3): what is added to each, its multiplier and shift; (1, 3) if all are alike."""

    scales: np.ndarray
    output_offset: int
    output_range: tuple[int, int]

    NAME: ClassVar[str] = "SCALED_SUMS"
    INPUT_TYPES: ClassVar[tuple[str, ...]] = ("int32",)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        low, high = self.output_range
        params: dict[str, ParamValue] = {
            "sums": graph.output(self).size,
            "scales": self.scales,
            "scales_step": 3 if len(self.scales) > 1 else 0,
            "output_offset": self.output_offset,
            "output_min": low,
            "output_max": high,
        }
        return (KernelCall("scaled_sums", self.site.inputs, self.site.outputs[0], params),)
