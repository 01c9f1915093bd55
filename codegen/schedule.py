"""Which operators run as row regions: the smallest arena first, then the least overhead that it allows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from codegen.ir import Graph
from codegen.lifetimes import Buffer, Lifetimes, lifetimes, region_lifetimes
from codegen.regions import Region
from codegen.spans import Span, find_spans
from codegen.uses import Uses

# How many times more than the smallest arena may be spent on larger blocks, which need fewer kernel calls.
ARENA_SLACK = {"speed": 0.25, "size": 0.0}
LONGEST = 80  # operators in a region; bounds the search
_IMPOSSIBLE = 2**40  # bytes: more than any way that there is
_CALL, _MULTIPLY = 80, 1.5  # instructions of a kernel call, and of a multiply-accumulate, as measured


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A region, the bytes that live at its peak, and the instructions it takes beyond those of whole tensors."""

    region: Region
    peak: int
    overhead: int


@dataclass(frozen=True, slots=True)
class _Best:
    """The best way to run the operators before some position, and the last step on the way there."""

    peak: int
    overhead: int
    before: int = 0
    region: Region | None = None


def choose_regions(graph: Graph, slack: float = 0.0) -> tuple[Region, ...]:
    """Dynamic programming over the positions where one region may end and the next begin.

    Of all ways that take at most `slack` times more than the smallest arena, the one with the least overhead. A ring
    does not count as arena here, and what reads it runs in a region if it can.
    """
    ring_bytes = 0 if graph.ring is None else graph.tensors[graph.ring].bytes
    return regions_within(graph, int((1 + slack) * (smallest_peak(graph) - ring_bytes)) + ring_bytes)


def regions_within(graph: Graph, allowed: int) -> tuple[Region, ...]:
    """As `choose_regions`, of all ways that take at most so many bytes, or of those that take the fewest."""
    options = _options_of(graph)
    while options.look_further():
        pass
    finest = sorted(options.finest, key=lambda entry: (entry.span.first, entry.span.last))
    coarser = [candidate for entry in finest for candidate in options.coarser(entry, allowed)]
    return _regions(_search(options.alone, [entry.candidate for entry in finest] + coarser, allowed))


def smallest_peak(graph: Graph) -> int:
    """Bytes that live at the same time, at most, with the regions that need the fewest."""
    options = _options_of(graph)
    while options.look_further():
        pass
    return options.smallest


def takes_less_than(graph: Graph, peak: int) -> bool:
    """As `smallest_peak(graph) < peak`, but looks no further than it takes to know."""
    options = _options_of(graph)
    while options.at_least() < peak:
        if not options.look_further():
            return options.smallest < peak
    return False


@dataclass(frozen=True, slots=True)
class _Finest:
    """A span as the region of the most blocks."""

    span: Span
    candidate: _Candidate


@dataclass(slots=True, eq=False)
class _Options:
    """What does not depend on how much memory is allowed, as far as anybody has asked for it."""

    uses: Uses
    whole: Lifetimes
    handed_on: list[list[Buffer]]  # by position: what lives on from before it
    alone: list[int]  # bytes that live at each operator where it runs on whole tensors
    smallest: int  # peak with the regions known so far
    finest: list[_Finest] = field(default_factory=list)
    known: dict[Region, _Candidate] = field(default_factory=dict)  # regions of coarser blocks, compared by identity
    _waiting: dict[int, list[Span]] = field(default_factory=dict)  # by what an operator takes alone, at most
    _least: list[int] = field(default_factory=list)  # bytes that live at each operator, at least
    _settled: int = _IMPOSSIBLE + 1  # operators that take as much alone can be in no other region

    @classmethod
    def of(cls, graph: Graph) -> _Options:
        whole, uses = lifetimes(graph), Uses.of(graph)
        alone = [
            _IMPOSSIBLE if graph.ring in op.site.inputs else whole.peak(step, step + 1)
            for step, op in enumerate(graph.ops)
        ]
        waiting: dict[int, list[Span]] = {}
        for span in candidate_spans(uses, whole):
            waiting.setdefault(max(alone[span.first : span.last]), []).append(span)
        # Before all operators there are all inputs.
        smallest = max(max(alone, default=0), whole.peak(-1, 0))
        return cls(uses, whole, _handed_on(graph, whole), alone, smallest, _waiting=waiting, _least=list(alone))

    def look_further(self) -> bool:
        """Adds the regions of the operators that take the most alone; False where no more can help."""
        level = max(self._waiting, default=0)
        if not level or level < self.smallest:
            return False  # the operators that are left take less than that without regions
        for span in self._waiting.pop(level):
            region = next(span.regions(), None)
            if region is not None:
                self._add(_Finest(span, self._candidate(region)))
        self._settled = level
        best = _search(self.alone, [entry.candidate for entry in self.finest], 0)
        self.smallest = max(best[-1].peak, self.whole.peak(-1, 0))
        return True

    def _add(self, finest: _Finest) -> None:
        self.finest.append(finest)
        for step in range(finest.span.first, finest.span.last):
            self._least[step] = min(self._least[step], finest.candidate.peak)

    def at_least(self) -> int:
        """Bytes below which no region that is still to come can bring the peak."""
        settled = (least for least, peak in zip(self._least, self.alone, strict=True) if peak >= self._settled)
        return max(settled, default=0)

    def _candidate(self, region: Region) -> _Candidate:
        inside = _inside(self.uses, region)
        touched = {self.whole.owner[tensor] for tensor in inside.tensors}
        others = sum(
            buffer.size
            for buffer in self.handed_on[region.first]
            if buffer.last >= region.last and buffer.tensor not in touched
        )
        return _Candidate(region, inside.peak + others, inside.overhead)

    def coarser(self, finest: _Finest, allowed: int) -> Iterator[_Candidate]:
        """Fewer and larger blocks that take at most `allowed` bytes, if the span takes more without blocks."""
        span = finest.span
        if allowed < max(self.alone[span.first : span.last]):
            for region in islice(span.regions(), 1, None):
                if region not in self.known:
                    self.known[region] = self._candidate(region)
                if self.known[region].peak <= allowed:
                    yield self.known[region]


