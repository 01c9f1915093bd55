"""TRANSPOSE: axes in another order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.loops import MAX_COPY_LOOPS, Loop, contiguous_steps
from codegen.ops.rules import constant, one_type
from codegen.ops.strided_copy import copy_loop_count, strided_copies
from codegen.rows import WHOLE, Access, Rows


def permutation(op: Op, graph: Graph) -> tuple[int, ...]:
    data = graph.operand(op, 1).data
    assert data is not None
    return tuple(int(axis) for axis in data.ravel())


def _is_permutation(op: Op, graph: Graph) -> bool:
    rank = len(graph.operand(op, 0).shape)
    return graph.operand(op, 1).is_constant and sorted(permutation(op, graph)) == list(range(rank))


def _loops(op: Op, graph: Graph) -> list[Loop]:
    shape, output = graph.operand(op, 0).shape, graph.output(op).shape
    source, target = contiguous_steps(shape), contiguous_steps(output)
    return [(shape[axis], source[axis], target[i]) for i, axis in enumerate(permutation(op, graph))]


@dataclass(frozen=True, slots=True)
class Transpose(Op):
    """output[i_p0, i_p1, ...] = input[i_0, i_1, ...]."""

    NAME: ClassVar[str] = "TRANSPOSE"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        constant(1, "int32"),
        Rule(
            "permutation", _is_permutation, lambda op, graph: graph.operand(op, 1).data, "each axis of the input once"
        ),
        Rule(
            "output shape",
            lambda op, graph: not _is_permutation(op, graph)
            or graph.output(op).shape == tuple(graph.operand(op, 0).shape[axis] for axis in permutation(op, graph)),
            lambda op, graph: graph.output(op).shape,
            "the input's shape, permuted",
        ),
        Rule(
            "permutation",
            lambda op, graph: not _is_permutation(op, graph) or copy_loop_count(_loops(op, graph)) <= MAX_COPY_LOOPS,
            lambda op, graph: permutation(op, graph),
            f"one that needs at most {MAX_COPY_LOOPS} nested loops",
        ),
    )

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return (Rows(permutation(self, graph)[axis]), WHOLE)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        element_bytes = graph.output(self).element_bytes
        return strided_copies(self.site.inputs[0], self.site.outputs[0], element_bytes, _loops(self, graph))
