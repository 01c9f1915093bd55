"""SQUEEZE: drops axes of extent 1, which moves no byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.ops.axes import from_front
from codegen.ops.rules import FOLDABLE_INPUT, SAME_TYPE
from codegen.rows import Access, same_bytes_access


def _dropped(op: Squeeze, graph: Graph) -> set[int | None]:
    """The axes that go, counted from the front; those of extent 1 if none is named."""
    shape = graph.operand(op, 0).shape
    named = {from_front(axis, len(shape)) for axis in op.axes}
    return named or {axis for axis, extent in enumerate(shape) if extent == 1}


def _axes_valid(op: Squeeze, graph: Graph) -> bool:
    shape = graph.operand(op, 0).shape
    return all(axis is not None and shape[axis] == 1 for axis in _dropped(op, graph))


def _squeezed(op: Squeeze, graph: Graph) -> tuple[int, ...]:
    dropped = _dropped(op, graph)
    return tuple(extent for axis, extent in enumerate(graph.operand(op, 0).shape) if axis not in dropped)


@dataclass(frozen=True, slots=True)
class Squeeze(Op):
    """A view."""

    axes: tuple[int, ...]

    NAME: ClassVar[str] = "SQUEEZE"
    IS_VIEW: ClassVar[bool] = True
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        FOLDABLE_INPUT,
        SAME_TYPE,
        Rule("axes", _axes_valid, lambda op, graph: op.axes, "axes of the input that are 1 long, none for all those"),
        Rule(
            "output shape",
            lambda op, graph: graph.output(op).shape == _squeezed(op, graph),
            lambda op, graph: graph.output(op).shape,
            "the input's shape without these axes",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> Squeeze:
        return cls(site, tuple(options.get("SqueezeDims", ())))

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return same_bytes_access(graph.output(self).shape, graph.operand(self, 0).shape, axis)
