"""What `ser_model_invoke` does, in order: kernel calls, and loops of them over the blocks of row regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from codegen.block_operator import BlockOperator, block_operator
from codegen.constants import C_TYPES, ConstantPool, Struct
from codegen.input_ring import InputRing
from codegen.ir import ABSENT, Graph, Op
from codegen.kernel_call import KernelCall, ParamValue
from codegen.kernel_costs import kernel_costs
from codegen.plan_memory import MemoryPlan
from codegen.regions import Region, RowBuffer


@dataclass(frozen=True, slots=True)
class LayerCall:
    """One kernel call: the name of its parameters, structs that no earlier call has, arguments as C expressions; made
    in so many turns of a loop."""

    kernel: str
    params: Mapping[str, ParamValue]
    params_name: str
    new_structs: list[Struct]
    arguments: list[str]
    turns: int = 1


@dataclass(frozen=True, slots=True)
class Copy:
    """`bytes` bytes from one address to another, `surplus` fewer in the last turn."""

    target: str
    source: str
    bytes: int
    surplus: int = 0


@dataclass(frozen=True, slots=True)
class RingRows:
    """The next `rows` rows of the input's ring, `turn` blocks behind the first; `surplus` fewer in the last turn."""

    target: str
    turn: str
    rows: int
    surplus: int


@dataclass(frozen=True, slots=True)
class Fill:
    """`bytes` bytes of one value."""

    target: str
    value: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Layer:
    """What the template prints for one operator: its description, and what it does.

    `index`: of the operator in the model file. `surplus`: rows of its last block that lie behind the last row of the
    tensor.
    """

    index: int
    title: str
    tensors: list[str]
    calls: list[LayerCall] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    ring_rows: RingRows | None = None
    surplus: list[Fill] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Group:
    """Layers that run in the same turns of a loop, `first` to `last` (excluded); `beyond`: what later turns read."""

    first: int
    last: int
    layers: list[Layer] = field(default_factory=list)
    beyond: list[Fill] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Segment:
    """One layer, or a region in `turns`: fills before the first turn, and shifts of kept rows after each."""

    turns: int
    groups: list[Group]
    before: list[Fill] = field(default_factory=list)
    shifts: list[Copy] = field(default_factory=list)


