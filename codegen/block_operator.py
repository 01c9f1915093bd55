"""An operator of a row region as it runs on one block: on tensors that hold just the rows of that block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from codegen.ir import Graph, Op, Tensor
from codegen.regions import Region


@dataclass(frozen=True, slots=True, eq=False)
class BlockOperator:
    """The operator in a graph of its own; its operands and outputs there are new tensors."""

    op: Op
    graph: Graph
    operands: Mapping[int, int]  # tensor of that graph -> position of the operand
    outputs: Mapping[int, int]  # tensor of that graph -> position of the output; whole ones, as sums, keep theirs


def block_operator(graph: Graph, region: Region, step: int) -> BlockOperator:
    """The operator at position `step` of `graph` for one block of `region`."""
    op = graph.ops[step]
    tensors = list(graph.tensors)
    inputs, operands = list(op.site.inputs), {}
    for position, tensor in enumerate(op.site.inputs):
        read = region.reads.get((step, position))
        if read is not None:
            inputs[position] = len(tensors)
            operands[len(tensors)] = position
            tensors.append(_rows(graph.tensors[tensor], read.axis, read.rows))
    if op.ADDS_UP:
        by_rows = replace(op, site=replace(op.site, inputs=tuple(inputs)))
        return BlockOperator(by_rows, replace(graph, tensors=tuple(tensors)), operands, {})
    outputs = {}
    for position, tensor in enumerate(op.site.outputs):
        outputs[len(tensors)] = position
        tensors.append(_rows(graph.tensors[tensor], region.axes[tensor], region.rows[tensor] // region.blocks))
    by_rows = op.on_rows(graph, region.axes[op.site.outputs[0]])
    by_rows = replace(by_rows, site=replace(op.site, inputs=tuple(inputs), outputs=tuple(outputs)))
    return BlockOperator(by_rows, replace(graph, tensors=tuple(tensors)), operands, outputs)


def _rows(tensor: Tensor, axis: int, rows: int) -> Tensor:
    """A tensor of so many rows; a constant, too, is others in each block, so that none can be folded into anything."""
    return replace(tensor, shape=(*tensor.shape[:axis], rows, *tensor.shape[axis + 1 :]), data=None)
