"""Which operators run as row regions: the smallest arena first, then the least overhead that it allows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from codegen.ir import Graph
from codegen.lifetimes import Lifetimes, lifetimes, region_lifetimes
from codegen.regions import Region, Uses, find_regions

# How many times more than the smallest arena may be spent on larger blocks, which need fewer kernel calls.
ARENA_SLACK = {"speed": 0.25, "size": 0.0}
LONGEST = 80  # operators in a region; bounds the search
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

    Of all ways that take at most `slack` times more than the smallest arena, the one with the least overhead.
    """
    whole, uses = lifetimes(graph), Uses.of(graph)
    alone = [whole.peak(step, step + 1) for step in range(len(graph.ops))]
    spans = [_Span(uses, whole, first, last) for first, last in _spans(uses, _crossing(graph, whole))]
    finest = [candidate for span in spans if (candidate := span.next()) is not None]
    smallest = max(_search(alone, finest, 0)[-1].peak, whole.peak(-1, 0))  # before all operators there are all inputs
    allowed = int((1 + slack) * smallest)
    spans = [span for span in spans if max(alone[span.first : span.last]) > allowed]
    coarser = [candidate for span in spans for candidate in span.rest(allowed)]
    return _regions(_search(alone, finest + coarser, allowed))


@dataclass(slots=True)
class _Span:
    """Operators that may run as a region."""

    uses: Uses
    whole: Lifetimes
    first: int
    last: int
    regions: Iterator[Region] = field(init=False)
    finest: _Candidate | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.regions = find_regions(self.uses, self.first, self.last)

    def next(self) -> _Candidate | None:
        """The region of the most blocks that has not been looked at yet."""
        region = next(self.regions, None)
        if region is None:
            return None
        inside = region_lifetimes(self.uses, region)
        touched = {self.whole.owner[tensor] for tensor in inside.owner}
        others = sum(
            buffer.size
            for buffer in self.whole.buffers
            if buffer.first < self.first and buffer.last >= self.last and buffer.tensor not in touched
        )
        peak = inside.peak(self.first, self.last) + others
        candidate = _Candidate(region, peak, _overhead(self.uses.graph, region))
        self.finest = self.finest or candidate
        return candidate

    def rest(self, allowed: int) -> Iterator[_Candidate]:
        """Fewer and larger blocks, while they take at most `allowed` bytes."""
        candidate = self.finest
        while candidate is not None and candidate.peak <= allowed:
            candidate = self.next()
            if candidate is not None:
                yield candidate


def _overhead(graph: Graph, region: Region) -> int:
    """Kernel calls beyond one per operator, and the last of an odd number of rows, which is computed twice."""
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


def _spans(uses: Uses, crossing: list[int]) -> Iterator[tuple[int, int]]:
    """Between positions where few bytes are handed on, and those beside operators that are no region by themselves."""
    end = len(uses.graph.ops)
    cuts = {0, end}
    cuts.update(at for at in range(1, end) if crossing[at - 1] >= crossing[at] < crossing[at + 1])
    for step in range(end):
        if next(find_regions(uses, step, step + 1), None) is None:
            cuts.update((step, step + 1))
    places = sorted(cuts)
    for i, first in enumerate(places):
        for last in places[i + 1 :]:
            if 2 <= last - first <= LONGEST:
                yield first, last


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
