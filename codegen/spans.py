"""Which neighbouring operators may run row by row, and the regions that this makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice

from codegen.ir import ABSENT, Graph, Op, Tensor
from codegen.regions import Region, RowBuffer, RowsRead
from codegen.rows import Rows, WindowRows, outermost_axis
from codegen.uses import Uses

MOST_BLOCKS = 128  # smaller ones save next to nothing


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
    if not op.ADDS_UP:
        for output in op.site.outputs:
            outermost = outermost_axis(uses.graph.tensors[output].shape)
            if uses.last_read.get(output, -1) >= last and outermost is not None:
                axes.setdefault(output, outermost)
        known = {axes[output] for output in op.site.outputs if output in axes}
        if len(known) != 1:
            return None
        axes.update(dict.fromkeys(op.site.outputs, known.pop()))
    access = uses.row_access(step, axes)
    if access is None:
        return None
    earliest = 0
    for tensor, how in zip(op.site.inputs, access, strict=False):
        if how is None:
            earliest = max(earliest, uses.written.get(tensor, -1) + 1)
        elif axes.setdefault(tensor, how.axis) != how.axis:
            return None
    return earliest


@dataclass(frozen=True, slots=True)
class Layout:
    """What a region is like in any number of blocks."""

    roots: Mapping[int, int]  # as Region.roots
    held: frozenset[int]  # tensors of which only rows exist
    rows: Mapping[int, int]  # as Region.rows


@dataclass(slots=True)
class _Found:
    """The regions of a span, as far as anybody asked for them."""

    span: Span
    search: Iterator[Region]
    regions: list[Region] = field(default_factory=list)

    def region(self, number: int) -> Region | None:
        """None behind the last one."""
        if number == len(self.regions):
            self.regions.extend(islice(self.search, 1))
        return self.regions[number] if number < len(self.regions) else None


@dataclass(slots=True)
class Span:
    """Operators `first` to `last` (excluded) that may become a region, and what is found out about them."""

    graph: Graph
    uses: Uses
    first: int
    last: int
    axes: dict[int, int]  # that the rows of each tensor lie along
    scattered: frozenset[int]  # tensors whose neighbouring rows are not neighbours in memory
    _extents: dict[int, int] = field(default_factory=dict)  # rows of each tensor
    _by_rows: dict[int, list[tuple[int, int, Rows | WindowRows]]] = field(default_factory=dict)
    _moved: list[Region] = field(default_factory=list)

    def regions(self) -> Iterator[Region]:
        """For every number of blocks that suits, most first; each is found once, whoever asks."""
        found = self._known()
        for number in count():
            if number == len(self._moved):
                region = found.region(number)
                if region is None:
                    return
                self._moved.append(region.moved(self.first))
            yield self._moved[number]

    def _known(self) -> _Found:
        """What regions depend on: the operators, and which of their outputs are read elsewhere."""
        ops = self.graph.ops[self.first : self.last]
        inner = tuple(self.uses.last_read.get(tensor, -1) < self.last for op in ops for tensor in op.site.outputs)
        key = ("regions", *map(id, ops), inner)
        if key not in self.uses.known:
            self.uses.known[key] = _Found(self, self._find())
        found: _Found = self.uses.known[key]
        return found

    def _find(self) -> Iterator[Region]:
        self._extents.update((tensor, self.graph.tensors[tensor].shape[axis]) for tensor, axis in self.axes.items())
        layout = self._layout()
        most = math.gcd(*layout.rows.values()) if layout else 0
        for blocks in range(min(most, MOST_BLOCKS), 1, -1):
            region = self._region(blocks, layout) if layout and most % blocks == 0 else None
            if region is not None:
                yield region

    def is_written(self, tensor: int) -> bool:
        return self.first <= self.uses.written.get(tensor, -1) < self.last

    def is_inner(self, tensor: int) -> bool:
        """Written here and read nowhere else: only its rows have to exist."""
        return self.is_written(tensor) and self.uses.last_read.get(tensor, -1) < self.last

    def _row_bytes(self, tensor: int) -> int:
        return self.uses.bytes[tensor] // self._extents[tensor]

    def _read_by_rows(self, step: int) -> list[tuple[int, int, Rows | WindowRows]]:
        """(position, tensor, how) of the operands of which a block reads just some rows."""
        if step not in self._by_rows:
            operands = zip(self.graph.ops[step].site.inputs, self.uses.row_access(step, self.axes) or (), strict=False)
            self._by_rows[step] = [
                (at, tensor, how) for at, (tensor, how) in enumerate(operands) if how is not None and tensor != ABSENT
            ]
        return self._by_rows[step]

    def _layout(self) -> Layout | None:
        """None where readers do not agree on how many rows a tensor should have."""
        roots = self._find_roots()
        whole = {root for tensor, root in roots.items() if not self.is_inner(tensor)}
        held = frozenset(tensor for tensor, root in roots.items() if root not in whole and self.is_written(root))
        rows: dict[int, int] = {}
        for step in reversed(range(self.first, self.last)):
            op = self.graph.ops[step]
            outputs = () if op.ADDS_UP else op.site.outputs
            if len({rows.setdefault(output, self._extents[output]) for output in outputs}) > 1:
                return None
            for _, tensor, how in self._read_by_rows(step):
                wanted = self._wanted_rows(op, tensor, how, rows) if tensor in held else self._extents[tensor]
                if self.is_written(tensor) and not self._extents[tensor] <= wanted == rows.setdefault(tensor, wanted):
                    return None
        return Layout(roots, held, rows)

    def _wanted_rows(self, op: Op, tensor: int, how: Rows | WindowRows, rows: Mapping[int, int]) -> int:
        """Of an operand, so that its blocks keep step with those of the output; 0 where they cannot."""
        if op.ADDS_UP:
            return self._extents[tensor]
        output = op.site.outputs[0]
        if isinstance(how, WindowRows):
            return rows[output] * how.stride
        wanted, rest = divmod(rows[output] * self._extents[tensor], self._extents[output])
        return 0 if rest else wanted

    def _region(self, blocks: int, layout: Layout) -> Region | None:
        """The region in so many blocks; None where an operand's rows do not divide into them as they would have to."""
        delays: dict[int, int] = {}
        reads: dict[tuple[int, int], RowsRead] = {}
        history = {layout.roots[tensor]: 0 for tensor in layout.held}
        for step in range(self.first, self.last):
            found = self._reads(step, blocks, delays, layout)
            if found is None:
                return None
            for position, read in found.items():
                tensor = self.graph.ops[step].site.inputs[position]
                reads[step, position] = read
                if tensor in layout.held:
                    root = layout.roots[tensor]
                    history[root] = max(history[root], read.back * self._row_bytes(tensor))
        buffers = {root: self._buffer(root, blocks, layout, kept) for root, kept in sorted(history.items())}
        if any(held.surplus_bytes >= held.block_bytes for held in buffers.values()):
            return None
        for tensor in self.scattered & layout.roots.keys():
            held = buffers.get(layout.roots[tensor])
            if held is None or held.history_bytes or held.surplus_bytes:
                return None
        first, last, axes = self.first, self.last, self.axes
        return Region(first, last, blocks, axes, layout.rows, delays, reads, layout.roots, buffers)

    def _buffer(self, root: int, blocks: int, layout: Layout, history_bytes: int) -> RowBuffer:
        rows, row_bytes = layout.rows[root], self._row_bytes(root)
        surplus_bytes = (rows - self._extents[root]) * row_bytes
        zero_point = _zero_point(self.graph.tensors[root])
        return RowBuffer(rows * row_bytes // blocks, history_bytes, surplus_bytes, zero_point)

    def _find_roots(self) -> dict[int, int]:
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
            for _, tensor, how in self._read_by_rows(step):
                if isinstance(how, WindowRows) and self._reaches_out(tensor, how, self._extents[op.site.outputs[0]]):
                    padded.add(tensor)
        return padded

    def _reaches_out(self, tensor: int, how: WindowRows, windows: int) -> bool:
        return how.before > 0 or (windows - 1) * how.stride - how.before + how.extent > self._extents[tensor]

    def _reads(self, step: int, blocks: int, delays: dict[int, int], layout: Layout) -> dict[int, RowsRead] | None:
        """How the operator reads each operand that it reads by rows; notes the operator's delay."""
        op = self.graph.ops[step]
        output = op.site.outputs[0]
        own, extent = (1, blocks) if op.ADDS_UP else (layout.rows[output] // blocks, self._extents[output])
        copies = op.IS_VIEW and layout.roots[output] == output
        by_rows, delay = self._read_by_rows(step), 0
        for _, tensor, how in by_rows:
            held, ahead = tensor in layout.held, 0
            if isinstance(how, WindowRows):
                if self._reaches_out(tensor, how, extent if held else own * blocks) and not (held and how.pads):
                    return None
                ahead = max(how.extent - how.stride - how.before, 0)
            elif own * self._extents[tensor] % extent or not (held or copies or own * blocks == extent):
                return None
            if self.is_written(tensor):
                block = layout.rows[tensor] // blocks
                delay = max(delay, delays[self.uses.written[tensor]] - (-ahead // block))
        delays[step] = delay
        reads = {}
        for position, tensor, how in by_rows:
            late = delay - delays[self.uses.written[tensor]] if tensor in layout.held else 0
            if isinstance(how, WindowRows):
                rows, step_rows = (own - 1) * how.stride + how.extent, own * how.stride
                reads[position] = RowsRead(how.axis, rows, step_rows, late * step_rows + how.before)
            else:
                block = own * self._extents[tensor] // extent
                reads[position] = RowsRead(how.axis, block, block, late * block)
        return reads


def _zero_point(tensor: Tensor) -> int:
    return tensor.zero_point if tensor.quant is not None else 0
