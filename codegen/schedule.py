"""Which operators run as row regions: the smallest arena first, then the least overhead that it allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codegen.ir import Graph
from codegen.lifetimes import Lifetimes, lifetimes, region_lifetimes
from codegen.regions import Region, Uses, find_regions

LONGEST = 80  # operators in a region; bounds the search


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A region and the bytes that live at its peak."""

    region: Region
    peak: int

    @property
    def calls(self) -> int:
        """Kernel calls beyond those of the same operators run once each."""
        return (self.region.blocks - 1) * (self.region.last - self.region.first)


@dataclass(frozen=True, slots=True)
class _Best:
    """The best way to run the operators before some position: peak, calls, and the last step on the way there."""

    peak: int
    calls: int
    before: int = 0
    region: Region | None = None


def choose_regions(graph: Graph) -> tuple[Region, ...]:
    """Dynamic programming over the positions where one region may end and the next begin."""
    whole, uses = lifetimes(graph), Uses.of(graph)
    alone = [whole.peak(step, step + 1) for step in range(len(graph.ops))]
    found: dict[int, list[_Candidate]] = {}
    for first, last in _spans(graph, uses, _crossing(graph, whole)):
        found.setdefault(last, []).extend(_candidates(graph, uses, whole, first, last))
    smallest = _search(alone, found, 0)[-1].peak
    return _regions(_search(alone, found, smallest))


def _crossing(graph: Graph, whole: Lifetimes) -> list[int]:
    """Bytes that are handed on before each operator, and at the end."""
    return [
        sum(buffer.size for buffer in whole.buffers if buffer.first < position <= buffer.last)
        for position in range(len(graph.ops) + 1)
    ]


def _spans(graph: Graph, uses: Uses, crossing: list[int]) -> Iterator[tuple[int, int]]:
    """Between positions where few bytes are handed on, and those beside operators that no region can begin with."""
    end = len(graph.ops)
    cuts = {0, end}
    cuts.update(at for at in range(1, end) if crossing[at - 1] >= crossing[at] < crossing[at + 1])
    for step in range(end):
        if next(find_regions(graph, uses, step, step + 1), None) is None:
            cuts.update((step, step + 1))
    places = sorted(cuts)
    for i, first in enumerate(places):
        for last in places[i + 1 :]:
            if 2 <= last - first <= LONGEST:
                yield first, last


def _candidates(graph: Graph, uses: Uses, whole: Lifetimes, first: int, last: int) -> Iterator[_Candidate]:
    for region in find_regions(graph, uses, first, last):
        inside = region_lifetimes(graph, uses, region)
        touched = {whole.owner[tensor] for tensor in inside.owner}
        others = sum(b.size for b in whole.buffers if b.first < first and b.last >= last and b.tensor not in touched)
        yield _Candidate(region, inside.peak(first, last) + others)


def _search(alone: list[int], found: dict[int, list[_Candidate]], allowed: int) -> list[_Best]:
    """By position: the smallest peak, where those up to `allowed` are as good as each other, then the fewest calls."""
    best = [_Best(0, 0)]
    for last, peak in enumerate(alone, start=1):
        ways = [_Best(max(best[-1].peak, peak), best[-1].calls, last - 1)]
        for candidate in found.get(last, ()):
            first = candidate.region.first
            peak_so_far = max(best[first].peak, candidate.peak)
            ways.append(_Best(peak_so_far, best[first].calls + candidate.calls, first, candidate.region))
        best.append(min(ways, key=lambda way: (max(way.peak, allowed), way.calls)))
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
