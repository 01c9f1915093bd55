"""The memory plan: nothing that is still needed is overwritten, with any regions, on random and on benchmark models."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from codegen.ir import Graph, OpSite, Quant, Tensor
from codegen.ops.add import Add
from codegen.passes import run_passes
from codegen.plan_memory import plan_memory
from codegen.read_tflite import read_tflite
from codegen.schedule import ARENA_SLACK, choose_regions, overhead
from tests.codegen.arena import assert_sound
from tests.codegen.forced_regions import lowered, some_ways
from tests.codegen.random_networks import networks
from tests.ops.agreement import Case, examples

QUANT = Quant((0.1,), (0,))


@settings(examples, max_examples=3 * examples.max_examples)
@given(networks())
def test_random_networks(case: Case) -> None:
    graph = lowered(case)
    for regions in [(), *some_ways(graph, random.Random(0))]:
        plan = plan_memory(graph, regions)
        assert_sound(graph, regions, plan)
        assert plan.arena_bytes >= plan.lower_bound
    for op in graph.ops:
        if op.IS_VIEW:
            plan = plan_memory(graph)
            assert plan.offsets[op.site.outputs[0]] == plan.offsets[op.site.inputs[0]]


# Bytes of arena, and instructions that regions cost: a change that plans otherwise says here whether it plans better.
PLANS = {
    "conformer": {"whole tensors": (40864, 0), "size": (15128, 717760), "speed": (18824, 15360)},
    "convtransformer": {"whole tensors": (23664, 0), "size": (15128, 711360), "speed": (17504, 11520)},
    "micro_speech": {"whole tensors": (6440, 0), "size": (3016, 3840), "speed": (3016, 3840)},
    "person_detect": {"whole tensors": (55360, 0), "size": (25024, 10880), "speed": (31168, 5120)},
    "windowed": {"whole tensors": (85024, 0), "size": (13744, 57760), "speed": (16048, 56240)},
}


@pytest.mark.parametrize("name", PLANS)
def test_benchmark_models_come_close_to_the_lower_bound(bench_dir: Path, name: str) -> None:
    graph = run_passes(read_tflite(bench_dir / f"{name}.tflite").graph, name)
    plans = {"whole tensors": (plan_memory(graph).arena_bytes, 0)}
    for optimize, slack in ARENA_SLACK.items():
        regions = choose_regions(graph, slack)
        plan = plan_memory(graph, regions)
        assert_sound(graph, regions, plan)
        assert plan.arena_bytes <= 1.05 * plan.lower_bound
        plans[optimize] = (plan.arena_bytes, sum(overhead(graph, region) for region in regions))
    assert plans == PLANS[name]


def test_a_broken_plan_is_noticed() -> None:
    """The check itself: two buffers that live together at one address must not pass."""
    tensors = tuple(Tensor(f"t{i}", (8,), "int8", QUANT) for i in range(3))
    ops = (Add(OpSite(index=0, inputs=(0, 1), outputs=(2,))),)
    graph = Graph(tensors, ops, (0, 1), (2,))
    plan = plan_memory(graph)
    assert_sound(graph, (), plan)
    with pytest.raises(AssertionError, match="operand 0: 8 of 8 bytes are lost"):
        assert_sound(graph, (), replace(plan, offsets={0: 0, 1: 0, 2: 8}))
    with pytest.raises(AssertionError, match="outside of the arena"):
        assert_sound(graph, (), replace(plan, offsets={0: 0, 1: 8, 2: 16}))


def test_an_output_on_part_of_an_operand_is_noticed() -> None:
    tensors = tuple(Tensor(f"t{i}", (16,), "int8", QUANT) for i in range(2))
    graph = Graph(tensors, (Add(OpSite(index=0, inputs=(0, 0), outputs=(1,))),), (0,), (1,))
    plan = plan_memory(graph)
    with pytest.raises(AssertionError, match="written over an operand"):
        assert_sound(graph, (), replace(plan, offsets={0: 0, 1: 8}, arena_bytes=24))
