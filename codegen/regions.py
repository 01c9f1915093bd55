"""Row regions: neighbouring operators that run together, block of rows by block of rows.

Only what enters and leaves a region is ever a whole tensor; what lies between holds the rows of one block, and those
rows before it that windows (convolutions) or later operators still read. Exact because every element is computed by the
same kernel from the same values, only in another order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from codegen.ir import ABSENT, Graph, Op, Tensor
from codegen.rows import Access, Rows, WindowRows

MOST_BLOCKS = 128  # smaller ones save next to nothing


@dataclass(frozen=True, slots=True)
class RowsRead:
    """The rows of an operand that an operator reads for one block: `rows`, from `back` before its own block on.

    `step` rows further for the next block.
    """

    axis: int
    rows: int
    step: int
    back: int


@dataclass(frozen=True, slots=True)
class RowBuffer:
    """The rows of a tensor that a region holds, in bytes: one block, behind what is kept from before it."""

    block_bytes: int
    history_bytes: int
    zero_point: int  # of rows outside the tensor

    @property
    def bytes(self) -> int:
        return self.history_bytes + self.block_bytes


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Operators `first` to `last` (excluded) of a graph, run in `turns`.

    An operator with delay d computes its block number i - d in turn i: what it reads reaches that far ahead.
    """

    first: int
    last: int
    blocks: int
    axes: Mapping[int, int]  # of the tensors that are written, or read by rows
    delays: Mapping[int, int]  # by position of the operator
    reads: Mapping[tuple[int, int], RowsRead]  # by position of the operator and of the operand; others are read whole
    roots: Mapping[int, int]  # of what is written inside: itself, or what it is a view of
    buffers: Mapping[int, RowBuffer]  # by root: what exists by rows only

    def buffer(self, tensor: int) -> RowBuffer | None:
        """Where the rows of a tensor are, None where all of it exists."""
        return self.buffers.get(self.roots.get(tensor, tensor))

    @property
    def turns(self) -> int:
        return self.blocks + max(self.delays.values())


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
    _access: dict[tuple[int, int], tuple[Access, ...] | None] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph) -> Uses:
        written = {tensor: step for step, op in enumerate(graph.ops) for tensor in op.site.outputs}
        last_read = {tensor: step for step, op in enumerate(graph.ops) for tensor in op.site.inputs}
        last_read.update(dict.fromkeys(graph.outputs, len(graph.ops)))
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
        return cls(graph, written, last_read, viewed, last_needed, sizes, activations)

    def row_access(self, step: int, axis: int) -> tuple[Access, ...] | None:
        """`Op.row_access` of the operator at a position."""
        if (step, axis) not in self._access:
            self._access[step, axis] = self.graph.ops[step].row_access(self.graph, axis)
        return self._access[step, axis]


def find_spans(uses: Uses, last: int, longest: int) -> Iterator[Span]:
    """Spans of up to `longest` operators before position `last` that may run row by row, shortest first.

    What rules out one span rules out every longer one, so that one walk backwards finds them all.
    """
    axes: dict[int, int] = {}
    scattered: set[int] = set()
    earliest = 0
    for first in reversed(range(max(0, last - longest), last)):
        known = len(axes)
        after = _note_axes(uses, first, last, axes)
        if after is None or first < (earliest := max(earliest, after)):
            return
        scattered.update(t for t in islice(axes, known, None) if math.prod(uses.graph.tensors[t].shape[: axes[t]]) > 1)
        span = Span(uses.graph, uses, first, last, dict(axes), frozenset(scattered))
        if all(span.is_inner(tensor) for tensor in scattered):
            yield span


def _note_axes(uses: Uses, step: int, last: int, axes: dict[int, int]) -> int | None:
    """Adds the axis that the rows of each operand and output lie along; None where they lie along no single one.

    Returns the position that a region has to begin at, or after, because it reads whole what is computed before.
    """
    op = uses.graph.ops[step]
    for output in op.site.outputs:
        outermost = _outermost_axis(uses.graph.tensors[output].shape)
        if uses.last_read.get(output, -1) >= last and outermost is not None:
            axes.setdefault(output, outermost)
    known = {axes[output] for output in op.site.outputs if output in axes}
    access = uses.row_access(step, axis := known.pop()) if len(known) == 1 else None
    if access is None:
        return None
    axes.update(dict.fromkeys(op.site.outputs, axis))
    earliest = 0
    for tensor, how in zip(op.site.inputs, access, strict=False):
        if how is None:
            earliest = max(earliest, uses.written.get(tensor, -1) + 1)
        elif axes.setdefault(tensor, how.axis) != how.axis:
            return None
    return earliest


