"""The memory plan: nothing that lives at the same time overlaps, on random graphs and on the benchmark models."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.ir import Graph, OpSite, Quant, Tensor
from codegen.ops.add import Add
from codegen.ops.reshape import Reshape
from codegen.passes import run_passes
from codegen.plan_memory import ALIGNMENT, MemoryPlan, plan_memory
from codegen.read_tflite import read_tflite

QUANT = Quant((0.1,), (0,))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A chain with random skips: each operator reads two earlier tensors, or views one."""
    sizes = draw(st.lists(st.integers(1, 500), min_size=2, max_size=25))
    tensors, ops = [Tensor("t0", (sizes[0],), "int8", QUANT)], []
    for index, size in enumerate(sizes[1:], start=1):
        first, second = draw(st.integers(0, index - 1)), draw(st.integers(0, index - 1))
        view = draw(st.booleans())
        kind, inputs = (Reshape, (first,)) if view else (Add, (first, second))
        tensors.append(Tensor(f"t{index}", tensors[first].shape if view else (size,), "int8", QUANT))
        ops.append(kind(OpSite(index=index - 1, inputs=inputs, outputs=(index,))))
    return Graph(tuple(tensors), tuple(ops), (0,), (len(tensors) - 1,))


def assert_sound(plan: MemoryPlan) -> None:
    for first, second in combinations(plan.buffers, 2):
        if first.overlaps(second):
            low, high = sorted((first, second), key=lambda buffer: plan.offsets[buffer.tensor])
            assert plan.offsets[low.tensor] + low.size <= plan.offsets[high.tensor]
    assert all(offset % ALIGNMENT == 0 for offset in plan.offsets.values())
    assert plan.arena_bytes >= plan.lower_bound


@given(graphs())
@settings(max_examples=60, derandomize=True, deadline=None)
def test_random_graphs(graph: Graph) -> None:
    plan = plan_memory(graph)
    assert_sound(plan)
    for op in graph.ops:
        if op.IS_VIEW:
            assert plan.offsets[op.site.outputs[0]] == plan.offsets[op.site.inputs[0]]


@pytest.mark.parametrize("name", ["conformer", "convtransformer", "micro_speech", "person_detect", "windowed"])
def test_benchmark_models_come_close_to_the_lower_bound(bench_dir: Path, name: str) -> None:
    plan = plan_memory(run_passes(read_tflite(bench_dir / f"{name}.tflite").graph, name))
    assert_sound(plan)
    assert plan.arena_bytes <= 1.05 * plan.lower_bound


def test_a_broken_plan_is_noticed() -> None:
    """The check itself: two buffers that live together at one address must not pass."""
    tensors = tuple(Tensor(f"t{i}", (8,), "int8", QUANT) for i in range(2))
    ops = (Add(OpSite(index=0, inputs=(0, 0), outputs=(1,))),)
    plan = plan_memory(Graph(tensors, ops, (0,), (1,)))
    with pytest.raises(AssertionError):
        assert_sound(MemoryPlan({0: 0, 1: 0}, plan.buffers, plan.arena_bytes, plan.lower_bound))