@lru_cache(maxsize=8)  # the passes that compare arenas and the renderer ask about the same graphs
def _options_of(graph: Graph) -> _Options:
    return _Options.of(graph)


@dataclass(frozen=True, slots=True)
class _Inside:
    """Of a region, whatever runs before and after it: bytes at its peak, and of which tensors."""

    peak: int
    tensors: tuple[int, ...]
    overhead: int


def _inside(uses: Uses, region: Region) -> _Inside:
    """What it depends on beside the operators: what of theirs is needed afterwards, and whether they are all."""
    first, last = region.first, region.last
    ops = uses.graph.ops[first:last]
    written = tuple(uses.last_read.get(tensor, -1) < last for op in ops for tensor in op.site.outputs)
    read = tuple(
        uses.last_needed.get(uses.viewed.get(tensor, tensor), -1) < last
        for step in range(first, last)
        for tensor in uses.activations[step]
    )
    key = ("inside", region.blocks, len(ops) == len(uses.graph.ops), *map(id, ops), written, read)
    if key not in uses.known:
        found = region_lifetimes(uses, region)
        inside = _Inside(found.peak(first, last), tuple(found.owner), overhead(uses.graph, region))
        uses.known[key] = ops, inside  # the operators stay, so that no other ones get their ids
    _, known = uses.known[key]
    return known


def overhead(graph: Graph, region: Region) -> int:
    """Instructions of calls beyond one per operator, and of the last of an odd number of rows, computed twice."""
    total = 0.0
    for op in graph.ops[region.first : region.last]:
        tensor = op.site.outputs[0]
        shape = graph.tensors[tensor].shape
        total += 0 if op.IS_VIEW else _CALL * (region.blocks - 1)
        positions = math.prod(shape[:-1]) // region.blocks
        if positions % 2:
            total += _MULTIPLY * op.paired_depth(graph) * shape[-1] * region.blocks
    return int(total)


def _handed_on(graph: Graph, whole: Lifetimes) -> list[list[Buffer]]:
    """What lives on from before each operator, and at the end."""
    end = len(graph.ops)
    found: list[list[Buffer]] = [[] for _ in range(end + 1)]
    for buffer in whole.buffers:
        for position in range(buffer.first + 1, buffer.last + 1):
            found[position].append(buffer)
    return found


def candidate_spans(uses: Uses, whole: Lifetimes) -> list[Span]:
    """Between positions where few bytes are handed on, and those beside operators that are no region by themselves."""
    end = len(uses.graph.ops)
    crossing = [sum(buffer.size for buffer in buffers) for buffers in _handed_on(uses.graph, whole)]
    cuts = {0, end}
    cuts.update(at for at in range(1, end) if crossing[at - 1] >= crossing[at] < crossing[at + 1])
    for step in range(end):
        alone = next(find_spans(uses, step + 1, 1), None)
        if alone is None or next(alone.regions(), None) is None:
            cuts.update((step, step + 1))
    spans = [span for last in cuts for span in find_spans(uses, last, LONGEST) if span.first in cuts]
    return [span for span in spans if span.last - span.first > 1]


def _search(alone: list[int], candidates: list[_Candidate], allowed: int) -> list[_Best]:
    """By position: the smallest peak, all up to `allowed` being as good as each other, then the least overhead."""
    found: dict[int, list[_Candidate]] = {}
    for candidate in candidates:
        found.setdefault(candidate.region.last, []).append(candidate)
    best = [_Best(0, 0)]
    for last, peak in enumerate(alone, start=1):
        ways = [_Best(max(best[-1].peak, peak), best[-1].overhead, last - 1)]
        for candidate in found.get(last, ()):
            first = candidate.region.first
            peak_so_far = max(best[first].peak, candidate.peak)
            ways.append(_Best(peak_so_far, best[first].overhead + candidate.overhead, first, candidate.region))
        best.append(min(ways, key=lambda way: (max(way.peak, allowed), way.overhead)))
    return best


def _regions(best: list[_Best]) -> tuple[Region, ...]:
    regions = []
    at = len(best) - 1
    while at > 0:
        region = best[at].region
        if region is not None:
            regions.append(region)
        at = best[at].before
    return tuple(reversed(regions))
