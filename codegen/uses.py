"""Where the tensors of a graph are written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from codegen.ir import Graph, Op, Tensor
from codegen.rows import Access


@dataclass(frozen=True, slots=True)
class Uses:
    """Where each tensor of a graph is written and last read, as positions of operators, and how rows are read."""

    graph: Graph
    written: Mapping[int, int]
    last_read: Mapping[int, int]
    viewed: Mapping[int, int]  # of each view: the tensor that is none
    last_needed: Mapping[int, int]  # of each tensor that is no view: where it or a view of it is last read
    bytes: tuple[int, ...]  # by tensor
    activations: tuple[tuple[int, ...], ...]  # by position of the operator
    scratch: tuple[int, ...]  # bytes, by position of the operator
    overwritten: tuple[tuple[int, ...], ...]  # by position of the operator: tensors that its output may lie on
    known: dict[Any, Any]  # what was found out about operators on these tensors, in whatever order they run
    _access: dict[tuple[int, int | None], tuple[Access, ...] | None] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph) -> Uses:
        written = {tensor: step for step, op in enumerate(graph.ops) for tensor in op.site.outputs}
        last_read = {tensor: step for step, op in enumerate(graph.ops) for tensor in op.site.inputs}
        kept = graph.outputs if graph.ring is None else (*graph.outputs, graph.ring)
        last_read.update(dict.fromkeys(kept, len(graph.ops)))
        viewed: dict[int, int] = {}
        for op in graph.ops:
            if op.IS_VIEW:
                viewed[op.site.outputs[0]] = viewed.get(op.site.inputs[0], op.site.inputs[0])
        last_needed: dict[int, int] = {}
        for tensor, step in last_read.items():
            owner = viewed.get(tensor, tensor)
            last_needed[owner] = max(last_needed.get(owner, step), step)
        sizes = tuple(tensor.bytes for tensor in graph.tensors)
        activations = tuple(op.activations(graph) for op in graph.ops)
        scratch = tuple(op.scratch_bytes(graph) for op in graph.ops)
        overwritten = tuple(_overwritten(graph, op) for op in graph.ops)
        known = _known(_Tensors(graph.tensors))
        return cls(graph, written, last_read, viewed, last_needed, sizes, activations, scratch, overwritten, known)

    def row_access(self, step: int, axes: Mapping[int, int]) -> tuple[Access, ...] | None:
        """How the operator at a position reads rows, those of its outputs lying along `axes`; None where it cannot."""
        op = self.graph.ops[step]
        along = None if op.ADDS_UP else axes.get(op.site.outputs[0])
        if (step, along) not in self._access:
            found = op.summed_access(self.graph) if along is None else op.row_access(self.graph, along)
            self._access[step, along] = found
        return self._access[step, along]


def _overwritten(graph: Graph, op: Op) -> tuple[int, ...]:
    """Of elements of another size the places differ: writing one would destroy what is still to be read."""
    alike = [at for at in op.overwrites(graph) if graph.operand(op, at).element_bytes == graph.output(op).element_bytes]
    return tuple(op.site.inputs[position] for position in alike)


@dataclass(frozen=True, slots=True, eq=False)
class _Tensors:
    """All tensors of a graph, compared by identity: orders of the same operators have the same ones."""

    tensors: tuple[Tensor, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Tensors) and self.tensors is other.tensors

    def __hash__(self) -> int:
        return id(self.tensors)


@lru_cache(maxsize=2)
def _known(tensors: _Tensors) -> dict[Any, Any]:
    return {}
