"""Orders the operators so that fewer bytes live at the same time.

Exact because every operator still runs after those that it reads from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from codegen.ir import Graph, Op
from codegen.lifetimes import lifetimes
from codegen.schedule import smallest_peak, takes_less_than


def order_operators(graph: Graph) -> Graph:
    """The graph in that of several orders that needs the smallest arena; in its own if none is better."""
    best = graph
    for order in (_greedy(graph), _depth_first(graph)):
        if any(op is not other for op, other in zip(order, best.ops, strict=True)):
            ordered = replace(graph, ops=tuple(order))
            best = ordered if takes_less_than(ordered, smallest_peak(best)) else best
    return best


def _depth_first(graph: Graph) -> list[Op]:
    """Every operand right before its operator, the last operand first.

    The right-hand side of a product, of which each row needs all, then comes before what runs row by row.
    """
    producer = {tensor: position for position, op in enumerate(graph.ops) for tensor in op.site.outputs}
    order: list[Op] = []
    done: set[int] = set()

    def missing(position: int) -> Iterator[int]:
        for tensor in reversed(graph.ops[position].activations(graph)):
            if tensor in producer and producer[tensor] not in done:
                yield producer[tensor]

    for goal in range(len(graph.ops)):
        stack = [goal] if set(graph.ops[goal].site.outputs) & set(graph.outputs) else []
        while stack:
            first_missing = next(missing(stack[-1]), None)
            if first_missing is not None:
                stack.append(first_missing)
                continue
            position = stack.pop()
            if position not in done:
                done.add(position)
                order.append(graph.ops[position])
    return order + [op for position, op in enumerate(graph.ops) if position not in done]


def _greedy(graph: Graph) -> list[Op]:
    """Of the operators that can run, always the one that leaves the fewest bytes alive; then the earliest."""
    root = lifetimes(graph, in_place=False).owner
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
