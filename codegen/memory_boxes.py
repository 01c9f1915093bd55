"""What a picture of the memory plan shows: a box for each buffer, a column for each operator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codegen.ir import Graph
from codegen.lifetimes import Buffer, scratch_key
from codegen.plan_memory import MemoryPlan
from codegen.regions import Region

KINDS = ("input", "output", "state", "tensor", "rows", "scratch")


@dataclass(frozen=True, slots=True)
class Box:
    """Bytes `address` to `address + size` (excluded), in use from operator `first` to operator `last`, both included.

    -1 stands for the time before the first operator, the number of operators for the time after the last.
    """

    kind: str  # one of KINDS
    names: tuple[str, ...]  # of the tensors that lie here one after another
    address: int
    size: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Memory:
    """The plan of a model, by position of its operators; `regions` as (first, last (excluded), blocks)."""

    model: str
    arena_bytes: int
    operators: tuple[str, ...]
    boxes: tuple[Box, ...]
    regions: tuple[tuple[int, int, int], ...]

    def live(self, step: int) -> int:
        """Bytes in use at an operator."""
        return sum(box.size for box in self.boxes if box.first <= step <= box.last)


def memory_of(model: str, graph: Graph, regions: Sequence[Region], plan: MemoryPlan) -> Memory:
    """The boxes of a plan, by time and then by address."""
    held = {root for region in regions for root in region.buffers}
    boxes = [_box(graph, plan, buffer, buffer.tensor in held) for buffer in plan.buffers]
    operators = tuple(f"{op.site.index} {op.NAME}" for op in graph.ops)
    spans = tuple((region.first, region.last, region.blocks) for region in regions)
    boxes.sort(key=lambda box: (box.first, box.address, box.last))
    return Memory(printable(model), plan.arena_bytes, operators, tuple(boxes), spans)


def _box(graph: Graph, plan: MemoryPlan, buffer: Buffer, held_by_rows: bool) -> Box:
    if buffer.tensor < 0:  # an operator's scratch
        op = graph.ops[scratch_key(buffer.tensor)]
        name, address = f"scratch of {op.site.index} {op.NAME}", plan.scratch[op.site.index]
        return Box("scratch", (name,), address, buffer.size, buffer.first, buffer.last)
    members = [tensor for tensor, owner in plan.owner.items() if owner == buffer.tensor]
    names = tuple(dict.fromkeys(printable(graph.tensors[tensor].name) for tensor in members))
    kind, address = _kind(graph, members, held_by_rows), plan.offsets[buffer.tensor]
    return Box(kind, names, address, buffer.size, buffer.first, buffer.last)


def printable(name: str) -> str:
    """A name out of a model as ASCII that no terminal takes for a command, at most 80 characters."""
    plain = re.sub(r"[^\x20-\x7e]", "?", name).strip() or "?"
    return plain if len(plain) <= 80 else f"{plain[:38]}...{plain[-39:]}"


def _kind(graph: Graph, tensors: Sequence[int], held_by_rows: bool) -> str:
    for kind, indices in (("input", graph.inputs), ("output", graph.outputs), ("state", graph.variables)):
        if set(tensors) & set(indices):
            return kind
    return "rows" if held_by_rows else "tensor"
