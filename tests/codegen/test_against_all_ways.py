"""The planner's search against one that tries every region in blocks of every size, and knows nothing from before."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.ir import Graph
from codegen.lifetimes import lifetimes
from codegen.passes.order_operators import _depth_first, _greedy
from codegen.regions import Region
from codegen.schedule import (
    _IMPOSSIBLE,
    ARENA_SLACK,
    candidate_spans,
    choose_regions,
    overhead,
    regions_within,
    smallest_peak,
    takes_less_than,
)
from codegen.spans import Span, find_spans
from codegen.uses import Uses
from tests.codegen.forced_regions import all_regions, lowered
from tests.codegen.random_networks import networks
from tests.codegen.test_input_ring import Drawn
from tests.codegen.test_schedule import graphs
from tests.ops.agreement import examples


@dataclass(frozen=True, slots=True)
class Way:
    """To run operators `first` to `last` (excluded): one of them on whole tensors, or all as a region."""

    first: int
    last: int
    peak: int
    instructions: int


def found_anew(graph: Graph, span: Span) -> list[Region]:
    """The regions of a span where nothing is known of the operators yet."""
    unknown = replace(graph, tensors=(*graph.tensors,))
    return list(Span(unknown, Uses.of(unknown), span.first, span.last, span.axes, span.scattered).regions())


def all_ways(graph: Graph) -> list[Way]:
    whole = lifetimes(graph)
    alone = [step for step, op in enumerate(graph.ops) if graph.ring not in op.site.inputs]
    ways = [Way(step, step + 1, whole.peak(step, step + 1), 0) for step in alone]
    for span in candidate_spans(Uses.of(graph), whole):
        for region in found_anew(graph, span):
            peak = lifetimes(graph, (region,)).peak(region.first, region.last)
            ways.append(Way(region.first, region.last, peak, overhead(graph, region)))
    return ways


def fewest_instructions(ways: list[Way], end: int, allowed: float) -> float:
    """Beyond those of whole tensors, of all ways from the first operator to the last within so many bytes."""
    fewest = [0.0] + [math.inf] * end
    for last in range(1, end + 1):
        fitting = (way for way in ways if way.last == last and way.peak <= allowed)
        fewest[last] = min((fewest[way.first] + way.instructions for way in fitting), default=math.inf)
    return fewest[end]


def possible_peaks(graph: Graph, ways: list[Way]) -> list[int]:
    """Bytes that ways from the inputs to the end take at their peak, the fewest first."""
    inputs = lifetimes(graph).peak(-1, 0)
    peaks = sorted({max(inputs, way.peak) for way in ways} | {inputs})
    return [peak for peak in peaks if fewest_instructions(ways, len(graph.ops), peak) < math.inf]


def plain(region: Region) -> dict[str, object]:
    """Of a region, what it says; regions themselves are compared by identity."""
    return {field.name: getattr(region, field.name) for field in dataclasses.fields(region)}


def assert_best_of_all_ways(graph: Graph) -> None:
    ways, end = all_ways(graph), len(graph.ops)
    possible = possible_peaks(graph, ways)
    assert smallest_peak(graph) == possible[0]
    for allowed in possible:
        taken = sum(overhead(graph, region) for region in regions_within(graph, allowed))
        assert taken == fewest_instructions(ways, end, allowed)
        assert takes_less_than(replace(graph), allowed) == (possible[0] < allowed)  # a copy: nothing is known of it
        assert takes_less_than(replace(graph), allowed + 1)
    ring = 0 if graph.ring is None else graph.tensors[graph.ring].bytes
    for slack in ARENA_SLACK.values():
        allowed = int((1 + slack) * (possible[0] - ring)) + ring
        taken = sum(overhead(graph, region) for region in choose_regions(graph, slack))
        assert taken == fewest_instructions(ways, end, allowed)


@given(graphs() | networks().map(lowered))
@settings(examples, max_examples=7 * examples.max_examples)
def test_spans_that_are_looked_at(graph: Graph) -> None:
    """From where fewer bytes than before and after are handed on, or beside operators that run on whole tensors alone,
    to another such position."""
    whole, uses, end = lifetimes(graph), Uses.of(graph), len(graph.ops)
    handed_on = [sum(b.size for b in whole.buffers if b.first < at <= b.last) for at in range(end + 1)]
    regions = {(region.first, region.last) for region in all_regions(graph)}
    stay_whole = [step for step in range(end) if (step, step + 1) not in regions]
    fewer = [at for at in range(1, end) if handed_on[at - 1] >= handed_on[at] < handed_on[at + 1]]
    cuts = {0, end, *fewer, *stay_whole, *(step + 1 for step in stay_whole)}
    every = [(span.first, span.last) for last in range(end + 1) for span in find_spans(uses, last, last)]
    expected = [ends for ends in every if cuts.issuperset(ends) and ends[1] - ends[0] > 1]
    assert sorted((span.first, span.last) for span in candidate_spans(uses, whole)) == sorted(expected)


@given(graphs())
@settings(examples, max_examples=20 * examples.max_examples)
def test_matrices(graph: Graph) -> None:
    assert_best_of_all_ways(graph)


@given(networks().map(lowered))
@settings(examples, max_examples=5 * examples.max_examples)
def test_networks(graph: Graph) -> None:
    assert_best_of_all_ways(graph)


@pytest.mark.parametrize("seeds", [range(60), range(60, 120)])
def test_rings(seeds: range) -> None:
    """What reads a ring runs in a region or not at all."""
    possible = 0
    for seed in seeds:
        graph = lowered(Drawn.of(seed).case)
        ring = replace(graph, ring=graph.inputs[0])
        if possible_peaks(ring, all_ways(ring)):
            assert_best_of_all_ways(ring)
            possible += 1
        else:
            assert smallest_peak(ring) >= _IMPOSSIBLE
    assert possible > len(seeds) // 2


@given(networks().map(lowered), st.data())
@examples
def test_what_is_known_of_other_graphs_changes_nothing(graph: Graph, data: st.DataObject) -> None:
    """Graphs of the same tensors share it: one with more outputs, others with the operators in another order."""
    made = [tensor for op in graph.ops for tensor in op.site.outputs]
    more = data.draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique=True))
    with_more = replace(graph, outputs=tuple(dict.fromkeys((*graph.outputs, *more))))
    orders = [replace(graph, ops=tuple(order(graph))) for order in (_greedy, _depth_first)]
    for other in (graph, with_more, *orders, graph):
        spans = [s for last in range(1, len(graph.ops) + 1) for s in find_spans(Uses.of(other), last, last)]
        for span in spans:
            assert list(map(plain, span.regions())) == list(map(plain, found_anew(other, span)))
        assert_best_of_all_ways(other)
