"""Lives of activations, counted from the operators one by one, and whose memory they may share."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from hypothesis import given, settings

from codegen.ir import Graph
from codegen.lifetimes import ALIGNMENT, Lifetimes, lifetimes
from codegen.regions import Region
from codegen.uses import Uses
from tests.codegen.forced_regions import lowered, some_ways
from tests.codegen.random_networks import networks
from tests.ops.agreement import examples

drawn = settings(examples, max_examples=5 * examples.max_examples)
graphs = networks().map(lowered)


def ways(graph: Graph) -> Iterator[tuple[tuple[Region, ...], Lifetimes]]:
    """Lives on whole tensors, and with regions."""
    for regions in [(), *some_ways(graph, random.Random(0))]:
        for in_place in (False, True):
            yield regions, lifetimes(graph, regions, in_place)


def members(lives: Lifetimes, owner: int) -> set[int]:
    return {tensor for tensor, other in lives.owner.items() if other == owner}


def in_use(graph: Graph, regions: Sequence[Region], tensors: set[int], owner: int) -> list[int]:
    """Positions of operators that need the memory of these tensors; -1 and the number of operators for what is there
    before all and after all."""
    found = [-1] * any(tensor in tensors for tensor in graph.inputs)
    found += [len(graph.ops)] * any(tensor in tensors for tensor in graph.outputs)
    for step, op in enumerate(graph.ops):
        if tensors & {*op.activations(graph), *op.site.outputs}:
            region = next((region for region in regions if region.first <= step < region.last), None)
            held = None if region is None else region.buffers.get(owner)
            by_blocks = held is not None and held.history_bytes == 0
            found += [step] if region is None or by_blocks else range(region.first, region.last)
    return found


@given(graphs)
@drawn
def test_from_the_first_operator_that_needs_it_to_the_last(graph: Graph) -> None:
    for regions, lives in ways(graph):
        held = {root: buffer.bytes for region in regions for root, buffer in region.buffers.items()}
        for buffer in lives.buffers:
            if buffer.tensor >= 0:
                needed = in_use(graph, regions, members(lives, buffer.tensor), buffer.tensor)
                assert (buffer.first, buffer.last) == (min(needed), max(needed))
                size = held.get(buffer.tensor, graph.tensors[buffer.tensor].bytes)
                assert size <= buffer.size < size + ALIGNMENT and buffer.size % ALIGNMENT == 0
            else:
                op = graph.ops[-1 - buffer.tensor]
                assert op.scratch_bytes(graph) <= buffer.size
                assert op.KEEPS_SCRATCH or buffer.first == buffer.last == -1 - buffer.tensor


@given(graphs)
@drawn
def test_views_share_memory_and_nothing_else_that_is_no_duty(graph: Graph) -> None:
    """Without operators in place: a view has that of what it is a view of, all else its own."""
    lives = lifetimes(graph, in_place=False)
    for op in graph.ops:
        for output in op.site.outputs:
            assert lives.owner[output] == (lives.owner[op.site.inputs[0]] if op.IS_VIEW else output)


@given(graphs)
@drawn
def test_what_dies_is_overwritten_where_the_kernel_can(graph: Graph) -> None:
    """Whole tensors: an output lies on an operand of as many bytes that nobody needs afterwards."""
    lives, written = lifetimes(graph), Uses.of(graph).written
    for step, op in enumerate(graph.ops):
        output = op.site.outputs[0]
        for position in op.overwrites(graph):
            operand = op.site.inputs[position]
            if operand not in lives.owner or graph.tensors[operand].dtype != graph.tensors[output].dtype:
                continue
            before = {tensor for tensor in members(lives, lives.owner[operand]) if written.get(tensor, -1) < step}
            dies = max(in_use(graph, (), before, operand)) <= step
            assert not dies or any(lives.owner[output] == lives.owner[op.site.inputs[p]] for p in op.overwrites(graph))
