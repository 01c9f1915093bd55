"""Generated C that watches its own arena: what an operator must not change is compared behind it, byte by byte, and
what nobody needs any more is overwritten, so that whoever reads it gives other bytes.

Which is which follows from the calls in `ser_model.c` and the sizes of their tensors alone, not from the lifetimes
that the memory was planned with. Between tensors that share memory over time there is no place for guards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from codegen.block_operator import block_operator
from codegen.constants import ConstantPool
from codegen.direct import ROWS_AT_ONCE, render_graph
from codegen.invocation import Copy, Fill, Invocation, Layer, Segment
from codegen.ir import Graph, Op
from codegen.kernel_call import KernelCall
from codegen.passes import run_passes
from codegen.plan_memory import MemoryPlan, plan_memory
from codegen.read_tflite import parse_tflite
from codegen.regions import Region
from codegen.schedule import ARENA_SLACK, choose_regions
from tests.codegen.arena import address_of
from tests.generated import Files

Range = tuple[int, int]  # in the arena: first byte, bytes

# Behind ser_model.c, which includes nothing of this and is not changed but for where the watch starts and ends.
_WATCH_C = """
#include <string.h>
static const struct { int32_t first, bytes; } changed[] = {%(changed)s}, needed[] = {%(needed)s};
static const int32_t changed_end[] = {%(changed_end)s}, needed_end[] = {%(needed_end)s};
static int8_t expected[SER_MODEL_ARENA_BYTES];
static size_t event;
static int32_t is_wrong, poison;
static void overwrite_what_is_dead(void) {
    memset(expected, poison, sizeof expected);
    for (int32_t i = event > 0u ? needed_end[event - 1u] : 0; i < needed_end[event]; ++i)
        memcpy(expected + needed[i].first, arena.bytes + needed[i].first, (size_t)needed[i].bytes);
    memcpy(arena.bytes, expected, sizeof expected);
}
static void ser_layer_done(size_t layer) {
    (void)layer;
    for (int32_t i = event > 0u ? changed_end[event - 1u] : 0; i < changed_end[event]; ++i)
        memcpy(expected + changed[i].first, arena.bytes + changed[i].first, (size_t)changed[i].bytes);
    is_wrong |= memcmp(expected, arena.bytes, sizeof expected) != 0 || !guards_are_whole();
    ++event;
    overwrite_what_is_dead();
}
static void start_watch(void) {
    event = 0u;
    poison = poison == 127 ? -128 : 127;
    is_wrong = !guards_are_whole();
    overwrite_what_is_dead();
}
static int32_t is_as_it_should_be(void) {
    return !is_wrong && event == %(events)d && guards_are_whole();
}
"""
_GUARDS_C = """
static int32_t guards_are_whole(void) {
    static int32_t is_set;
    int32_t whole = 1;
    for (size_t i = 0; i < sizeof guarded.before; ++i) {
        whole &= !is_set || (guarded.before[i] == 0x5A && guarded.behind[i] == 0x5A);
        guarded.before[i] = guarded.behind[i] = 0x5A;
    }
    is_set = 1;
    return whole;
}
"""
_NO_GUARDS_C = "static int32_t guards_are_whole(void) {\n    return 1;\n}\n"
_DECLARED = "static void start_watch(void);\nstatic int32_t is_as_it_should_be(void);\n"


@dataclass(slots=True)
class _Event:
    """What happens until `ser_layer_done` is called: ranges that may change, all of which some are surely written
    before they are read, and ranges that are read."""

    changed: list[Range] = field(default_factory=list)
    written: list[Range] = field(default_factory=list)
    read: list[Range] = field(default_factory=list)


def watched_model(model: bytes, *, guards: bool = False) -> tuple[Files, Graph]:
    """`watched`, for what the generator makes of a model by default."""
    given = replace(parse_tflite(model).graph, rows_at_once=ROWS_AT_ONCE["speed"])
    graph = run_passes(given, "model", None, ARENA_SLACK["speed"])
    return watched(graph, choose_regions(graph, ARENA_SLACK["speed"]), guards=guards), graph


def watched(graph: Graph, regions: Sequence[Region], *, guards: bool = False) -> Files:
    """A rendering whose `ser_model_invoke` gives SER_ERROR_MODEL where an operator changed what is not its own.

    `guards`: 64 bytes on both sides of the arena, too; without them, AddressSanitizer has its own there.
    """
    plan = plan_memory(graph, regions)
    events = _Events(graph, regions, plan).all()
    files = dict(render_graph(graph, regions, "/* test */", counts_layers=True).files)
    needed = _needed(graph, plan, events)
    files["model/ser_model.c"] = _with_watch(str(files["model/ser_model.c"]), events, needed, guards)
    return files


def _with_watch(text: str, events: Sequence[_Event], needed: Sequence[Sequence[Range]], guards: bool) -> str:
    if guards:
        text = _replaced(text, "static union {", "static struct {\n    uint8_t before[64];\n    union {")
        behind = "    uint8_t behind[64];\n} guarded;\n#define arena guarded.arena\n"
        text = _replaced(text, "} arena;\n", "} arena;\n" + behind)
    text = _replaced(text, "\n/* An inference in an interrupt", f"\n{_DECLARED}\n/* An inference in an interrupt")
    text = _replaced(text, "\nvoid ser_layer_done", "\nstatic void ser_layer_done")
    text = _replaced(text, "    phase = RUNNING;\n", "    phase = RUNNING;\n    start_watch();\n")
    head, end, _ = text.rpartition("    return SER_OK;\n}")
    assert end and "phase = RUNNING" in head
    tables = {
        "changed": _initialiser([event.changed for event in events]),
        "changed_end": _ends([event.changed for event in events]),
        "needed": _initialiser(needed),
        "needed_end": _ends(needed),
        "events": len(events),
    }
    checked = "    return is_as_it_should_be() ? SER_OK : SER_ERROR_MODEL;\n}\n"
    return head + checked + (_GUARDS_C if guards else _NO_GUARDS_C) + _WATCH_C % tables


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"ser_model.c has {text.count(old)} times {old!r}"
    return text.replace(old, new)


def _initialiser(lists: Sequence[Sequence[Range]]) -> str:
    flat = [f"{{{first}, {count}}}" for ranges in lists for first, count in ranges]
    return ", ".join(flat) or "{0, 0}"


def _ends(lists: Sequence[Sequence[Range]]) -> str:
    return ", ".join(map(str, np.cumsum([len(ranges) for ranges in lists]).tolist())) or "0"


def _needed(graph: Graph, plan: MemoryPlan, events: Sequence[_Event]) -> list[list[Range]]:
    """Before the first event and behind each: what is read later, before it is written."""
    live = np.zeros(plan.arena_bytes, bool)
    for tensor in (*graph.outputs, *graph.variables):
        live[plan.offsets[tensor] : plan.offsets[tensor] + graph.tensors[tensor].bytes] = True
    needed = [_ranges(live)]
    for event in reversed(events):
        for kind, value in ((event.written, False), (event.read, True)):
            for first, count in kind:
                live[first : first + count] = value
        needed.append(_ranges(live))
    return needed[::-1]


def _ranges(mask: np.ndarray) -> list[Range]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return [(int(first), int(last - first)) for first, last in edges.reshape(-1, 2)]


@dataclass(slots=True)
class _Events:
    """Follows `ser_model_invoke` (ser_model.c.j2) call by call."""

    graph: Graph
    regions: Sequence[Region]
    plan: MemoryPlan
    events: list[_Event] = field(default_factory=list)
    now: _Event = field(default_factory=_Event)
    calls: dict[int, tuple[Op, Graph, tuple[KernelCall, ...]]] = field(default_factory=dict)  # by step

    def all(self) -> list[_Event]:
        starts = {region.first: region for region in self.regions}
        step = 0
        for segment in Invocation(self.graph, self.regions, self.plan, ConstantPool()).segments():
            self._segment(segment, starts.get(step), step)
            step += sum(len(group.layers) for group in segment.groups)
        return self.events

    def _done(self) -> None:
        self.events.append(self.now)
        self.now = _Event()

    def _segment(self, segment: Segment, region: Region | None, first: int) -> None:
        self._fill(segment.before)
        if segment.turns == 1:
            self._layer(segment.groups[0].layers[0], region, first, 0)
            self._done()
            return
        if segment.before:
            self._done()
        for turn in range(segment.turns):
            step = first
            for group in segment.groups:
                for layer in group.layers:
                    if group.first <= turn < group.last:
                        is_last = turn == group.last - 1
                        self._copy(layer.copies, turn, is_last)
                        self._layer(layer, region, step, turn)
                        self._fill(layer.surplus if is_last else ())
                        self._done()
                    step += 1
                if turn >= group.last:
                    self._fill(group.beyond)
            self._copy(segment.shifts, turn)
            self._done()

    def _fill(self, fills: Sequence[Fill]) -> None:
        for fill in fills:
            self._write((address_of(fill.target, 0), fill.bytes))

    def _copy(self, copies: Sequence[Copy], turn: int, is_last: bool = False) -> None:
        for copy in copies:
            count = copy.bytes - (copy.surplus if is_last else 0)
            self._read((address_of(copy.source, turn), count))
            self._write((address_of(copy.target, turn), count))

    def _layer(self, layer: Layer, region: Region | None, step: int, turn: int) -> None:
        if not layer.calls:
            return
        op, graph, calls = self._prepared(region, step)
        outputs: list[Range] = []
        for call, made in zip(calls, layer.calls, strict=True):
            tensors = (*call.inputs, call.output)
            places = [
                (address_of(text, turn), graph.tensors[tensor].bytes) if "arena." in text else None
                for tensor, text in zip(tensors, made.arguments, strict=False)
            ]
            for tensor, place in zip(tensors[:-1], places, strict=False):
                if place is not None:
                    self._read(place)
                    self.now.changed += [place] if graph.tensors[tensor].is_variable else []
            if op.ADDS_UP:
                self._read(places[-1])
            outputs.append(places[-1])
            if call.takes_scratch and "arena." in made.arguments[-1]:
                scratch = address_of(made.arguments[-1], turn), op.scratch_bytes(graph)
                self.now.changed.append(scratch)
                if op.KEEPS_SCRATCH:
                    self._read(scratch)
        for place in outputs:  # which several calls may fill together
            self._write(place)

    def _prepared(self, region: Region | None, step: int) -> tuple[Op, Graph, tuple[KernelCall, ...]]:
        if step not in self.calls:
            op, graph = self.graph.ops[step], self.graph
            if region is not None:
                block = block_operator(graph, region, step)
                op, graph = block.op, block.graph
            self.calls[step] = op, graph, tuple(op.prepare(graph))
        return self.calls[step]

    def _read(self, place: Range) -> None:
        """What was written before, since the last event, does not have to be there before."""
        inside = np.ones(place[1], bool)
        for first, count in self.now.written:
            inside[max(first - place[0], 0) : max(first + count - place[0], 0)] = False
        self.now.read += [(place[0] + first, count) for first, count in _ranges(inside)]

    def _write(self, place: Range) -> None:
        self.now.changed.append(place)
        self.now.written.append(place)
