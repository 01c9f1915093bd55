"""Constant operands as Python values."""

from __future__ import annotations

from codegen.ir import Graph, Op


def integers(op: Op, graph: Graph, position: int) -> tuple[int, ...]:
    """The elements of a constant operand."""
    data = graph.operand(op, position).data
    assert data is not None
    return tuple(int(value) for value in data.ravel())
