"""The memory plan: nothing that lives at the same time overlaps, on random graphs and on the benchmark models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.ir import Graph, Op, OpSite, Quant, Tensor
from codegen.lifetimes import ALIGNMENT
from codegen.ops.add import Add
from codegen.ops.reshape import Reshape
from codegen.passes import run_passes
from codegen.passes.order_operators import order_operators
from codegen.plan_memory import MemoryPlan, plan_memory
from codegen.read_tflite import read_tflite

QUANT = Quant((0.1,), (0,))


@dataclass(frozen=True, slots=True)
class Remember(Op):
    """Reads a tensor and its own state."""

    NAME: ClassVar[str] = "REMEMBER"
    ARITY: ClassVar[tuple[int, int]] = (2, 2)
    STATE: ClassVar[tuple[int, ...]] = (1,)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A chain with random skips: each operator reads two earlier tensors or one and its state, or views one."""
    sizes = draw(st.lists(st.integers(1, 500), min_size=2, max_size=25))
    tensors, ops = [Tensor("t0", (sizes[0],), "int8", QUANT)], []
    for index, size in enumerate(sizes[1:], start=1):
        first, second = draw(st.integers(0, index - 1)), draw(st.integers(0, index - 1))
        kind = draw(st.sampled_from((Add, Reshape, Remember)))
        states = len(sizes) + sum(type(op) is Remember for op in ops)  # behind the tensors of the chain
        inputs = {Add: (first, second), Reshape: (first,), Remember: (first, states)}[kind]
        tensors.append(Tensor(f"t{index}", tensors[first].shape if kind is Reshape else (size,), "int8", QUANT))
        ops.append(kind(OpSite(index=index - 1, inputs=inputs, outputs=(index,))))
    rememberers = [op for op in ops if type(op) is Remember]
    tensors += [Tensor("state", tensors[op.site.inputs[0]].shape, "int16", is_variable=True) for op in rememberers]
    return Graph(tuple(tensors), tuple(ops), (0,), (len(sizes) - 1,))


def roots(graph: Graph) -> dict[int, int]:
    """Each tensor's value: its own, or the one that it is a view of."""
    root = {index: index for index in range(len(graph.tensors))}
    for op in graph.ops:
        if op.IS_VIEW:
            root[op.site.outputs[0]] = root[op.site.inputs[0]]
    return root


def assert_sound(graph: Graph, plan: MemoryPlan) -> None:
    """Runs the plan: whatever an operator reads is still there, and it writes over an operand only in place."""
    root, memory = roots(graph), {}  # what each byte of the arena holds

    def span(tensor: int) -> range:
        return range(plan.offsets[tensor], plan.offsets[tensor] + graph.tensors[tensor].bytes)

    def write(tensor: int) -> None:
        memory.update(dict.fromkeys(span(tensor), root[tensor]))

    def assert_there(tensor: int) -> None:
        assert {memory[byte] for byte in span(tensor)} == {root[tensor]}, f"tensor {tensor} is lost"

    for tensor in (*graph.variables, *graph.inputs):
        write(tensor)
    for op in graph.ops:
        for tensor in op.activations(graph):
            assert_there(tensor)
        in_place = {op.site.inputs[position] for position in op.overwrites(graph)}
        for output in op.site.outputs if not op.IS_VIEW else ():
            for tensor in op.activations(graph):
                apart = not set(span(output)) & set(span(tensor))
                assert apart or (tensor in in_place and span(output) == span(tensor)), f"{op} writes over {tensor}"
            write(output)
    for tensor in (*graph.variables, *graph.outputs):
        assert_there(tensor)
    assert all(offset % ALIGNMENT == 0 for offset in plan.offsets.values())
    assert plan.arena_bytes >= plan.lower_bound


@given(graphs())
@settings(max_examples=60, derandomize=True, deadline=None)
def test_random_graphs(graph: Graph) -> None:
    plan = plan_memory(graph)
    assert_sound(graph, plan)
    ordered = order_operators(graph)
    assert_sound(ordered, plan_memory(ordered))
    for op in graph.ops:
        if op.IS_VIEW:
            assert plan.offsets[op.site.outputs[0]] == plan.offsets[op.site.inputs[0]]


@pytest.mark.parametrize("name", ["conformer", "convtransformer", "micro_speech", "person_detect", "windowed"])
def test_benchmark_models_come_close_to_the_lower_bound(bench_dir: Path, name: str) -> None:
    graph = run_passes(read_tflite(bench_dir / f"{name}.tflite").graph, name)
    plan = plan_memory(graph)
    assert_sound(graph, plan)
    assert plan.arena_bytes <= 1.05 * plan.lower_bound


def test_a_broken_plan_is_noticed() -> None:
    """The check itself: two buffers that live together at one address must not pass."""
    tensors = tuple(Tensor(f"t{i}", (8,), "int8", QUANT) for i in range(3))
    ops = (Add(OpSite(index=0, inputs=(0, 1), outputs=(2,))),)
    graph = Graph(tensors, ops, (0, 1), (2,))
    plan = plan_memory(graph)
    assert_sound(graph, plan)
    with pytest.raises(AssertionError):
        assert_sound(graph, replace(plan, offsets={0: 0, 1: 0, 2: 8}))
