"""The input as a ring of rows that the features fill and the model reads where it lies, without a copy.

A microphone's newest frames wrap around in memory. Where every operator that reads the input takes a block of its rows
into rows of its own first, as padded convolutions do, those may as well come from a ring, beginning at any row. The
input's memory is then never used for anything else, and the features need none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from codegen.feature_spec import FeatureSpec
from codegen.ir import Graph
from codegen.plan_memory import plan_memory
from codegen.regions import Region
from codegen.schedule import choose_regions, regions_within


@dataclass(frozen=True, slots=True)
class InputRing:
    """The ring in C: `rows` of `row_bytes`."""

    rows: int
    row_bytes: int


def ring_of(graph: Graph, features: FeatureSpec) -> InputRing:
    """The shape of a graph's ring: a row is a frame of features."""
    assert graph.ring is not None
    return InputRing(graph.tensors[graph.ring].bytes // features.features, features.features)


def with_ring(
    graph: Graph, regions: Sequence[Region], features: FeatureSpec, slack: float
) -> tuple[Graph, Sequence[Region]]:
    """The graph with its input as a ring, and the regions that suit it, where that is possible and takes no more memory
    than a ring beside the arena; else both as they are.

    Frames normalised over the utterance are none that a model can read: their statistics change with every frame.
    """
    if len(graph.inputs) != 1 or features.normalisation == "utterance":
        return graph, regions
    ring = replace(graph, ring=graph.inputs[0])
    beside = plan_memory(graph, regions).arena_bytes + graph.tensors[graph.inputs[0]].bytes
    ways_to_run = (partial(choose_regions, ring, slack), *(partial(regions_within, ring, most) for most in (beside, 0)))
    for ways in (find() for find in ways_to_run):
        if _only_copied(ring, ways, features.features) and plan_memory(ring, ways).arena_bytes <= beside:
            return ring, ways
    return graph, regions


def _only_copied(graph: Graph, regions: Sequence[Region], row_bytes: int) -> bool:
    """Is the ring read by nothing but copies of whole rows, a block at a time?"""
    region_of = {step: region for region in regions for step in range(region.first, region.last)}
    readers = [step for step, op in enumerate(graph.ops) if graph.ring in op.site.inputs]
    return bool(readers) and all(
        step in region_of and _copies_rows(graph, region_of[step], step, row_bytes) for step in readers
    )


def _copies_rows(graph: Graph, region: Region, step: int, row_bytes: int) -> bool:
    op = graph.ops[step]
    if not op.IS_VIEW or region.roots[op.site.outputs[0]] != op.site.outputs[0]:
        return False
    ring, read = graph.operand(op, 0), region.reads[step, 0]
    block_bytes = read.rows * (ring.bytes // ring.shape[read.axis])
    return block_bytes % row_bytes == 0
