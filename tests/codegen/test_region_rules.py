"""Rules that hold for any region, and what no region may be."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.ir import Graph
from codegen.regions import Region, RowsRead
from codegen.rows import WindowRows
from codegen.uses import Uses
from tests.codegen.forced_regions import all_regions, lowered, taken_apart
from tests.codegen.random_networks import networks
from tests.codegen.row_networks import Network, Window, network_case
from tests.ops.agreement import examples

drawn = settings(examples, max_examples=5 * examples.max_examples)
anything = st.tuples(networks().map(lowered), st.booleans()).map(
    lambda drawn: taken_apart(drawn[0]) if drawn[1] else drawn[0]
)


def steps_of(graph: Graph, region: Region) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Positions of a region's operators, and the outputs that rows are computed of."""
    for step in range(region.first, region.last):
        op = graph.ops[step]
        yield step, () if op.ADDS_UP else op.site.outputs


def reads_of(graph: Graph, region: Region) -> Iterator[tuple[int, int, RowsRead]]:
    """(position of the reader, tensor, rows that it reads)."""
    for (step, position), read in region.reads.items():
        yield step, graph.ops[step].site.inputs[position], read


def row_bytes(graph: Graph, region: Region, tensor: int) -> int:
    return graph.tensors[tensor].bytes // graph.tensors[tensor].shape[region.axes[tensor]]


def copies(graph: Graph, region: Region, step: int) -> bool:
    """Is the operator a view with rows of its own?"""
    op = graph.ops[step]
    return op.IS_VIEW and region.roots[op.site.outputs[0]] == op.site.outputs[0]


def is_read_beyond_its_edges(graph: Graph, region: Region, view: int) -> bool:
    """By windows of this region, or of a view of it."""
    uses = Uses.of(graph)
    for step, op in enumerate(graph.ops[region.first : region.last], region.first):
        if op.IS_VIEW and view in op.site.inputs and is_read_beyond_its_edges(graph, region, op.site.outputs[0]):
            return True
        for tensor, how in zip(op.site.inputs, uses.row_access(step, region.axes) or (), strict=False):
            if tensor == view and isinstance(how, WindowRows):
                windows = graph.output(op).shape[region.axes[op.site.outputs[0]]]
                begins = [window * how.stride - how.before for window in range(windows)]
                extent = graph.tensors[view].shape[how.axis]
                if min(begins) < 0 or max(begins) + how.extent > extent:
                    return True
    return False


def assert_rows_exist(graph: Graph, region: Region) -> None:
    """Those of whole tensors, and those of a block and what is kept from before it."""
    kept: dict[int, int] = {}
    for step, tensor, read in reads_of(graph, region):
        buffer = region.buffer(tensor) if tensor in region.roots else None
        if buffer is not None:
            block_rows = region.rows[tensor] // region.blocks
            assert read.step == block_rows
            assert read.back >= 0 and read.rows <= read.back + block_rows
            root = region.roots[tensor]
            kept[root] = max(kept.get(root, 0), read.back * row_bytes(graph, region, tensor))
        elif not copies(graph, region, step):
            extent = graph.tensors[tensor].shape[read.axis]
            assert read.back == 0 and (region.blocks - 1) * read.step + read.rows <= extent
    assert {root: buffer.history_bytes for root, buffer in region.buffers.items()} == {
        root: kept.get(root, 0) for root in region.buffers
    }


def assert_blocks_fit(graph: Graph, region: Region) -> None:
    """All outputs of an operator in equal blocks; of whole tensors just the rows that there are."""
    for _, outputs in steps_of(graph, region):
        assert len({region.rows[output] for output in outputs}) <= 1
        for output in outputs:
            rows, extent = region.rows[output], graph.tensors[output].shape[region.axes[output]]
            buffer = region.buffer(output)
            assert rows % region.blocks == 0
            assert rows == extent if buffer is None else extent <= rows < extent + rows // region.blocks
            if buffer is not None and region.roots[output] == output:
                size = row_bytes(graph, region, output)
                assert buffer.block_bytes == rows * size // region.blocks
                assert buffer.surplus_bytes == (rows - extent) * size


def assert_no_later_than_needed(graph: Graph, region: Region) -> None:
    """An operator is a turn behind one that it reads from only where it reads ahead, or another operand is late."""
    written = {output: step for step, outputs in steps_of(graph, region) for output in outputs}
    for step in range(region.first, region.last):
        at_least = [0]
        for reader, tensor, read in reads_of(graph, region):
            if reader == step and tensor in written:
                late = region.delays[step] - region.delays[written[tensor]]
                assert late >= 0
                before = read.back - late * read.step if region.buffer(tensor) is not None else 0
                block = region.rows[tensor] // region.blocks
                at_least.append(
                    region.delays[written[tensor]] + math.ceil(max(read.rows - before - read.step, 0) / block)
                )
        assert region.delays[step] == max(at_least)


@given(anything)
@drawn
def test_rows_that_are_read_exist(graph: Graph) -> None:
    for region in all_regions(graph):
        assert_rows_exist(graph, region)


@given(anything)
@drawn
def test_blocks_fit(graph: Graph) -> None:
    for region in all_regions(graph):
        assert_blocks_fit(graph, region)


@given(anything)
@drawn
def test_no_operator_is_later_than_it_has_to_be(graph: Graph) -> None:
    for region in all_regions(graph):
        assert_no_later_than_needed(graph, region)


@given(anything)
@drawn
def test_views_are_copied_only_where_windows_read_beyond_their_edges(graph: Graph) -> None:
    for region in all_regions(graph):
        for step in range(region.first, region.last):
            if copies(graph, region, step):
                assert is_read_beyond_its_edges(graph, region, graph.ops[step].site.outputs[0])


