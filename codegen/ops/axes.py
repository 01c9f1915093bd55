"""Axes, which TFLite counts from the front or, where negative, from behind."""

from __future__ import annotations

from codegen.ir import Graph, Op


def from_front(axis: int, rank: int) -> int | None:
    """The axis counted from the front; None if `rank` axes have no such one."""
    return axis % rank if -rank <= axis < rank else None


def constant_axis(op: Op, graph: Graph, position: int, rank: int) -> int | None:
    """The axis that a constant operand names among `rank`, counted from the front; None if it names none."""
    data = graph.operand(op, position).data
    return None if data is None or data.size != 1 else from_front(int(data.ravel()[0]), rank)
