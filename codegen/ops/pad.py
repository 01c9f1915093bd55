"""PAD: zero points around a tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codegen.ir import QUANTIZED_TYPES, Graph, Op, Rule
from codegen.kernel_call import KernelCall
from codegen.ops.loops import Loop, contiguous_steps
from codegen.ops.operands import integers
from codegen.ops.rules import constant, one_type, rank
from codegen.ops.strided_copy import strided_copy
from codegen.rows import WHOLE, Access, Rows


def paddings(op: Op, graph: Graph) -> tuple[tuple[int, int], ...]:
    """(before, after) per axis."""
    flat = integers(op, graph, 1)
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def _paddings_valid(op: Op, graph: Graph) -> bool:
    operand, shape = graph.operand(op, 1), graph.operand(op, 0).shape
    if not operand.is_constant or operand.size != 2 * len(shape):
        return False
    pads = paddings(op, graph)
    padded = tuple(before + n + after for n, (before, after) in zip(shape, pads, strict=True))
    return all(side >= 0 for pad in pads for side in pad) and graph.output(op).shape == padded


PADDINGS = Rule(
    "paddings",
    _paddings_valid,
    lambda op, graph: integers(op, graph, 1),
    "two per axis, not negative, that give the output's shape",
)


@dataclass(frozen=True, slots=True)
class Pad(Op):
    """Fills the output with one value, then copies the input into it."""

    NAME: ClassVar[str] = "PAD"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = (
        one_type(0),
        rank(0, (1, 2, 3, 4, 5)),
        constant(1, "int32"),
        PADDINGS,
    )

    def value(self, graph: Graph) -> int:
        """The element that is added."""
        return graph.output(self).zero_point

    def filled(self, graph: Graph) -> KernelCall:
        """The call that writes it everywhere."""
        output = graph.output(self)
        content = np.array(self.value(graph), output.dtype).reshape(1).view(np.int8)
        if np.any(content != content[0]):
            loops: list[Loop] = [(output.size, 0, 1)]
            return strided_copy(self.site.inputs[2], self.site.outputs[0], output.element_bytes, loops)
        return KernelCall("fill", (), self.site.outputs[0], {"count": output.bytes, "value": int(content[0])})

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        return (Rows(axis), WHOLE) if paddings(self, graph)[axis] == (0, 0) else None

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        shape, output = graph.operand(self, 0).shape, graph.output(self)
        steps = contiguous_steps(output.shape)
        loops: list[Loop] = list(zip(shape, contiguous_steps(shape), steps, strict=True))
        start = sum(before * step for (before, _), step in zip(paddings(self, graph), steps, strict=True))
        inner = strided_copy(self.site.inputs[0], self.site.outputs[0], output.element_bytes, loops, target_start=start)
        return (self.filled(graph), inner)
