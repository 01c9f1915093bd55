"""Does what `ser_model_invoke` does on an arena in which each byte says what it is, instead of having a value.

So every byte that an operator reads is checked to be the one it means to read: the right element of the right tensor,
or the zero point it is padded with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from codegen.block_operator import BlockOperator, block_operator
from codegen.constants import ConstantPool
from codegen.invocation import Copy, Fill, Invocation, Layer, Segment
from codegen.ir import Graph, Op
from codegen.kernel_call import KernelCall
from codegen.lifetimes import ALIGNMENT
from codegen.plan_memory import MemoryPlan
from codegen.regions import Region
from codegen.rows import WindowRows

_PER_TENSOR = 2**32  # bytes are numbered: tensor * _PER_TENSOR + element
_PADDING, _GARBAGE, _UNFINISHED = -1000, -1, -2000  # _PADDING + zero point, _UNFINISHED - blocks in a sum


def assert_sound(graph: Graph, regions: Sequence[Region], plan: MemoryPlan) -> None:
    """Fails at the first operator that would read or write what it must not."""
    arena = _Arena(graph, plan)
    segments = Invocation(graph, regions, plan, arena.pool).segments()
    starts = {region.first: region for region in regions}
    assert all(offset % ALIGNMENT == 0 for offset in (*plan.offsets.values(), *plan.scratch.values()))
    for tensor in graph.inputs:
        arena.write(plan.offsets[tensor], arena.elements(tensor))
    step = 0
    for segment in segments:
        arena.run(segment, starts.get(step), step)
        step += sum(len(group.layers) for group in segment.groups)
    assert step == len(graph.ops)
    for tensor in graph.outputs:
        arena.expect(plan.offsets[tensor], arena.elements(tensor), f"output {tensor}")


@dataclass(slots=True)
class _Arena:
    graph: Graph
    plan: MemoryPlan
    pool: ConstantPool = field(default_factory=ConstantPool)
    memory: np.ndarray = field(init=False)  # (arena bytes,)
    values: dict[int, int] = field(init=False)  # tensor -> the tensor whose value it has
    _calls: dict[int, tuple[KernelCall, ...]] = field(init=False, default_factory=dict)  # by operator

    def __post_init__(self) -> None:
        self.memory = np.full(self.plan.arena_bytes, _GARBAGE, np.int64)
        self.values = {tensor: tensor for tensor in range(len(self.graph.tensors))}
        for op in self.graph.ops:
            if op.IS_VIEW:
                self.values[op.site.outputs[0]] = self.values[op.site.inputs[0]]

    def elements(self, tensor: int, axis: int = 0, first: int = 0, count: int | None = None) -> np.ndarray:
        """What the bytes of rows `first` ... of a tensor are, all of its rows by default."""
        shape, data = self.graph.tensors[tensor].shape, self.graph.tensors[tensor].data
        element = 1 if data is not None else np.dtype(self.graph.tensors[tensor].dtype).itemsize
        everything = np.arange(math.prod(shape) * element).reshape(*shape, element) + self.values[tensor] * _PER_TENSOR
        if count is None:
            return everything.ravel()
        rows = np.arange(first, first + count)
        inside = (rows >= 0) & (rows < shape[axis])
        taken = everything.take(np.clip(rows, 0, shape[axis] - 1), axis=axis)
        along = inside.reshape([-1 if i == axis else 1 for i in range(len(shape) + 1)])
        return np.where(along, taken, _PADDING + self.graph.tensors[tensor].zero_point).ravel()

    def write(self, address: int, content: np.ndarray) -> None:
        assert 0 <= address <= address + content.size <= self.memory.size, "outside of the arena"
        self.memory[address : address + content.size] = content

    def expect(self, address: int, content: np.ndarray, what: str) -> None:
        assert 0 <= address <= address + content.size <= self.memory.size, f"{what} lies outside of the arena"
        wrong = np.flatnonzero(self.memory[address : address + content.size] != content)
        assert wrong.size == 0, f"{what}: {wrong.size} of {content.size} bytes are lost, first {wrong[:1]}"

    def run(self, segment: Segment, region: Region | None, first: int) -> None:
        self._fill(segment.before)
        for turn in range(segment.turns):
            step = first
            for group in segment.groups:
                for layer in group.layers:
                    if group.first <= turn < group.last:
                        is_last = turn == group.last - 1
                        self._copy(layer.copies, turn, is_last, with_memcpy=True)
                        self._layer(layer, region, step, turn)
                        self._fill(layer.surplus if is_last else ())
                    step += 1
                if turn >= group.last:
                    self._fill(group.beyond)
            self._copy(segment.shifts, turn)

    def _fill(self, fills: Sequence[Fill]) -> None:
        for fill in fills:
            self.write(address_of(fill.target, 0), np.full(fill.bytes, _PADDING + fill.value))

    def _copy(self, copies: Sequence[Copy], turn: int, is_last: bool = False, with_memcpy: bool = False) -> None:
        for copy in copies:
            target, source = address_of(copy.target, turn), address_of(copy.source, turn)
            count = copy.bytes - (copy.surplus if is_last else 0)
            assert 0 <= source <= source + count <= self.memory.size, "copies from outside of the arena"
            assert not with_memcpy or _apart(range(target, target + count), range(source, source + count))
            self.write(target, self.memory[source : source + count].copy())

    def _layer(self, layer: Layer, region: Region | None, step: int, turn: int) -> None:
        if not layer.calls:
            return
        op = self.graph.ops[step]
        running = _Running(self.graph, op, region, step, turn)
        if step not in self._calls:
            self._calls[step] = running.calls()
        addresses, scratch = self._addresses(layer, self._calls[step], turn)
        if scratch is not None:
            self.write(scratch, np.full(op.scratch_bytes(self.graph), _GARBAGE))
        read, where = set(), f"operator {step} {op.NAME} in turn {turn}"
        for index, position in running.operands():
            if index not in addresses:
                continue  # folded into parameters
            name, address = addresses[index]
            tensor = op.site.inputs[position]
            content = self.elements(tensor, *running.rows_read(position))
            if name == "arena":
                self.expect(address, content, f"{where}: operand {position}")
                read.add((range(address, address + content.size), position))
            else:
                self._expect_constant(name, address, tensor, content)
        for index, position in running.outputs():
            content = self.elements(op.site.outputs[position], *running.rows_written(position))
            if op.ADDS_UP:
                content = self._added(addresses[index][1], content, running)
            target = range(addresses[index][1], addresses[index][1] + content.size)
            assert scratch is None or _apart(target, range(scratch, scratch + op.scratch_bytes(self.graph))), where
            in_place = {span for span, operand in read if operand in op.overwrites(self.graph)} & {target}
            overlapped = {span for span, _ in read if not _apart(span, target)}
            assert overlapped <= in_place, f"{where}: output {position} is written over an operand"
            self.write(target.start, content)

    def _added(self, address: int, sums: np.ndarray, running: _Running) -> np.ndarray:
        """What sums are after one more block: before the first one zeros, after the last one complete."""
        block, blocks = running.block_number(), running.region.blocks if running.region else 1
        before = np.full(sums.size, _UNFINISHED - block if block else _PADDING)
        self.expect(address, before, f"sums before block {block}")
        return sums if block == blocks - 1 else np.full(sums.size, _UNFINISHED - block - 1)

    def _addresses(
        self, layer: Layer, calls: Sequence[KernelCall], turn: int
    ) -> tuple[dict[int, tuple[str, int]], int | None]:
        """(name, offset) of each tensor that the calls are given, and the scratch's offset."""
        found: dict[int, tuple[str, int]] = {}
        scratch = None
        for call, written in zip(calls, layer.calls, strict=True):
            tensors = (*call.inputs, call.output)
            for tensor, text in zip(tensors, written.arguments, strict=False):
                place = (_plain(text).split(" ")[0].removesuffix(".bytes"), address_of(text, turn))
                assert found.setdefault(tensor, place) == place
            if len(written.arguments) > len(tensors):
                scratch = address_of(written.arguments[-1], turn)
        return found, scratch

    def _expect_constant(self, name: str, offset: int, tensor: int, content: np.ndarray) -> None:
        data = next(constant.data for constant in self.pool.constants if constant.name == name).ravel()
        elements = content - self.values[tensor] * _PER_TENSOR
        expected = self.graph.tensors[tensor].data
        assert expected is not None
        np.testing.assert_array_equal(data[offset : offset + content.size], expected.ravel()[elements])