@given(anything)
@drawn
def test_what_runs_in_many_blocks_runs_in_fewer(graph: Graph) -> None:
    """In every number that divides them."""
    blocks: dict[tuple[int, int], set[int]] = {}
    for region in all_regions(graph):
        blocks.setdefault((region.first, region.last), set()).add(region.blocks)
    for found in blocks.values():
        assert all(fewer in found for many in found for fewer in range(2, many) if many % fewer == 0)


EVERY_SECOND = Window((2, 1), (2, 1), (1, 1), "SAME")  # 20 windows on 39 rows: in blocks, of 40


def padded(network: Network, columns: int = 1) -> tuple[int, int]:
    """An input (1, 39, columns, 2), and a convolution of it that may compute rows beyond the last."""
    given = network.tensor((1, 39, columns, 2))
    convolved = network.convolve(given, Window((3, 1), (1, 1), (1, 1), "SAME"), 2)
    assert convolved is not None
    return given, convolved


def most_blocks(network: Network, inputs: Sequence[int], outputs: Sequence[int | None]) -> int:
    """Of a region of all operators; 0 where that is none."""
    graph = lowered(network_case(network, inputs, [output for output in outputs if output is not None]))
    whole = [region.blocks for region in all_regions(graph) if region.last - region.first == len(graph.ops)]
    return max(whole, default=0)


@pytest.mark.parametrize(("rows", "blocks"), [(127, 127), (128, 128), (129, 43), (256, 128), (512, 128)])
def test_no_more_blocks_than_pay(rows: int, blocks: int) -> None:
    network = Network(random.Random(0))
    given = network.tensor((1, rows, 1, 2))
    curved = network.op("TANH", [given], network.tensor((1, rows, 1, 2), 1 / 128, 0))
    assert most_blocks(network, [given], [curved]) == blocks


@pytest.mark.parametrize("both", [False, True])
def test_outputs_of_one_operator_have_equal_blocks(both: bool) -> None:
    """A half of what is split is taken by windows in 40 rows; the other one is whole, or taken as well."""
    network = Network(random.Random(0))
    given, convolved = padded(network)
    halves = [network.tensor((1, 39, 1, 1), like=convolved) for _ in range(2)]
    network.builder.op("SPLIT", [network.indices(3), convolved], halves, num_splits=2)
    taken = [network.convolve(half, EVERY_SECOND, 2) for half in halves[: 1 + both]]
    assert most_blocks(network, [given], [*taken, *halves[1 + both :]]) == (20 if both else 0)


@pytest.mark.parametrize("is_output", [False, True])
def test_a_whole_tensor_has_no_rows_beyond_the_last(is_output: bool) -> None:
    network = Network(random.Random(0))
    given, convolved = padded(network)
    taken = network.convolve(convolved, EVERY_SECOND, 2)
    assert most_blocks(network, [given], [taken, *[convolved] * is_output]) == (0 if is_output else 20)


@pytest.mark.parametrize("apart", [False, True])
def test_rows_that_lie_apart_have_none_beyond_the_last(apart: bool) -> None:
    """Between TRANSPOSEs what fills up the last block would lie between other rows."""
    network = Network(random.Random(0))
    given, convolved = padded(network, columns=3)
    if apart:
        crossed = network.permuted(convolved, (0, 2, 1, 3))
        halved = network.convolve(crossed, Window((1, 2), (1, 2), (1, 1), "SAME"), 2)
        assert halved is not None
        output: int | None = network.permuted(halved, (0, 2, 1, 3))
    else:
        output = network.convolve(convolved, EVERY_SECOND, 2)
    assert most_blocks(network, [given], [output]) == (0 if apart else 20)


@pytest.mark.parametrize("rows", [39, 40])
def test_windows_that_leave_the_last_row_out(rows: int) -> None:
    """20 windows of one row each do not reach beyond 39 rows, but blocks of them do."""
    network = Network(random.Random(0))
    given = network.tensor((1, rows, 2))
    view = network.reshape(given, (1, rows, 1, 2))
    taken = network.convolve(view, Window((1, 1), (2, 1), (1, 1), "VALID"), 2)
    assert most_blocks(network, [given], [taken]) == (20 if rows == 40 else 0)


def test_windows_that_do_not_pad_among_rows_beyond_the_last() -> None:
    """A pool reads two of 78 rows at a time, and those that make them 80, which fill its own 39 up to 40."""
    network = Network(random.Random(0))
    given = network.tensor((1, 78, 1, 2))
    convolved = network.convolve(given, Window((3, 1), (1, 1), (1, 1), "SAME"), 2)
    assert convolved is not None
    options = {"filter_height": 2, "filter_width": 1, "stride_h": 2, "stride_w": 1, "padding": "VALID"}
    pooled = network.op("MAX_POOL_2D", [convolved], network.tensor((1, 39, 1, 2), like=convolved), **options)
    assert most_blocks(network, [given], [network.convolve(pooled, EVERY_SECOND, 2)]) == 20


def test_a_view_of_a_view_is_padded_with_it() -> None:
    """What the windows read beyond its edges is a view of what TANH reads: both have the rows of one copy."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 2), zero_point=3)
    view = network.reshape(given, (1, 12, 1, 2))
    curved = network.op("TANH", [view], network.tensor((1, 12, 1, 2), 1 / 128, 0))
    viewed = network.reshape(view, (1, 1, 12, 2))
    convolved = network.convolve(viewed, Window((1, 3), (1, 1), (1, 1), "SAME"), 2)
    assert most_blocks(network, [given], [curved, convolved]) == 12
