"""Which operators run as row regions: the smallest arena first, then as few and as large blocks as that allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codegen.ir import Graph
from codegen.lifetimes import Lifetimes, lifetimes
from codegen.regions import Region, Uses, find_regions

LONGEST = 64  # operators of a region


@dataclass(frozen=True, slots=True)
class _Choice:
    """How the operators up to some position run: the bytes that this takes, its overhead, and the last region."""

    peak: int
    overhead: int
    start: int
    region: Region | None


def choose_regions(graph: Graph) -> tuple[Region, ...]:
    """Dynamic programming over the places where one region ends and the next begins."""
    whole = lifetimes(graph)
    uses = Uses.of(graph)
    cuts = _cuts(graph, whole)
    candidates = {
        (first, last): tuple(_measured(graph, uses, first, last))
        for i, first in enumerate(cuts)
        for last in cuts[i + 1 :]
        if 2 <= last - first <= LONGEST
    }
    alone = [whole.peak(step, step + 1) for step in range(len(graph.ops))]
    smallest = _best(cuts, alone, candidates, 0)[-1].peak
    return tuple(_regions(_best(cuts, alone, candidates, smallest)))
