"""One static arena: where each activation lies."""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codegen.ir import Graph
from codegen.lifetimes import Buffer, Lifetimes, lifetimes, scratch_key
from codegen.regions import Region

TRIES = 40  # reshuffled placements, tried only while the lower bound is not reached


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Byte offsets of all activations (views included) and of operators' scratch in an arena of `arena_bytes`."""

    offsets: Mapping[int, int]
    scratch: Mapping[int, int]  # by operator index
    owner: Mapping[int, int]  # of each activation: the one whose buffer it lies in
    buffers: tuple[Buffer, ...]
    arena_bytes: int
    lower_bound: int  # largest sum of buffers that live at the same time


def plan_memory(graph: Graph, regions: Sequence[Region] = ()) -> MemoryPlan:
    """The smallest arena of several plans: operators in place or not, and buffers placed in several orders."""
    best = _plan(graph, lifetimes(graph, regions))
    apart = lifetimes(graph, regions, in_place=False)
    if _bound(graph, apart) >= best.arena_bytes:
        return best
    return min(best, _plan(graph, apart), key=lambda plan: plan.arena_bytes)


def _bound(graph: Graph, lives: Lifetimes) -> int:
    return lives.peak(-1, len(graph.ops) + 1)


def _plan(graph: Graph, lives: Lifetimes) -> MemoryPlan:
    """Greedy placement in several orders (largest first, longest first, reshuffled); the smallest arena wins."""
    buffers = list(lives.buffers)
    bound = _bound(graph, lives)
    # What lives from start to end lies below everything else, where it parts no free bytes.
    always = [buffer for buffer in buffers if buffer.first < 0 and buffer.last >= len(graph.ops)]
    others = [buffer for buffer in buffers if buffer not in always]
    places = (_place(always + order) for order in _orders(others))
    best = min(filter(None, places), key=lambda placed: _extent(buffers, placed))
    shuffled = random.Random(0)
    order = always + sorted(others, key=lambda b: -b.size)
    for _ in range(TRIES):
        if _extent(buffers, best) == bound:
            break
        candidate = list(order)
        i, j = shuffled.randrange(len(order)), shuffled.randrange(len(order))
        candidate.insert(j, candidate.pop(i))
        placed = _place(candidate, limit=_extent(buffers, best))
        if placed is not None:
            best, order = placed, candidate
    offsets = {tensor: best[owner] for tensor, owner in lives.owner.items()}
    scratch = {op.site.index: best[scratch_key(s)] for s, op in enumerate(graph.ops) if scratch_key(s) in best}
    return MemoryPlan(offsets, scratch, lives.owner, tuple(buffers), _extent(buffers, best), bound)


def _orders(buffers: list[Buffer]) -> list[list[Buffer]]:
    return [
        sorted(buffers, key=lambda b: (-b.size, b.first)),
        sorted(buffers, key=lambda b: (-(b.last - b.first), -b.size)),
        sorted(buffers, key=lambda b: (-(b.last - b.first + 1) * b.size, b.first)),
        sorted(buffers, key=lambda b: (b.first, -b.size)),
    ]


def _place(order: list[Buffer], limit: int | None = None) -> dict[int, int] | None:
    """Each buffer at the lowest offset that is free during its whole life; None where one ends beyond the limit."""
    placed: list[tuple[int, int, int, int]] = []  # (offset, end, first, last), by offset
    offsets: dict[int, int] = {}
    for tensor, size, first, last in order:
        offset = 0
        for start, end, other_first, other_last in placed:
            if other_first <= last and first <= other_last:
                if start - offset >= size:
                    break
                if end > offset:
                    offset = end
        if limit is not None and offset + size > limit:
            return None
        offsets[tensor] = offset
        insort(placed, (offset, offset + size, first, last))
    return offsets


def _extent(buffers: list[Buffer], offsets: Mapping[int, int]) -> int:
    return max(offsets[b.tensor] + b.size for b in buffers)