@dataclass(slots=True)
class Span:
    """Operators `first` to `last` (excluded) that may become a region, and what is found out about them."""

    graph: Graph
    uses: Uses
    first: int
    last: int
    axes: dict[int, int]  # that the rows of each tensor lie along
    scattered: frozenset[int]  # tensors whose neighbouring rows are not neighbours in memory

    def regions(self) -> Iterator[Region]:
        """For every number of blocks that suits, most first."""
        extents = [self._extent(tensor) for tensor in self.axes if self.is_written(tensor)]
        most, roots = math.gcd(*extents), self.find_roots()
        whole = {root for tensor, root in roots.items() if not self.is_inner(tensor)}
        held = {tensor for tensor, root in roots.items() if root not in whole and self.is_written(root)}
        for blocks in range(min(most, MOST_BLOCKS), 1, -1):
            region = self.region(blocks, roots, held) if most % blocks == 0 else None
            if region is not None:
                yield region

    def is_written(self, tensor: int) -> bool:
        return self.first <= self.uses.written.get(tensor, -1) < self.last

    def is_inner(self, tensor: int) -> bool:
        """Written here and read nowhere else: only its rows have to exist."""
        return self.is_written(tensor) and self.uses.last_read.get(tensor, -1) < self.last

    def _extent(self, tensor: int) -> int:
        return self.graph.tensors[tensor].shape[self.axes[tensor]]

    def region(self, blocks: int, roots: dict[int, int], held: set[int]) -> Region | None:
        """The region in so many blocks; None where an operand's rows do not divide into them as they would have to."""
        delays: dict[int, int] = {}
        reads: dict[tuple[int, int], RowsRead] = {}
        history = {roots[tensor]: 0 for tensor in held}
        for step in range(self.first, self.last):
            found = self._reads(step, blocks, delays, held)
            if found is None:
                return None
            for position, read in found.items():
                tensor = self.graph.ops[step].site.inputs[position]
                reads[step, position] = read
                if tensor in held:
                    kept = read.back * (self.uses.bytes[tensor] // self._extent(tensor))
                    history[roots[tensor]] = max(history[roots[tensor]], kept)
        if any(tensor in roots and (tensor not in held or history[roots[tensor]]) for tensor in self.scattered):
            return None
        buffers = {root: self._buffer(root, blocks, kept) for root, kept in sorted(history.items())}
        return Region(self.first, self.last, blocks, self.axes, delays, reads, roots, buffers)

    def _buffer(self, root: int, blocks: int, history_bytes: int) -> RowBuffer:
        tensor = self.graph.tensors[root]
        return RowBuffer(self.uses.bytes[root] // blocks, history_bytes, _zero_point(tensor))

    def find_roots(self) -> dict[int, int]:
        """What is written here: its own memory, or that of what it is a view of.

        A view that is read beyond its edges has rows of its own, copied and padded, where it is one of a whole tensor
        or has another zero point.
        """
        padded = self._padded()
        roots: dict[int, int] = {}
        for op in self.graph.ops[self.first : self.last]:
            for output in op.site.outputs:
                given = op.site.inputs[0]
                if op.IS_VIEW and not (output in padded and (given not in roots or self._repads(given, output))):
                    roots[output] = roots.get(given, given)
                else:
                    roots[output] = output
        return roots

    def _repads(self, given: int, output: int) -> bool:
        return _zero_point(self.graph.tensors[given]) != _zero_point(self.graph.tensors[output])

    def _padded(self) -> set[int]:
        """Tensors of which windows read rows that do not exist."""
        padded = set()
        for step in reversed(range(self.first, self.last)):
            op = self.graph.ops[step]
            if op.IS_VIEW and op.site.outputs[0] in padded:
                padded.add(op.site.inputs[0])
            axis = self.axes[op.site.outputs[0]]
            for tensor, how in zip(op.site.inputs, self.uses.row_access(step, axis) or (), strict=False):
                if isinstance(how, WindowRows) and self._reaches_out(op, tensor, how):
                    padded.add(tensor)
        return padded

    def _reaches_out(self, op: Op, tensor: int, how: WindowRows) -> bool:
        end = (self._extent(op.site.outputs[0]) - 1) * how.stride - how.before + how.extent
        return how.before > 0 or end > self._extent(tensor)

    def _reads(self, step: int, blocks: int, delays: dict[int, int], held: set[int]) -> dict[int, RowsRead] | None:
        """How the operator reads each operand that it reads by rows; notes the operator's delay."""
        op = self.graph.ops[step]
        access = self.uses.row_access(step, self.axes[op.site.outputs[0]]) or ()
        own_block = self._extent(op.site.outputs[0]) // blocks
        by_rows = [
            (position, tensor, how)
            for position, (tensor, how) in enumerate(zip(op.site.inputs, access, strict=False))
            if how is not None and tensor != ABSENT
        ]
        delay = 0
        for _, tensor, how in by_rows:
            fits = self._window_fits(op, tensor, how, tensor in held) if isinstance(how, WindowRows) else True
            if not fits or (isinstance(how, Rows) and self._extent(tensor) % blocks):
                return None
            if self.is_written(tensor):
                ahead = max(how.extent - how.stride - how.before, 0) if isinstance(how, WindowRows) else 0
                block = self._extent(tensor) // blocks
                delay = max(delay, delays[self.uses.written[tensor]] - (-ahead // block))
        delays[step] = delay
        reads = {}
        for position, tensor, how in by_rows:
            late = delay - delays[self.uses.written[tensor]] if tensor in held else 0
            if isinstance(how, WindowRows):
                rows, step_rows = (own_block - 1) * how.stride + how.extent, own_block * how.stride
                reads[position] = RowsRead(how.axis, rows, step_rows, late * step_rows + how.before)
            else:
                block = self._extent(tensor) // blocks
                reads[position] = RowsRead(how.axis, block, block, late * block)
        return reads

    def _window_fits(self, op: Op, tensor: int, how: WindowRows, held: bool) -> bool:
        reaches_out = self._reaches_out(op, tensor, how)
        if not held:
            return not reaches_out
        in_step = self._extent(tensor) == self._extent(op.site.outputs[0]) * how.stride
        return in_step and (how.pads or not reaches_out)


def _outermost_axis(shape: tuple[int, ...]) -> int | None:
    """The first axis that has more than one row; neighbouring rows along it are neighbours in memory."""
    return next((axis for axis, extent in enumerate(shape) if extent > 1), None)


def _zero_point(tensor: Tensor) -> int:
    return tensor.zero_point if tensor.quant is not None else 0
