"""SPLIT: equal parts along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import Graph, Op, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.loops import contiguous_steps
from codegen.ops.rules import constant
from codegen.ops.strided_copy import strided_copy
from codegen.rows import WHOLE, Access, Rows


def _axis(op: Op, graph: Graph) -> int:
    data = graph.operand(op, 0).data
    assert data is not None
    return int(data.ravel()[0]) % len(graph.operand(op, 1).shape)


def _axis_valid(op: Op, graph: Graph) -> bool:
    count, operand = len(graph.operand(op, 1).shape), graph.operand(op, 0)
    return operand.data is not None and operand.size == 1 and -count <= int(operand.data.ravel()[0]) < count


def _parts_fit(op: Op, graph: Graph) -> bool:
    shape, axis = graph.operand(op, 1).shape, _axis(op, graph)
    parts = len(op.site.outputs)
    part = (*shape[:axis], shape[axis] // parts, *shape[axis + 1 :])
    return shape[axis] % parts == 0 and all(graph.output(op, i).shape == part for i in range(parts))


@dataclass(frozen=True, slots=True)
class Split(Op):
    """One copy per part."""

    NAME: ClassVar[str] = "SPLIT"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    OUTPUTS: ClassVar[int | None] = None
    RULES: ClassVar[tuple[Rule, ...]] = (
        constant(0, "int32"),
        Rule("axis", _axis_valid, lambda op, graph: graph.operand(op, 0).data, "one axis of the input"),
        Rule(
            "output shapes",
            lambda op, graph: not _axis_valid(op, graph) or _parts_fit(op, graph),
            lambda op, graph: graph.output(op).shape,
            "equal parts of the input",
        ),
    )

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return None if axis == _axis(self, graph) else (WHOLE, Rows(axis))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        shape, axis = graph.operand(self, 1).shape, _axis(self, graph)
        steps = contiguous_steps(shape)
        part = graph.output(self).shape
        loops = list(zip(part, steps, contiguous_steps(part), strict=True))
        return tuple(
            strided_copy(self.site.inputs[1], output, list(loops), source_start=i * part[axis] * steps[axis])
            for i, output in enumerate(self.site.outputs)
        )
