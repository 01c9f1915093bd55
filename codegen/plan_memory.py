"""One static arena: when each activation lives, and where."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.ir import Graph

ALIGNMENT = 8  # bytes; word loads of the kernels need 4
TRIES = 40  # reshuffled placements, tried only while the lower bound is not reached


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory of one tensor and its views, in use from operator `first` to operator `last`, both included.

    An operator's scratch has a negative number in place of a tensor's.
    """

    tensor: int
    size: int
    first: int
    last: int

    def overlaps(self, other: Buffer) -> bool:
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Byte offsets of all activations (views included) and of operators' scratch in an arena of `arena_bytes`."""

    offsets: Mapping[int, int]
    scratch: Mapping[int, int]  # by operator index
    buffers: tuple[Buffer, ...]
    arena_bytes: int
    lower_bound: int  # largest sum of buffers that live at the same time


def plan_memory(graph: Graph) -> MemoryPlan:
    """The smallest arena of several plans: operators in place or not, and buffers placed in several orders."""
    plans = (_plan(graph, _owners(graph, in_place)) for in_place in (True, False))
    return min(plans, key=lambda plan: plan.arena_bytes)


def _plan(graph: Graph, owner: Mapping[int, int]) -> MemoryPlan:
    """Greedy placement in several orders (largest first, longest first, reshuffled); the smallest arena wins."""
    buffers = _buffers(graph, owner)
    bound = max(sum(b.size for b in buffers if b.first <= step <= b.last) for step in range(-1, len(graph.ops) + 1))
    best = min(
        (_place(order) for order in _orders(buffers)),
        key=lambda placed: _extent(buffers, placed),
    )
    shuffled = random.Random(0)
    order = sorted(buffers, key=lambda b: -b.size)
    for _ in range(TRIES):
        if _extent(buffers, best) == bound:
            break
        candidate = list(order)
        i, j = shuffled.randrange(len(order)), shuffled.randrange(len(order))
        candidate.insert(j, candidate.pop(i))
        placed = _place(candidate)
        if _extent(buffers, placed) <= _extent(buffers, best):
            best, order = placed, candidate
    offsets = {tensor: best[root] for tensor, root in owner.items()}
    scratch = {graph.ops[step].site.index: best[key] for step, key in _scratch_keys(graph)}
    return MemoryPlan(offsets, scratch, tuple(buffers), _extent(buffers, best), bound)


def _scratch_keys(graph: Graph) -> list[tuple[int, int]]:
    """(step, key) of each operator with scratch; the key stands where buffers have their tensor's index."""
    return [(step, -1 - step) for step, op in enumerate(graph.ops) if op.scratch_bytes(graph)]


def view_roots(graph: Graph) -> dict[int, int]:
    """Each activation's own index, or that of the tensor it is a view of."""
    root = {index: index for index in (*graph.inputs, *graph.variables)}
    for op in graph.ops:
        for output in op.site.outputs:
            root[output] = root[op.site.inputs[0]] if op.IS_VIEW else output
    return root


def _owners(graph: Graph, in_place: bool) -> dict[int, int]:
    """The tensor whose memory each activation uses: itself, what it is a view of, or what it overwrites."""
    owner = view_roots(graph)
    last_reader: dict[int, int] = {}
    for step, op in enumerate(graph.ops):
        for tensor in op.activations(graph):
            last_reader[tensor] = step
    if in_place:
        for step, op in enumerate(graph.ops):
            for position in op.overwrites(graph):
                given, output = op.site.inputs[position], op.site.outputs[0]
                sharers = [tensor for tensor, root in owner.items() if root == owner[given]]
                dies = all(last_reader.get(tensor, -1) <= step for tensor in sharers)
                if dies and not set(sharers) & set(graph.outputs):
                    for tensor in [tensor for tensor, root in owner.items() if root == owner[output]]:
                        owner[tensor] = owner[given]
                    break
    return owner


def _buffers(graph: Graph, owner: Mapping[int, int]) -> list[Buffer]:
    first: dict[int, int] = dict.fromkeys(graph.inputs, -1)
    last: dict[int, int] = dict.fromkeys(graph.inputs, -1)
    for step, op in enumerate(graph.ops):
        for tensor in (*op.activations(graph), *op.site.outputs):
            root = owner[tensor]
            first.setdefault(root, step)
            last[root] = step
    for tensor in graph.outputs:
        last[owner[tensor]] = len(graph.ops)
    for tensor in graph.variables:
        first[tensor], last[tensor] = -1, len(graph.ops)
    sizes = {root: graph.tensors[root].bytes for root in first}
    for step, key in _scratch_keys(graph):
        sizes[key], first[key], last[key] = graph.ops[step].scratch_bytes(graph), step, step
    return [Buffer(root, -(-size // ALIGNMENT) * ALIGNMENT, first[root], last[root]) for root, size in sizes.items()]


def _orders(buffers: list[Buffer]) -> list[list[Buffer]]:
    return [
        sorted(buffers, key=lambda b: (-b.size, b.first)),
        sorted(buffers, key=lambda b: (-(b.last - b.first), -b.size)),
        sorted(buffers, key=lambda b: (-(b.last - b.first + 1) * b.size, b.first)),
        sorted(buffers, key=lambda b: (b.first, -b.size)),
    ]


def _place(order: list[Buffer]) -> dict[int, int]:
    """Each buffer at the lowest offset that is free during its whole life."""
    placed: list[tuple[int, Buffer]] = []
    offsets: dict[int, int] = {}
    for buffer in order:
        offset = 0
        for start, other in sorted(((s, b) for s, b in placed if b.overlaps(buffer)), key=lambda entry: entry[0]):
            if start - offset >= buffer.size:
                break
            offset = max(offset, start + other.size)
        offsets[buffer.tensor] = offset
        placed.append((offset, buffer))
    return offsets


def _extent(buffers: list[Buffer], offsets: Mapping[int, int]) -> int:
    return max(offsets[b.tensor] + b.size for b in buffers)
