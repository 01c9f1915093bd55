"""Row regions on random graphs: the search looks at all spans that matter, and knows what they will take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.ir import Graph, Op, OpSite, Quant, Tensor
from codegen.lifetimes import lifetimes
from codegen.ops.add import Add
from codegen.ops.fully_connected import FullyConnected
from codegen.ops.reshape import Reshape
from codegen.ops.transpose import Transpose
from codegen.passes import passes
from codegen.read_tflite import read_tflite
from codegen.schedule import choose_regions, smallest_peak, takes_less_than
from codegen.spans import find_spans
from codegen.uses import Uses
from tests.ops.agreement import examples

QUANT = Quant((0.1,), (0,))
ROWS, CHANNELS = 12, (4, 8, 16, 32, 64)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Linear layers, sums, views and transpositions on matrices of a few rows."""
    tensors, ops, computed = [Tensor("t0", (ROWS, 8), "int8", QUANT)], list[Op](), [0]
    for index in range(draw(st.integers(2, 14))):
        given_ = draw(st.sampled_from(computed[-3:]))
        shape, output = tensors[given_].shape, len(tensors)
        alike = [tensor for tensor in computed if tensors[tensor].shape == shape]
        kind = draw(st.sampled_from((FullyConnected, FullyConnected, Add, Add, Reshape, Transpose)))
        site = OpSite(index=index, inputs=(given_, output + 1), outputs=(output,))
        if kind is Add:
            tensors.append(Tensor(f"t{output}", shape, "int8", QUANT))
            ops.append(Add(replace(site, inputs=(given_, draw(st.sampled_from(alike))))))
        elif kind is Reshape:
            tensors.append(Tensor(f"t{output}", shape[1:] if len(shape) > 2 else (1, *shape), "int8", QUANT))
            ops.append(Reshape(replace(site, inputs=(given_,))))
        elif kind is Transpose:
            order = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
            tensors.append(Tensor(f"t{output}", tuple(shape[axis] for axis in order), "int8", QUANT))
            tensors.append(Tensor("order", (len(order),), "int32", data=np.array(order, np.int32)))
            ops.append(Transpose(site))
        else:
            outputs = draw(st.sampled_from(CHANNELS))
            weights = np.ones((outputs, shape[-1]), np.int8)
            tensors.append(Tensor(f"t{output}", (*shape[:-1], outputs), "int8", QUANT))
            tensors.append(Tensor("weights", weights.shape, "int8", QUANT, weights))
            ops.append(FullyConnected(site, "NONE"))
        computed.append(output)
    return Graph(tuple(tensors), tuple(ops), (0,), (computed[-1],))


def arena(graph: Graph, slack: float = 0.0) -> int:
    """What really lives at once with the regions that are chosen."""
    return lifetimes(graph, choose_regions(graph, slack)).peak(-1, len(graph.ops) + 1)


@given(graphs())
@settings(examples, max_examples=10 * examples.max_examples)
def test_random_graphs(graph: Graph) -> None:
    assert arena(graph) <= smallest_peak(graph) <= lifetimes(graph).peak(-1, len(graph.ops) + 1)
    assert arena(graph, 0.25) <= 1.25 * max(smallest_peak(graph), 1)


@given(graphs())
@settings(examples, max_examples=10 * examples.max_examples)
def test_a_peak_is_compared_without_looking_at_all_regions(graph: Graph) -> None:
    least = smallest_peak(graph)
    for peak in (0, least // 2, least - 8, least, least + 8, 2 * least):
        assert takes_less_than(replace(graph), peak) == (least < peak)  # a copy, of which nothing is known yet


@given(graphs(), st.data())
@settings(examples, max_examples=10 * examples.max_examples)
def test_a_span_is_found_whatever_longer_ones_are_looked_for(graph: Graph, data: st.DataObject) -> None:
    uses, last = Uses.of(graph), data.draw(st.integers(1, len(graph.ops)))
    together = {span.first: (span.axes, span.scattered) for span in find_spans(uses, last, last)}
    for length in range(1, last + 1):
        alone = {span.first: (span.axes, span.scattered) for span in find_spans(uses, last, length)}
        assert alone == {first: found for first, found in together.items() if last - first <= length}


@pytest.mark.parametrize("name", ["conformer", "convtransformer", "micro_speech", "person_detect", "windowed"])
def test_benchmark_models(bench_dir: Path, name: str) -> None:
    graph = read_tflite(bench_dir / f"{name}.tflite").graph
    for _, rewrite in passes():
        graph = rewrite(graph)
    assert arena(graph) == smallest_peak(graph)


def test_without_regions_the_peak_is_that_of_whole_tensors() -> None:
    tensors = tuple(Tensor(f"t{i}", (1, 1, 1, 8), "int8", QUANT) for i in range(3))
    graph = Graph(tensors, (Add(OpSite(index=0, inputs=(0, 1), outputs=(2,))),), (0, 1), (2,))
    peak = lifetimes(graph).peak(-1, 2)
    assert smallest_peak(graph) == peak
    assert takes_less_than(graph, peak + 1) and not takes_less_than(graph, peak)
