"""When each activation lives, how many bytes it takes, and which activations share memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from codegen.ir import Graph, Op
from codegen.regions import Region
from codegen.uses import Uses

ALIGNMENT = 8  # bytes; word loads of the kernels need 4


class Buffer(NamedTuple):
    """Memory of one tensor and what shares it, in use from operator `first` to operator `last`, both included.

    An operator's scratch has a negative number in place of a tensor's.
    """

    tensor: int
    size: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Buffers, and whose memory an activation uses: its own, that of what it is a view of, or of what it overwrites."""

    owner: Mapping[int, int]
    buffers: tuple[Buffer, ...]

    def peak(self, first: int, last: int) -> int:
        """Largest sum of bytes that live at the same time, at operators `first` to `last` (excluded)."""
        change = [0] * (last - first + 1)
        for buffer in self.buffers:
            if buffer.first < last and buffer.last >= first:
                change[max(buffer.first, first) - first] += buffer.size
                change[min(buffer.last, last - 1) - first + 1] -= buffer.size
        return max(accumulate(change))


def lifetimes(graph: Graph, regions: Sequence[Region] = (), in_place: bool = True) -> Lifetimes:
    """Lifetimes of all activations where the operators of `regions` run row by row and all others one after another."""
    return _Finder(Uses.of(graph), (0, len(graph.ops)), regions).find(in_place)


def region_lifetimes(uses: Uses, region: Region) -> Lifetimes:
    """Lifetimes of what the operators of one region read and write, while they run."""
    return _Finder(uses, (region.first, region.last), (region,)).find(in_place=True)


def scratch_key(step: int) -> int:
    """Stands where buffers have their tensor's index, for the operator at `step`; of such a key, the step."""
    return -1 - step


class _Finder:
    """Looks at the operators of a span; tensors from before it live from its start, those read after it to its end."""

    def __init__(self, uses: Uses, span: tuple[int, int], regions: Sequence[Region]) -> None:
        self._graph, self._uses, self._span = uses.graph, uses, span
        self._steps = [(step, uses.graph.ops[step]) for step in range(*span)]
        self._region = {step: region for region in regions for step in range(region.first, region.last)}
        self._inner = {root: buffer for region in regions for root, buffer in region.buffers.items()}
        self._members: dict[int, list[int]] = {}  # tensors that share an owner's memory
        self._last_read: dict[int, int] = {}  # by owner
        self._entering: list[int] = []
        self._owner: dict[int, int] = {}

    def find(self, in_place: bool) -> Lifetimes:
        self._share_views()
        if in_place:
            self._share_overwritten()
        return Lifetimes(self._owner, tuple(self._buffers()))

    def _share_views(self) -> None:
        for step, op in self._steps:
            region = self._region.get(step)
            for tensor in self._uses.activations[step]:
                if tensor not in self._owner:
                    self._enter(tensor)
                self._last_read[self._owner[tensor]] = step
            for output in op.site.outputs:
                view_of = op.site.inputs[0] if op.IS_VIEW else output
                root = region.roots[output] if region else view_of
                self._add(output, self._owner.get(root, output))
        if self._span == (0, len(self._graph.ops)):
            for tensor in self._graph.inputs:
                if tensor not in self._owner:
                    self._enter(tensor)
        for tensor, owner in self._owner.items():
            if self._stays(tensor):
                self._last_read[owner] = self._span[1]

    def _enter(self, tensor: int) -> None:
        """Of views that enter, only the first has memory."""
        viewed = self._uses.viewed
        same = (other for other in self._entering if viewed.get(other, other) == viewed.get(tensor, tensor))
        owner = next(same, tensor)
        self._add(tensor, owner)
        if owner == tensor:
            self._entering.append(tensor)

    def _stays(self, tensor: int) -> bool:
        """Is it, or what it has in common with other views that enter, needed after the span?"""
        last = self._uses.last_read.get(tensor, -1)
        if tensor in self._entering:
            last = self._uses.last_needed.get(self._uses.viewed.get(tensor, tensor), -1)
        return self._graph.tensors[tensor].is_variable or last >= self._span[1]

    def _add(self, tensor: int, owner: int) -> None:
        self._owner[tensor] = owner
        self._members.setdefault(owner, []).append(tensor)

    def _share_overwritten(self) -> None:
        """Outputs lie on operands that die with them, where the kernel reads each element before it writes."""
        for step, op in self._steps:
            operands = self._uses.overwritten[step]
            for given in [self._owner[operand] for operand in operands if operand in self._owner]:  # no constant
                output = self._owner[op.site.outputs[0]]
                if self._last_read.get(given, -1) <= step and self._row_by_row_alike(step, given, output):
                    for tensor in self._members.pop(output):
                        self._add(tensor, given)
                    self._last_read[given] = self._last_read.get(output, step)
                    break

    def _row_by_row_alike(self, step: int, given: int, output: int) -> bool:
        """In a region: are both held by rows, without history, or both whole and read in the turn that overwrites?"""
        region = self._region.get(step)
        if region is None:
            return True
        ours, theirs = self._inner.get(given), self._inner.get(output)
        if ours is not None and theirs is not None:
            return ours.history_bytes == theirs.history_bytes == 0
        return ours is theirs is None and all(
            self._reads_own_block(region, reader, given, region.delays[step])
            for reader in range(region.first, region.last)
        )

    def _reads_own_block(self, region: Region, step: int, owner: int, delay: int) -> bool:
        op = self._graph.ops[step]
        for position, tensor in enumerate(op.site.inputs):
            if self._owner.get(tensor) == owner:
                read = region.reads.get((step, position))
                block = self._graph.tensors[tensor].shape[read.axis] // region.blocks if read else 0
                own = read is not None and (read.rows, read.step, read.back) == (block, block, 0)
                if not own or region.delays[step] != delay:
                    return False
        return True

    def _buffers(self) -> list[Buffer]:
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for step, op in self._steps:
            for tensor in (*self._uses.activations[step], *op.site.outputs):
                owner = self._owner[tensor]
                begin, end = self._use(step, owner)
                first.setdefault(owner, begin)  # steps come in order, and a region begins before all of its own
                last[owner] = end
        before, after = self._span[0] - 1, self._span[1]
        for tensor in self._entering:
            owner = self._owner[tensor]
            first[owner], last[owner] = before, last.get(owner, before)
        for tensor, owner in self._owner.items():
            if self._stays(tensor):
                last[owner] = after
        made = [Buffer(owner, _aligned(self._size(owner)), first[owner], last[owner]) for owner in first]
        return made + [
            Buffer(scratch_key(step), _aligned(size), *self._scratch_use(step, op))
            for step, op in self._steps
            if (size := self._uses.scratch[step])
        ]

    def _use(self, step: int, owner: int) -> tuple[int, int]:
        """A region needs what is whole, or has a history, from its first operator to its last."""
        region, held = self._region.get(step), self._inner.get(owner)
        if region is None or (held is not None and held.history_bytes == 0):
            return step, step
        return region.first, region.last - 1

    def _scratch_use(self, step: int, op: Op) -> tuple[int, int]:
        region = self._region.get(step) if op.KEEPS_SCRATCH else None
        return (region.first, region.last - 1) if region else (step, step)

    def _size(self, owner: int) -> int:
        held = self._inner.get(owner)
        return held.bytes if held else self._uses.bytes[owner]


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
