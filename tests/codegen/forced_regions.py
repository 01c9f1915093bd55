"""Runs a model in many ways: with any regions, whatever the compiler would choose."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence

import numpy as np

from codegen.direct import render_graph
from codegen.ir import Graph
from codegen.passes import run_passes
from codegen.passes.sum_by_rows import parts_of, take_apart
from codegen.read_tflite import parse_tflite
from codegen.regions import Region
from codegen.spans import find_spans
from codegen.uses import Uses
from tests.generated import Files, Program, run_programs
from tests.ops.agreement import Case
from tests.reference_runtimes import run_tflm

WAYS = int(os.environ.get("TINYSER_WAYS", "16"))  # that are tried of each network

Way = tuple[Region, ...]  # to run a graph


def lowered(case: Case) -> Graph:
    """The graph as it is rendered."""
    return run_passes(parse_tflite(case.model).graph, "network")


def taken_apart(graph: Graph) -> Graph:
    """With sums by rows wherever there may be some."""
    return take_apart(graph, [op for op in graph.ops if parts_of(op, graph)])


def all_regions(graph: Graph) -> list[Region]:
    uses = Uses.of(graph)
    ends = range(1, len(graph.ops) + 1)
    return [region for last in ends for span in find_spans(uses, last, last) for region in span.regions()]


def some_ways(graph: Graph, generator: random.Random, count: int = WAYS) -> list[Way]:
    """A few with one region, half of them such that keep rows; then some with several."""
    found = all_regions(graph)
    keeping = [region for region in found if any(buffer.history_bytes for buffer in region.buffers.values())]
    single = [generator.sample(regions, min(count * 3 // 8, len(regions))) for regions in (keeping, found)]
    several = [_several(regions, generator) for regions in (keeping, found) for _ in range(count // 8)]
    return [*((region,) for regions in single for region in regions), *several]


def _several(found: Sequence[Region], generator: random.Random) -> Way:
    """As many regions as are apart from each other."""
    chosen: list[Region] = []
    for region in generator.sample(found, len(found)):
        if all(region.last <= other.first or other.last <= region.first for other in chosen):
            chosen.append(region)
    return tuple(sorted(chosen, key=lambda region: region.first))


def rendered(graph: Graph, way: Way) -> Files:
    return render_graph(graph, way, "/* test */").files


def assert_regions_change_nothing(
    case: Case, graph: Graph, ways: Sequence[Way], edit: Callable[[Files], Files] = lambda files: files
) -> None:
    """The program without regions gives TFLM's bytes, and each with regions (as `edit` leaves it) gives the same."""
    files = [rendered(graph, ()), *(edit(rendered(graph, way)) for way in ways)]
    expected = run_tflm(case.model, case.rows)
    results = run_programs([Program(rendering, graph, case.rows) for rendering in files])
    for way, got in zip([(), *ways], results, strict=True):
        assert_same_bytes(got, expected, f"{case} with {describe(graph, way)}")


def assert_same_bytes(got: Sequence[Sequence[np.ndarray]], expected: Sequence[Sequence[np.ndarray]], what: str) -> None:
    for row, pairs in enumerate(zip(got, expected, strict=True)):
        for output, (ours, theirs) in enumerate(zip(*pairs, strict=True)):
            wrong = np.flatnonzero(ours.ravel() != theirs.ravel())
            assert wrong.size == 0, (
                f"{what}: {wrong.size} of {ours.size} bytes of output {output}, row {row}, differ from TFLM's, first "
                f"at {wrong[0]}"
            )


def describe(graph: Graph, way: Way) -> str:
    parts = [f"operators {r.first} to {r.last} in {r.blocks} blocks, delays {dict(r.delays)}" for r in way]
    return f"{'; '.join(parts) or 'no region'} of\n{graph.dump()}"
