"""What the planner tries and counts, on graphs so small that the right answer is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from codegen.ir import Graph, Op, OpSite, Quant, Tensor
from codegen.lifetimes import Buffer, Lifetimes
from codegen.ops.add import Add
from codegen.ops.fully_connected import FullyConnected
from codegen.ops.reshape import Reshape
from codegen.passes.order_operators import _depth_first, _greedy
from codegen.plan_memory import _orders, _plan, plan_memory
from codegen.regions import Region
from codegen.schedule import _options_of, choose_regions, overhead, smallest_peak

QUANT = Quant((0.1,), (0,))


def graph_of(sizes: list[int], steps: list[tuple[type[Op], tuple[int, ...], int]], inputs: tuple[int, ...]) -> Graph:
    """Tensors (1, size) int8; steps are operator, tensors read, tensor written. The last one written is the output."""
    tensors = [Tensor(f"t{i}", (1, size), "int8", QUANT) for i, size in enumerate(sizes)]
    ops: list[Op] = []
    for index, (kind, read, written) in enumerate(steps):
        if kind is FullyConnected:
            weights = np.ones((sizes[written], sizes[read[0]]), np.int8)
            tensors.append(Tensor("weights", weights.shape, "int8", QUANT, weights))
            ops.append(
                FullyConnected(OpSite(index=index, inputs=(*read, len(tensors) - 1), outputs=(written,)), "NONE")
            )
        else:
            ops.append(kind(OpSite(index=index, inputs=read, outputs=(written,))))
    return Graph(tuple(tensors), tuple(ops), inputs, (steps[-1][2],))


def two_branches() -> Graph:
    """Two readers of one input, a chain on the other."""
    steps: list[tuple[type[Op], tuple[int, ...], int]] = [
        *((FullyConnected, (0,), 2), (FullyConnected, (1,), 3), (FullyConnected, (0,), 4)),
        *((Add, (2, 4), 5), (FullyConnected, (3,), 6), (Add, (5, 6), 7)),
    ]
    return graph_of([24, 24, 8, 16, 8, 8, 8, 8], steps, (0, 1))


def a_view(own_input: bool) -> Graph:
    """A view beside a layer, which reads the same input or one of its own that dies with it."""
    steps: list[tuple[type[Op], tuple[int, ...], int]] = [
        *(
            (FullyConnected, (4 if own_input else 0,), 1),
            (Reshape, (0,), 2),
            (FullyConnected, (2,), 3),
            (Add, (1, 3), 5),
        ),
    ]
    return graph_of([24, 8, 24, 8, 8, 8], steps, (0, 4))


@pytest.mark.parametrize(
    ("graph", "order"),
    [
        (two_branches(), [1, 4, 0, 2, 3, 5]),  # an operand counts only where nobody else reads it
        (a_view(own_input=False), [1, 0, 2, 3]),  # a view makes no bytes
        (a_view(own_input=True), [0, 1, 2, 3]),  # nor does it free any: the earlier one of two alike
    ],
)
def test_the_fewest_bytes_alive_come_first(graph: Graph, order: list[int]) -> None:
    assert [op.site.index for op in _greedy(graph)] == order


def test_the_last_operand_comes_first() -> None:
    assert [op.site.index for op in _depth_first(two_branches())] == [1, 4, 2, 0, 3, 5]


def test_orders_in_which_buffers_are_placed() -> None:
    sizes_and_lives = [(10, 0, 5), (30, 2, 3), (20, 1, 9), (30, 1, 1), (5, 8, 9)]
    buffers = [Buffer(i, *entry) for i, entry in enumerate(sizes_and_lives)]
    assert [[buffer.tensor for buffer in order] for order in _orders(buffers)] == [
        [3, 1, 2, 0, 4],  # largest first
        [2, 0, 1, 4, 3],  # longest first
        [2, 0, 1, 3, 4],  # most bytes times steps first
        [0, 3, 2, 1, 4],  # earliest first
    ]


@pytest.mark.parametrize(
    "lives",
    [
        # What is there before the first operator and after the last lies lowest, or 8 bytes more are needed.
        [(32, -1, 5), (16, 0, 6), (8, -1, 3), (8, -1, 6), (40, 5, 5), (16, 3, 5), (40, -1, 1)],
        # An input that is read for the last time before the end does not, or 16 more are.
        [(32, 4, 5), (40, -1, 5), (48, -1, 1), (32, 2, 5), (48, 0, 4), (8, 0, 2), (48, -1, 5)],
    ],
)
def test_what_lies_lowest(lives: list[tuple[int, int, int]]) -> None:
    buffers = tuple(Buffer(tensor, *entry) for tensor, entry in enumerate(lives))
    end = max(last for _, _, last in lives)
    graph = graph_of([8] * (end + 1), [(Add, (step, step), step + 1) for step in range(end)], (0,))
    plan = _plan(graph, Lifetimes({}, buffers))
    assert plan.arena_bytes == plan.lower_bound


@pytest.mark.parametrize(("blocks", "instructions"), [(1, 0), (2, 80 + 3 * 4 * 8), (3, 2 * 80)])
def test_what_blocks_cost(blocks: int, instructions: int) -> None:
    """A call for each further block; of three rows one is computed twice, with its eight inputs for four outputs."""
    weights = np.ones((4, 8), np.int8)
    shapes = [(6, 8), (6, 4), (3, 8)]
    tensors = [Tensor(f"t{i}", shape, "int8", QUANT) for i, shape in enumerate(shapes)]
    tensors.append(Tensor("weights", weights.shape, "int8", QUANT, weights))
    ops = (
        FullyConnected(OpSite(index=0, inputs=(0, 3), outputs=(1,)), "NONE"),
        Reshape(OpSite(index=1, inputs=(1,), outputs=(2,))),
    )
    graph = Graph(tuple(tensors), ops, (0,), (2,))
    region = Region(0, 2, blocks, axes={}, rows={}, delays={}, reads={}, roots={}, buffers={})
    assert overhead(graph, region) == instructions


@pytest.mark.parametrize("channels", [(8, 8), (8, 8, 8), (8, 64, 8)])
def test_an_input_that_nobody_reads_has_its_place(channels: tuple[int, ...]) -> None:
    """Before the first operator all inputs are there, and no region makes them fewer."""
    tensors = [Tensor("unread", (1, 904), "int8", QUANT), Tensor("t0", (12, 8), "int8", QUANT)]
    ops, latest = [], 1
    for index, (inputs, outputs) in enumerate(pairwise(channels)):
        weights = Tensor("weights", (outputs, inputs), "int8", QUANT, np.ones((outputs, inputs), np.int8))
        tensors += [weights, Tensor(f"t{index + 1}", (12, outputs), "int8", QUANT)]
        site = OpSite(index=index, inputs=(latest, latest + 1), outputs=(latest + 2,))
        ops.append(FullyConnected(site, "NONE"))
        latest += 2
    graph = Graph(tuple(tensors), tuple(ops), (0, 1), (latest,))
    assert bool(choose_regions(graph)) == (64 in channels)
    assert smallest_peak(graph) == 904 + 12 * 8


def test_what_operators_take_alone() -> None:
    """Operands, output and scratch; nothing of what runs next."""
    steps: list[tuple[type[Op], tuple[int, ...], int]] = [(Add, (0, 0), 1), (Add, (1, 0), 2), (FullyConnected, (2,), 3)]
    graph = graph_of([16, 16, 16, 40], steps, (0,))
    scratch = graph.ops[2].scratch_bytes(graph)
    assert _options_of(graph).alone == [32, 32, 16 + 40 + scratch]


def test_a_constant_operand_is_in_no_arena() -> None:
    """The sum lies on its other operand, whichever that is."""
    tensors = [Tensor(f"t{i}", (1, 16), "int8", QUANT) for i in range(3)]
    tensors.append(Tensor("constant", (1, 16), "int8", QUANT, np.ones((1, 16), np.int8)))
    ops = (Add(OpSite(index=0, inputs=(3, 0), outputs=(1,))), Add(OpSite(index=1, inputs=(1, 3), outputs=(2,))))
    plan = plan_memory(Graph(tuple(tensors), ops, (0,), (2,)))
    assert plan.arena_bytes == 16
    assert plan.owner == {0: 0, 1: 0, 2: 0}


def test_operators_in_place_are_no_duty() -> None:
    """Where a sum lies on its operand, that stays where it is for both lives, and 8 bytes more are needed."""
    steps: list[tuple[type[Op], tuple[int, ...], int]] = [
        *((FullyConnected, (0,), 1), (Add, (0, 0), 2), (Add, (2, 0), 3), (Add, (2, 0), 4)),
        *((FullyConnected, (2,), 5), (FullyConnected, (2,), 6), (FullyConnected, (6,), 7)),
    ]
    graph = graph_of([16, 40, 16, 16, 16, 16, 40, 24], steps, (0,))
    assert plan_memory(graph).arena_bytes == 64
