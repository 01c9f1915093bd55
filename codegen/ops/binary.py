"""Operators on two tensors, element by element, with NumPy's broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from codegen.ir import QUANTIZED_TYPES, Graph, Op, Rule
from codegen.kernel_call import KernelCall, ParamValue, for_type
from codegen.ops.broadcast import MAX_LOOPS, broadcast_plan, broadcast_shape, loop_count
from codegen.ops.rules import PER_TENSOR_OPERANDS, one_type
from codegen.rows import Access, broadcast_access


def _shapes(op: Op, graph: Graph) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return graph.operand(op, 0).shape, graph.operand(op, 1).shape


BROADCAST_RULES: tuple[Rule, ...] = (
    Rule(
        "output shape",
        lambda op, graph: broadcast_shape(*_shapes(op, graph)) == graph.output(op).shape,
        lambda op, graph: graph.output(op).shape,
        "the broadcast of the operands' shapes",
    ),
    Rule(
        "broadcast",
        lambda op, graph: loop_count(*_shapes(op, graph)) <= MAX_LOOPS,
        lambda op, graph: f"{loop_count(*_shapes(op, graph))} nested loops",
        f"at most {MAX_LOOPS}",
    ),
    PER_TENSOR_OPERANDS,
)
BINARY_RULES: tuple[Rule, ...] = (one_type(), *BROADCAST_RULES)


@dataclass(frozen=True, slots=True)
class Binary(Op):
    """Base of the binary operators; a subclass says what its kernel computes of two values."""

    KERNEL: ClassVar[str] = ""
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    RULES: ClassVar[tuple[Rule, ...]] = BINARY_RULES

    def params(self, graph: Graph) -> dict[str, ParamValue]:
        """Parameters of the kernel beside the operands' shapes."""
        return {}

    def evaluate(self, graph: Graph, first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
        """The outputs for pairs of values, as the kernel computes them."""
        raise NotImplementedError

    def overwrites(self, graph: Graph) -> tuple[int, ...]:
        shape = graph.output(self).shape  # an operand that is repeated is still read after its place was written
        return tuple(
            i for i in (0, 1) if graph.operand(self, i).shape == shape and not graph.operand(self, i).is_constant
        )

    def row_access(self, graph: Graph, axis: int) -> tuple[Access, ...] | None:
        shape = graph.output(self).shape
        return tuple(broadcast_access(shape, graph.operand(self, i).shape, axis) for i in (0, 1))

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        params = {"shape": broadcast_plan(*_shapes(self, graph)).as_param(), **self.params(graph)}
        kernel = for_type(self.KERNEL, graph.output(self))
        return (KernelCall(kernel, self.site.inputs, self.site.outputs[0], params),)
