"""Fuses whatever is a function of one int8 tensor, element by element, into one table of 256 entries.

A unary operator is such a function; so is a binary one whose operands are the same tensor, a function of it, or one
constant value: x * sigmoid(x), x * 0.125, rsqrt(x + epsilon). Exact because the table holds what the chain computes for
each of the 256 inputs there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from codegen.ir import Graph, Op
from codegen.ops.binary import Binary
from codegen.ops.table import Table
from codegen.ops.unary import Unary

INPUTS = tuple(range(-128, 128))


@dataclass(frozen=True, slots=True)
class Function:
    """values[q + 128] is what becomes of the value q of tensor `source` (of any tensor if None)."""

    source: int | None
    values: tuple[int, ...]


def fuse_tables(graph: Graph) -> Graph:
    """Replaces functions of one tensor by tables, and drops the operators of which nothing is left to read."""
    for op in graph.ops:
        if isinstance(op, Unary) and _private_source(op.site.inputs[0], graph) is None:
            continue
        function = _function(op, graph)
        if function is not None and function.source is not None:
            graph = _with_table(op, function.source, function, graph)
    return _without_unread(graph)


def _with_table(op: Op, source: int, function: Function, graph: Graph) -> Graph:
    table = Table(replace(op.site, inputs=(source,)), function.values)
    return replace(graph, ops=tuple(table if other is op else other for other in graph.ops))


def _function(op: Op, graph: Graph) -> Function | None:
    """What an operator computes as a function of the earliest single tensor, if it is one, and of int8."""
    if any(graph.tensors[tensor].dtype != "int8" for tensor in (*op.site.inputs, *op.site.outputs)):
        return None
    if isinstance(op, Unary):
        return _composed(graph, op.site.inputs[0], tuple(int(value) for value in op.table(graph)))
    if not isinstance(op, Binary):
        return None
    output = graph.output(op)
    for choice in product(*(_views(tensor, graph) for tensor in op.site.inputs)):
        sources = {view.source for view in choice if view.source is not None}
        if len(sources) == 1 and all(graph.tensors[source].shape == output.shape for source in sources):
            return Function(sources.pop(), op.evaluate(graph, choice[0].values, choice[1].values))
    return None


def _composed(graph: Graph, tensor: int, values: tuple[int, ...]) -> Function:
    """`values` after whatever function computes `tensor`, where nobody else reads that."""
    deepest = _views(tensor, graph)[0]
    return Function(deepest.source, tuple(values[q + 128] for q in deepest.values))


def _views(tensor: int, graph: Graph) -> list[Function]:
    """A tensor as functions: of what its producer reads (if it has no other reader), and of itself."""
    data = graph.tensors[tensor].data
    if data is not None:
        return [Function(None, (int(data.ravel()[0]),) * 256)] if data.size == 1 else [Function(tensor, INPUTS)]
    itself = Function(tensor, INPUTS)
    producer = _private_source(tensor, graph)
    function = None if producer is None else _function(producer, graph)
    return [itself] if function is None else [function, itself]


def _private_source(tensor: int, graph: Graph) -> Unary | None:
    """The unary operator that computes a tensor for one reader."""
    producer = graph.producer(tensor)
    if not isinstance(producer, Unary) or tensor in graph.outputs or len(graph.consumers(tensor)) != 1:
        return None
    return producer


def _without_unread(graph: Graph) -> Graph:
    read = {tensor for op in graph.ops for tensor in op.site.inputs} | set(graph.outputs)
    ops = tuple(op for op in graph.ops if read & set(op.site.outputs))
    return graph if len(ops) == len(graph.ops) else _without_unread(replace(graph, ops=ops))
