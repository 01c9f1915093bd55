"""Orders the operators so that fewer bytes live at the same time: what frees memory runs before what needs it.

Exact because every operator still runs after those that it reads from.
"""

from __future__ import annotations

from dataclasses import replace

from codegen.ir import Graph, Op
from codegen.plan_memory import plan_memory, view_roots


def order_operators(graph: Graph) -> Graph:
    """The graph in the order of greedy list scheduling, where that lowers the memory bound; else as it is."""
    ordered = replace(graph, ops=tuple(_greedy(graph)))
    return ordered if plan_memory(ordered).arena_bytes < plan_memory(graph).arena_bytes else graph


def _greedy(graph: Graph) -> list[Op]:
    """Of the operators that can run, always the one that leaves the fewest bytes alive; then the earliest."""
    root = view_roots(graph)
    readers: dict[int, set[int]] = {}  # memory -> operators (by position) that still read it
    for position, op in enumerate(graph.ops):
        for tensor in op.activations(graph):
            readers.setdefault(root[tensor], set()).add(position)
    kept = {root[tensor] for tensor in (*graph.outputs, *graph.variables)}
    computed = {*graph.inputs, *graph.variables}
    waiting = dict(enumerate(graph.ops))
    order = []

    def growth(position: int) -> int:
        op = waiting[position]
        made = 0 if op.IS_VIEW else sum(graph.tensors[tensor].bytes for tensor in op.site.outputs)
        operands = {root[tensor] for tensor in op.activations(graph)} - kept
        return made - sum(graph.tensors[memory].bytes for memory in operands if readers[memory] == {position})

    while waiting:
        ready = [position for position, op in waiting.items() if set(op.activations(graph)) <= computed]
        position = min(ready, key=lambda candidate: (growth(candidate), candidate))
        op = waiting.pop(position)
        for tensor in op.activations(graph):
            readers[root[tensor]].discard(position)
        computed.update(op.site.outputs)
        order.append(op)
    return order