@dataclass(slots=True)
class Invocation:
    """Turns a graph, its regions and its memory plan into C expressions; constants go into the pool."""

    graph: Graph
    regions: Sequence[Region]
    plan: MemoryPlan
    pool: ConstantPool
    ring: InputRing | None = None

    def segments(self) -> list[Segment]:
        segments = []
        starts = {region.first: region for region in self.regions}
        step = 0
        while step < len(self.graph.ops):
            region = starts.get(step)
            if region is None:
                op = self.graph.ops[step]
                segments.append(Segment(1, [Group(0, 1, [self._layer(op)])], self._zeros(op)))
                step += 1
            else:
                segments.append(self._loop(region))
                step = region.last
        return segments

    def _layer(self, op: Op) -> Layer:
        if op.IS_VIEW:
            return Layer(op.site.index, f"{op.site.index}: {op.NAME}, a view", self._describe(op))
        calls = self._calls(op, op.prepare(self.graph), self._whole)
        return Layer(op.site.index, f"{op.site.index}: {op.NAME}", self._describe(op), calls)

    def _describe(self, op: Op) -> list[str]:
        return [
            f"{kind} {self.graph.tensors[index].name} {self.graph.tensors[index].describe()}"
            for kind, indices in (("in", op.site.inputs), ("out", op.site.outputs))
            for index in indices
            if index != ABSENT
        ]

    def _calls(
        self, op: Op, calls: Sequence[KernelCall], address: Callable[[int], str], turns: int = 1
    ) -> list[LayerCall]:
        made = []
        for number, call in enumerate(calls):
            self.pool.origin = origin(op)
            suffix = "" if number == 0 else f"_{number}"
            arguments = [address(index) for index in (*call.inputs, call.output)]
            if call.takes_scratch:
                offset = self.plan.scratch.get(op.site.index)
                arguments.append("NULL" if offset is None else _place(offset))
            before = len(self.pool.structs)
            fields, size = call.context(self.pool), kernel_costs().params_bytes[call.kernel]
            name = self.pool.add_struct(f"ts_{call.kernel}_t", fields, size, f"layer_{op.site.index}{suffix}")
            made.append(LayerCall(call.kernel, call.params, name, self.pool.structs[before:], arguments, turns))
        return made

    def _whole(self, tensor: int) -> str:
        """Where a tensor begins, as a C expression."""
        data = self.graph.tensors[tensor].data
        return self.pool.add(data) if data is not None else self._at(tensor, str(self.plan.offsets[tensor]))

    def _at(self, tensor: int, offset: str) -> str:
        dtype = self.graph.tensors[tensor].dtype
        address = _place(offset)
        return address if dtype == "int8" else f"({C_TYPES[dtype]} *)(void *)({address})"

    def _zeros(self, op: Op) -> list[Fill]:
        """What the operator adds to, and what it keeps from call to call."""
        outputs = op.site.outputs if op.ADDS_UP else ()
        zeros = [(self.plan.offsets[tensor], self.graph.tensors[tensor].bytes) for tensor in outputs]
        if op.KEEPS_SCRATCH and op.site.index in self.plan.scratch:
            zeros.append((self.plan.scratch[op.site.index], op.scratch_bytes(self.graph)))
        return [Fill(_place(offset), 0, count) for offset, count in zeros]

    def _loop(self, region: Region) -> Segment:
        groups: list[Group] = []
        for step in range(region.first, region.last):
            first = region.delays[step]
            if not groups or groups[-1].first != first:
                groups.append(Group(first, first + region.blocks))
            groups[-1].layers.append(self._block_layer(region, step))
            for output in self.graph.ops[step].site.outputs:
                held = region.buffer(output)
                if held and held.history_bytes and region.roots[output] == output:
                    groups[-1].beyond.append(self._fill(output, held, held.history_bytes, held.block_bytes))
        kept = [(root, held) for root, held in region.buffers.items() if held.history_bytes]
        # Blocks too: until an operator's first turn, empty ones are shifted into the rows before the tensor.
        before = [self._fill(root, held, 0, held.bytes) for root, held in kept]
        before += [zeros for op in self.graph.ops[region.first : region.last] for zeros in self._zeros(op)]
        shifts = [
            Copy(
                _place(self.plan.offsets[root]),
                _place(self.plan.offsets[root] + held.block_bytes),
                held.history_bytes,
            )
            for root, held in kept
        ]
        return Segment(region.turns, groups, before, shifts)

    def _fill(self, root: int, held: RowBuffer, start: int, count: int) -> Fill:
        return Fill(_place(self.plan.offsets[root] + start), held.zero_point, count)

    def _block_layer(self, region: Region, step: int) -> Layer:
        op = self.graph.ops[step]
        output = op.site.outputs[0]
        in_rows = op.site.inputs[0] if op.ADDS_UP else output
        title = f"{op.site.index}: {op.NAME}, rows {self.graph.tensors[in_rows].shape[region.axes[in_rows]]}"
        title += f" in {region.blocks} blocks"
        block = block_operator(self.graph, region, step)

        def address(index: int) -> str:
            return self._block_address(region, step, block, index)

        surplus = self._surplus(region, op)
        if not op.IS_VIEW:
            calls = self._calls(op, block.op.prepare(block.graph), address, region.blocks)
            return Layer(op.site.index, title, self._describe(op), calls, surplus=surplus)
        if region.roots[output] != output:
            return Layer(op.site.index, f"{title}, a view", self._describe(op))
        source, target = address(block.op.site.inputs[0]), address(block.op.site.outputs[0])
        held = region.buffers[output]
        unread = 0 if region.buffer(op.site.inputs[0]) else held.surplus_bytes
        if self.ring is not None and op.site.inputs[0] == self.graph.ring:
            rows = RingRows(target, _turn(region.delays[step]), *self._in_rows(held.block_bytes, unread))
            return Layer(op.site.index, f"{title}, from the ring", self._describe(op), ring_rows=rows, surplus=surplus)
        copy = Copy(target, source, held.block_bytes, unread)
        return Layer(op.site.index, f"{title}, copied", self._describe(op), copies=[copy], surplus=surplus)

    def _in_rows(self, *counts: int) -> tuple[int, ...]:
        assert self.ring is not None
        return tuple(count // self.ring.row_bytes for count in counts)

    def _surplus(self, region: Region, op: Op) -> list[Fill]:
        """Of what the operator writes, rows that do not exist are zero points, which windows may read."""
        held = {root: region.buffers.get(root) for root in op.site.outputs}
        return [
            self._fill(root, rows, rows.bytes - rows.surplus_bytes, rows.surplus_bytes)
            for root, rows in held.items()
            if rows and rows.surplus_bytes
        ]

    def _block_address(self, region: Region, step: int, block: BlockOperator, index: int) -> str:
        """Where the rows of an operand or output of a block operator begin in some turn, as a C expression."""
        op, delay = self.graph.ops[step], region.delays[step]
        if index in block.outputs:
            tensor = op.site.outputs[block.outputs[index]]
            held, whole = region.buffer(tensor), self.graph.tensors[tensor].bytes
            if held:
                return self._at(tensor, str(self.plan.offsets[tensor] + held.history_bytes))
            return self._at(tensor, _advanced(self.plan.offsets[tensor], whole // region.blocks, delay))
        if index not in block.operands:
            return self._whole(index)
        position = block.operands[index]
        tensor, read = op.site.inputs[position], region.reads[step, position]
        whole_tensor, held = self.graph.tensors[tensor], region.buffer(tensor)
        row = whole_tensor.bytes // whole_tensor.shape[read.axis]
        if held:
            return self._at(tensor, str(self.plan.offsets[tensor] + held.history_bytes - read.back * row))
        if whole_tensor.data is not None:
            elements = whole_tensor.size // whole_tensor.shape[read.axis]
            return f"{self.pool.add(whole_tensor.data)} + {_advanced(0, read.step * elements, delay)}"
        return self._at(tensor, _advanced(self.plan.offsets[tensor], read.step * row, delay))


def origin(op: Op) -> str:
    """What the constants of an operator say of where they come from."""
    return f"{op.site.index}: {op.NAME}"


def _place(offset: int | str) -> str:
    """Where in the arena, as a C expression."""
    return "arena.bytes" if str(offset) == "0" else f"arena.bytes + {offset}"


def _advanced(offset: int, step: int, delay: int) -> str:
    """An offset that moves on by `step` from turn to turn, from turn `delay` on."""
    return f"{offset} + {_turn(delay)} * {step}"


def _turn(delay: int) -> str:
    """How many turns an operator that begins in turn `delay` has had."""
    return f"(turn - {delay})" if delay else "turn"
