"""Folds TRANSPOSEs around BATCH_MATMUL into it: its kernel walks any layout, so keys and values stay where they lie.

Exact because a TRANSPOSE only moves bytes.
"""

from __future__ import annotations

from dataclasses import replace

from codegen.ir import Graph, Op
from codegen.ops.batch_matmul import BatchMatmul
from codegen.ops.transpose import Transpose, permutation


def fold_transposes(graph: Graph) -> Graph:
    """Removes each TRANSPOSE whose readers, or whose only source, are matrix products."""
    for op in graph.ops:
        if isinstance(op, Transpose):
            graph = _fold_into_readers(op, _fold_into_source(op, graph))
    return graph


def _fold_into_source(transpose: Transpose, graph: Graph) -> Graph:
    """The product is written in the order that the TRANSPOSE would bring it into."""
    given, output = transpose.site.inputs[0], transpose.site.outputs[0]
    source = graph.producer(given)
    if (
        not isinstance(source, BatchMatmul)
        or source.output_order is not None
        or given in graph.outputs
        or len(graph.consumers(given)) != 1
        or graph.tensors[given].quant != graph.tensors[output].quant
    ):
        return graph
    order = permutation(transpose, graph)
    inverse = tuple(order.index(axis) for axis in range(len(order)))
    written = replace(source, site=replace(source.site, outputs=(output,)), output_order=inverse)
    return _without(graph, transpose, {source.site.index: written})


def _fold_into_readers(transpose: Transpose, graph: Graph) -> Graph:
    """The products read what the TRANSPOSE reads."""
    given, output = transpose.site.inputs[0], transpose.site.outputs[0]
    readers = graph.consumers(output)
    if (
        transpose not in graph.ops
        or output in graph.outputs
        or not readers
        or not all(isinstance(reader, BatchMatmul) for reader in readers)
        or graph.tensors[given].is_constant
        or graph.tensors[given].quant != graph.tensors[output].quant
    ):
        return graph
    order = permutation(transpose, graph)
    return _without(graph, transpose, {op.site.index: _reading(op, output, given, order) for op in readers})


def _reading(op: Op, output: int, given: int, order: tuple[int, ...]) -> Op:
    assert isinstance(op, BatchMatmul)
    orders = [
        order if tensor == output else old
        for tensor, old in zip(op.site.inputs, (op.lhs_order, op.rhs_order), strict=True)
    ]
    inputs = tuple(given if tensor == output else tensor for tensor in op.site.inputs)
    return replace(op, site=replace(op.site, inputs=inputs), lhs_order=orders[0], rhs_order=orders[1])


def _without(graph: Graph, removed: Op, replaced: dict[int, Op]) -> Graph:
    """The graph without one operator and with others (by index) replaced."""
    return replace(graph, ops=tuple(replaced.get(op.site.index, op) for op in graph.ops if op is not removed))