@dataclass(frozen=True, slots=True)
class _Running:
    """An operator in some turn: which rows it reads and writes, by its own `row_access`."""

    graph: Graph
    op: Op
    region: Region | None
    step: int
    turn: int

    def _block(self) -> BlockOperator | None:
        return block_operator(self.graph, self.region, self.step) if self.region else None

    def calls(self) -> tuple[KernelCall, ...]:
        block = self._block()
        return block.op.prepare(block.graph) if block else self.op.prepare(self.graph)

    def operands(self) -> Iterator[tuple[int, int]]:
        """(tensor as the calls name it, position)."""
        block = self._block()
        return ((index, position) for position, index in enumerate((block.op if block else self.op).site.inputs))

    def outputs(self) -> Iterator[tuple[int, int]]:
        block = self._block()
        return ((index, position) for position, index in enumerate((block.op if block else self.op).site.outputs))

    def block_number(self) -> int:
        return self.turn - self.region.delays[self.step] if self.region else 0

    def rows_written(self, position: int) -> tuple[int, ...]:
        """(axis, first row, number of rows, of those that exist); nothing for all of them."""
        if self.region is None or self.op.ADDS_UP:
            return ()
        tensor = self.op.site.outputs[position]
        axis, rows = self.region.axes[tensor], self.region.rows[tensor] // self.region.blocks
        first = self.block_number() * rows
        return axis, first, min(rows, self.graph.tensors[tensor].shape[axis] - first)

    def rows_read(self, position: int) -> tuple[int, ...]:
        """What the rows that are written need."""
        if self.region is None:
            return ()
        if self.op.ADDS_UP:
            first, count, extent = self.block_number(), 1, self.region.blocks
            access = self.op.summed_access(self.graph)
        else:
            axis, first, count = self.rows_written(0)
            access, extent = self.op.row_access(self.graph, axis), self.graph.output(self.op).shape[axis]
        how = access[position] if access else None
        if how is None:
            return ()
        if isinstance(how, WindowRows):
            return how.axis, first * how.stride - how.before, (count - 1) * how.stride + how.extent
        rows = self.graph.tensors[self.op.site.inputs[position]].shape[how.axis]
        assert first * rows % extent == count * rows % extent == 0
        return how.axis, first * rows // extent, count * rows // extent


def address_of(text: str, turn: int) -> int:
    """The offset that a C expression means, from the start of the arena or of the constant."""
    plain = _plain(text)
    names = {"arena": SimpleNamespace(bytes=0), plain.split(" ")[0]: 0, "turn": turn}
    return int(eval(plain, names))  # (only what was generated)


def _plain(text: str) -> str:
    """An address without the casts in front of it."""
    return text.rpartition("*)")[2].strip("()") if text.startswith("(") else text


def _apart(first: range, second: range) -> bool:
    return first.stop <= second.start or second.stop <= first.start
