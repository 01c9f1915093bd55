"""RESHAPE: the same bytes under another shape, no code at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.ops.rules import FOLDABLE_INPUT, SAME_SIZE, SAME_TYPE
from codegen.rows import Access, same_bytes_access


@dataclass(frozen=True, slots=True)
class Reshape(Op):
    """A view; the new shape is the output tensor's own, so the shape operand is dropped."""

    NAME: ClassVar[str] = "RESHAPE"
    IS_VIEW: ClassVar[bool] = True
    INPUT_TYPES: ClassVar[tuple[str, ...]] = (*QUANTIZED_TYPES, "int32", "float32")
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = INPUT_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (SAME_SIZE, SAME_TYPE, FOLDABLE_INPUT)

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Reshape:
        return cls(replace(site, inputs=site.inputs[:1]))

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return same_bytes_access(graph.output(self).shape, graph.operand(self, 0).shape, axis)
