"""Which operators run as row regions: the smallest arena first, then the least overhead that it allows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby, islice

from codegen.ir import Graph
from codegen.lifetimes import Lifetimes, lifetimes, region_lifetimes
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
    coarser = [candidate for finest in options.finest for candidate in options.coarser(finest, allowed)]
    return _regions(_search(options.alone, [finest.candidate for finest in options.finest] + coarser, allowed))


def smallest_peak(graph: Graph) -> int:
    """Bytes that live at the same time, at most, with the regions that need the fewest."""
    return _options_of(graph).smallest


@dataclass(frozen=True, slots=True)
class _Finest:
    """A span as the region of the most blocks."""

    span: Span
    candidate: _Candidate


@dataclass(frozen=True, slots=True, eq=False)
class _Options:
    """What does not depend on how much memory is allowed."""

    uses: Uses
    whole: Lifetimes
    alone: list[int]  # bytes that live at each operator where it runs on whole tensors
    finest: list[_Finest]
    smallest: int
    known: dict[Region, _Candidate] = field(default_factory=dict)  # regions of coarser blocks, compared by identity

    def coarser(self, finest: _Finest, allowed: int) -> Iterator[_Candidate]:
        """Fewer and larger blocks, while they take at most `allowed` bytes, if the span takes more without blocks."""
        span, peak = finest.span, finest.candidate.peak
        if peak <= allowed < max(self.alone[span.first : span.last]):
            for region in islice(span.regions(), 1, None):
                if region not in self.known:
                    self.known[region] = _candidate(self.uses, self.whole, region)
                candidate = self.known[region]
                yield candidate
                if candidate.peak > allowed:
                    break


@lru_cache(maxsize=8)  # the passes that compare arenas and the renderer ask about the same graphs
def _options_of(graph: Graph) -> _Options:
    whole, uses = lifetimes(graph), Uses.of(graph)
    alone = [
        _IMPOSSIBLE if graph.ring in op.site.inputs else whole.peak(step, step + 1) for step, op in enumerate(graph.ops)
    ]
    finest, smallest = [], max(alone, default=0)
    spans = sorted(candidate_spans(uses, whole), key=lambda span: -max(alone[span.first : span.last]))
    for level, alike in groupby(spans, key=lambda span: max(alone[span.first : span.last])):
        if level < smallest:
            break  # the operators that are left take less than that without regions
        for span in alike:
            region = next(span.regions(), None)
            if region is not None:
                finest.append(_Finest(span, _candidate(uses, whole, region)))
        # Before all operators there are all inputs.
        smallest = max(_search(alone, [entry.candidate for entry in finest], 0)[-1].peak, whole.peak(-1, 0))
    finest.sort(key=lambda entry: (entry.span.first, entry.span.last))
    return _Options(uses, whole, alone, finest, smallest)


def _candidate(uses: Uses, whole: Lifetimes, region: Region) -> _Candidate:
    inside = _inside(uses, region)
    touched = {whole.owner[tensor] for tensor in inside.tensors}
    others = sum(
        buffer.size
        for buffer in whole.buffers
        if buffer.first < region.first and buffer.last >= region.last and buffer.tensor not in touched
    )
    return _Candidate(region, inside.peak + others, inside.overhead)


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


def _crossing(graph: Graph, whole: Lifetimes) -> list[int]:
    """Bytes that are handed on before each operator, and at the end."""
    return [
        sum(buffer.size for buffer in whole.buffers if buffer.first < position <= buffer.last)
        for position in range(len(graph.ops) + 1)
    ]


def candidate_spans(uses: Uses, whole: Lifetimes) -> list[Span]:
    """Between positions where few bytes are handed on, and those beside operators that are no region by themselves."""
    end, crossing = len(uses.graph.ops), _crossing(uses.graph, whole)
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
