"""Which regions are chosen: against all ways there are, on small graphs."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import assume, given, settings

from codegen.ir import Graph
from codegen.lifetimes import lifetimes
from codegen.passes.order_operators import order_operators
from codegen.read_tflite import parse_tflite
from codegen.regions import Region
from codegen.schedule import ARENA_SLACK, candidate_spans, choose_regions, overhead
from codegen.uses import Uses
from tests.codegen.forced_regions import Way, lowered
from tests.codegen.models import wide_inside
from tests.codegen.random_networks import networks
from tests.codegen.row_networks import Network, network_case
from tests.ops.agreement import Case, examples

MOST_OPERATORS = 14
many = settings(examples, max_examples=5 * examples.max_examples)


def peak(graph: Graph, way: Sequence[Region]) -> int:
    return lifetimes(graph, way).peak(-1, len(graph.ops) + 1)


def ways(graph: Graph) -> list[Way]:
    """All of them, without regions and with any of the candidates."""
    uses = Uses.of(graph)
    starting: dict[int, list[Region]] = {}
    for span in candidate_spans(uses, lifetimes(graph)):
        starting.setdefault(span.first, []).extend(span.regions())

    def from_here(position: int) -> Iterator[Way]:
        if position == len(graph.ops):
            yield ()
            return
        yield from from_here(position + 1)
        for region in starting.get(position, ()):
            yield from ((region, *rest) for rest in from_here(region.last))

    return list(from_here(0))


@many
@given(networks())
def test_the_least_overhead_in_the_smallest_arena(case: Case) -> None:
    graph = lowered(case)
    assume(len(graph.ops) <= MOST_OPERATORS)
    found = [(peak(graph, way), sum(overhead(graph, region) for region in way)) for way in ways(graph)]
    smallest = min(size for size, _ in found)
    for slack in ARENA_SLACK.values():
        chosen = choose_regions(graph, slack)
        allowed = int((1 + slack) * smallest)
        assert peak(graph, chosen) <= allowed
        least = min(instructions for size, instructions in found if size <= allowed)
        assert sum(overhead(graph, region) for region in chosen) == least


@pytest.mark.parametrize("number", range(12))
def test_smallest_with_any_tensor_as_an_output(number: int) -> None:
    """Views enter regions here, and what they are views of may be an output: one memory, that is counted once."""
    network = Network(random.Random(0))
    given = network.tensor((2, 12, 4))
    before = network.convolution_1d(network.convolution_1d(given, same=True), same=True)
    summed = network.residual(before)
    output = network.dense(summed, 4)
    made = sorted(set(network.shapes) - {given, summed, output})
    graph = lowered(network_case(network, [given], [output, summed, made[number % len(made)]]))
    assert peak(graph, choose_regions(graph)) == min(peak(graph, way) for way in ways(graph))


@many
@given(networks())
def test_size_takes_no_more_than_speed_and_speed_no_more_than_whole_tensors(case: Case) -> None:
    graph = lowered(case)
    size, speed = (peak(graph, choose_regions(graph, ARENA_SLACK[name])) for name in ("size", "speed"))
    assert size <= speed <= peak(graph, ())


@many
@given(networks())
def test_order_is_one_in_which_operands_come_first_and_no_larger(case: Case) -> None:
    graph = parse_tflite(case.model).graph
    ordered = order_operators(graph)
    assert sorted(op.site.index for op in ordered.ops) == sorted(op.site.index for op in graph.ops)
    computed = set(graph.inputs)
    for op in ordered.ops:
        assert computed.issuperset(op.activations(graph))
        computed.update(op.site.outputs)
    assert peak(ordered, choose_regions(ordered)) <= peak(graph, choose_regions(graph))


def test_what_is_wide_inside_runs_in_blocks() -> None:
    graph = lowered(Case("wide inside", wide_inside(), []))
    chosen = [choose_regions(graph, ARENA_SLACK[name]) for name in ("size", "speed")]
    size, speed = (peak(graph, way) for way in chosen)
    assert size < speed < peak(graph, ()) / 2
    assert max(region.blocks for region in chosen[0]) > max(region.blocks for region in chosen[1])


RENDER = """
import sys
from codegen.direct import render_direct
from codegen.read_tflite import parse_tflite
files = render_direct(parse_tflite(sys.stdin.buffer.read()), "/* test */", "size").files
print(*(f"{name}\\n{text}" for name, text in files.items()))
"""


def test_the_same_model_gives_the_same_bytes_in_any_process() -> None:
    rendered = [
        subprocess.run(
            [sys.executable, "-c", RENDER],
            input=wide_inside(),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert b"for (int32_t turn" in rendered[0]
    assert rendered[0] == rendered[1]
