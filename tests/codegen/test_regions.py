"""Row regions: whatever runs block of rows by block of rows gives the bytes of whole tensors, which are TFLM's."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from codegen.lifetimes import lifetimes
from codegen.plan_memory import plan_memory
from codegen.schedule import ARENA_SLACK, choose_regions
from tests.codegen.arena import assert_sound
from tests.codegen.forced_regions import (
    all_regions,
    assert_regions_change_nothing,
    assert_same_bytes,
    describe,
    lowered,
    some_ways,
)
from tests.codegen.random_networks import networks
from tests.codegen.row_networks import Network, Window, network_case
from tests.generated import run_sanitized
from tests.ops.agreement import Case, examples
from tests.reference_runtimes import run_tflm
from tests.watched_arena import watched


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


@settings(examples, max_examples=2 * examples.max_examples)
@given(case=networks())
def test_any_region_gives_the_same_bytes(case: Case) -> None:
    graph = lowered(case)
    chosen = [choose_regions(graph, slack) for slack in ARENA_SLACK.values()]
    assert_regions_change_nothing(case, graph, [*chosen, *some_ways(graph, random.Random(0))])


@pytest.mark.parametrize("late_first", [False, True])
def test_a_sum_reads_rows_that_its_window_has_left_behind(late_first: bool) -> None:
    """Blocks of every size: the convolution is a block late, and the sum reads the other operand as late."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 1, 2))
    first = network.op("TANH", [given], network.tensor((1, 12, 1, 2), 1 / 128, 0))
    convolved = network.convolve(first, Window((3, 1), (1, 1), (1, 1), "SAME"), 2)
    operands = [convolved, first] if late_first else [first, convolved]
    case = network_case(network, [given], [network.op("ADD", operands, network.tensor((1, 12, 1, 2), 0.1))])
    regions = [region for region in all_regions(lowered(case)) if len(region.delays) == 3]
    assert [region.blocks for region in regions] == [12, 6, 4, 3, 2]
    assert_regions_change_nothing(case, lowered(case), [(region,) for region in regions])


def test_rows_beyond_the_last_go_through_all_operators() -> None:
    """Windows two rows apart take 20 blocks of what are 39 rows: one more is computed, in front of them too."""
    network = Network(random.Random(0))
    given = network.tensor((1, 39, 1, 2))
    convolved = network.convolve(given, Window((3, 1), (1, 1), (1, 1), "SAME"), 2)
    curved = network.op("TANH", [convolved], network.tensor((1, 39, 1, 2), 1 / 128, 0))
    case = network_case(network, [given], [network.convolve(curved, Window((3, 1), (2, 1), (1, 1), "SAME"), 2)])
    graph = lowered(case)
    regions = [region for region in all_regions(graph) if (region.first, region.last) == (0, len(graph.ops))]
    assert [region.blocks for region in regions] == [20, 10, 5, 4, 2]
    assert_regions_change_nothing(case, graph, [(region,) for region in regions])


@pytest.mark.parametrize("by_window", [False, True])
def test_no_rows_beyond_those_of_a_whole_tensor(by_window: bool) -> None:
    network = Network(random.Random(0))
    if by_window:
        given = network.tensor((1, 41, 1, 2))
        first = network.convolve(given, Window((3, 1), (1, 1), (1, 1), "VALID"), 2)
    else:
        given = network.tensor((1, 39, 1, 2))
        first = network.op("TANH", [given], network.tensor((1, 39, 1, 2), 1 / 128, 0))
    convolved = network.convolve(first, Window((3, 1), (2, 1), (1, 1), "SAME"), 2)
    graph = lowered(network_case(network, [given], [convolved]))
    assert [op.NAME for op in graph.ops] == (["RESHAPE", "CONV_2D", "CONV_2D"] if by_window else ["TANH", "CONV_2D"])
    assert {region.last - region.first for region in all_regions(graph)} == {1}


def test_only_what_windows_read_beyond_its_edges_is_copied() -> None:
    """Not what an operator in front of them reads: that view stays one of the whole tensor."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 2))
    view = network.reshape(given, (1, 12, 1, 2))
    curved = network.op("TANH", [view], network.tensor((1, 12, 1, 2), 1 / 128, 0))
    window = Window((3, 1), (1, 1), (1, 1), "SAME")
    graph = lowered(network_case(network, [given], [network.convolve(curved, window, 2)]))
    assert [op.NAME for op in graph.ops][:2] == ["RESHAPE", "TANH"]
    regions = [region for region in all_regions(graph) if region.last - region.first == 3]
    assert [region.blocks for region in regions] == [12, 6, 4, 3, 2]
    assert {region.roots[view] for region in regions} == {given}


def test_a_region_at_another_position() -> None:
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 1, 2))
    graph = lowered(
        network_case(network, [given], [network.convolve(given, Window((3, 1), (1, 1), (1, 1), "SAME"), 2)])
    )
    region = all_regions(graph)[-1]
    moved = region.moved(region.first + 3)
    assert (moved.first, moved.last) == (region.first + 3, region.last + 3)
    assert set(moved.delays) == {step + 3 for step in region.delays}
    assert set(moved.reads) == {(step + 3, position) for step, position in region.reads}
    assert region.moved(region.first) is region


def test_in_place_block_by_block() -> None:
    """TANH writes over the input, of which both operators of a region read the rows of their own block."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 1, 8))
    window = network.convolve(given, Window((1, 1), (1, 1), (1, 1), "VALID"), 2)
    in_place = network.op("TANH", [given], network.tensor((1, 12, 1, 8), 1 / 128, 0))
    case = network_case(network, [given], [window, in_place])
    graph = lowered(case)
    assert [op.NAME for op in graph.ops] == ["RESHAPE", "CONV_2D", "TANH"]
    regions = [region for region in all_regions(graph) if (region.first, region.last) == (1, 3)]
    assert [region.blocks for region in regions] == [12, 6, 4, 3, 2]
    for region in regions:
        plan = lifetimes(graph, (region,))
        assert plan.owner[graph.outputs[1]] == graph.inputs[0]
    assert_regions_change_nothing(case, graph, [(region,) for region in regions])


def strided_window_beside_what_works_in_place() -> Case:
    """TANH could write over the input block by block, but the windows of two blocks share a row of it."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 1, 2))
    window = network.convolve(given, Window((4, 1), (3, 1), (1, 1), "VALID"), 2)
    in_place = network.op("TANH", [given], network.tensor((1, 12, 1, 2), 1 / 128, 0))
    return network_case(network, [given], [window, in_place])


def view_with_another_zero_point() -> Case:
    """Rows beyond the edges are filled for the CONV_2D behind the RESHAPE, not for the RELU in front of it."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 2), zero_point=3)
    rectified = network.op("RELU", [given], network.tensor((1, 12, 2), zero_point=3))
    view = network.tensor((1, 1, 12, 2), zero_point=-100)
    network.op("RESHAPE", [rectified, network.indices((1, 1, 12, 2))], view, new_shape=[1, 1, 12, 2])
    return network_case(network, [given], [network.convolve(view, Window((1, 3), (1, 1), (1, 1), "SAME"), 2)])


def late_sum_beside_what_works_in_place() -> Case:
    """TANH could write over the input block by block, but the ADD reads that block a turn later."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 1, 2))
    convolved = network.convolve(given, Window((3, 1), (1, 1), (1, 1), "SAME"), 2)
    summed = network.op("ADD", [given, convolved], network.tensor((1, 12, 1, 2), 0.1))
    in_place = network.op("TANH", [given], network.tensor((1, 12, 1, 2), 1 / 128, 0))
    return network_case(network, [given], [summed, in_place])


def windows_across_transposed_rows() -> Case:
    """Between the TRANSPOSEs neighbouring rows are no neighbours in memory, so that none can be kept."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 3, 2))
    crossed = network.permuted(given, (0, 2, 1, 3))
    convolved = network.convolve(crossed, Window((1, 3), (1, 1), (1, 1), "SAME"), 2)
    return network_case(network, [given], [network.permuted(convolved, (0, 2, 1, 3))])


def pool_that_reaches_out() -> Case:
    """Its windows are clipped at the edges: rows of zero points would count."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 1, 2), zero_point=-100)
    rectified = network.op("RELU", [given], network.tensor((1, 12, 1, 2), zero_point=-7))
    options = {"filter_height": 3, "filter_width": 1, "stride_h": 1, "stride_w": 1, "padding": "SAME"}
    pooled = network.op("AVERAGE_POOL_2D", [rectified], network.tensor((1, 12, 1, 2), like=rectified), **options)
    return network_case(network, [given], [pooled])


def matrix_product_with_itself() -> Case:
    """Every row of the product reads its own row of the RELU, and all of them."""
    network = Network(random.Random(0))
    given = network.tensor((1, 12, 2), zero_point=-100)
    rectified = network.op("RELU", [given], network.tensor((1, 12, 2), zero_point=-7))
    product = network.op("BATCH_MATMUL", [rectified, rectified], network.tensor((1, 12, 12), 0.3, -100), adj_y=True)
    return network_case(network, [given], [product])


def rows_that_do_not_divide() -> Case:
    """Twelve rows are a view of nine, from which they are copied: in three blocks, but not in more."""
    network = Network(random.Random(0))
    given = network.tensor((1, 9, 4))
    image = network.reshape(given, (1, 12, 1, 3))
    return network_case(network, [given], [network.convolve(image, Window((3, 1), (1, 1), (1, 1), "SAME"), 2)])


def views_of_one_tensor_on_both_sides() -> Case:
    """Windows read a copied view, a sum the tensor itself, and a view of it is an output."""
    network = Network(random.Random(1))
    given = network.tensor((1, 4, 2))
    rectified = network.unary(given)
    return network_case(network, [given], [network.residual(rectified), network.reshape(rectified, (4, 2))])


@pytest.mark.parametrize(
    "make",
    [
        strided_window_beside_what_works_in_place,
        view_with_another_zero_point,
        late_sum_beside_what_works_in_place,
        windows_across_transposed_rows,
        pool_that_reaches_out,
        matrix_product_with_itself,
        rows_that_do_not_divide,
        views_of_one_tensor_on_both_sides,
    ],
)
def test_every_region_of_a_case_that_is_easily_wrong(make: Callable[[], Case]) -> None:
    case = make()
    graph = lowered(case)
    regions = all_regions(graph)
    assert regions
    for region in regions:
        assert_sound(graph, (region,), plan_memory(graph, (region,)))
    assert_regions_change_nothing(case, graph, [(region,) for region in regions])


@pytest.mark.parametrize("operator", ["residual", "attention"])
def test_sanitizers_find_nothing(operator: str) -> None:
    """In the longest region that keeps rows; the first and last bytes of the arena have guards beside them, and
    within it no operator changes or reads what is not its own."""
    network = Network(random.Random(11))
    given = network.tensor((1, 24, 2))
    output = network.layer_norm(network.residual(getattr(network, operator)(given)))
    case = network_case(network, [given], [output])
    graph = lowered(case)
    keeping = [region for region in all_regions(graph) if any(held.history_bytes for held in region.buffers.values())]
    way = (max(keeping, key=lambda region: (region.last - region.first, region.blocks)),)
    got = run_sanitized(watched(graph, way), graph, case.rows)
    assert_same_bytes(got, run_tflm(case.model, case.rows), describe(graph, way))


def test_tensors_without_rows_are_no_region() -> None:
    """Scalars, and tensors of which each axis has one row."""
    network = Network(random.Random(0))
    given = network.tensor((4, 3))
    scalar = network.op("MEAN", [given, network.indices([0, 1])], network.tensor(()), keep_dims=False)
    one = network.op("MEAN", [given, network.indices([0, 1])], network.tensor((1, 1)), keep_dims=True)
    case = network_case(network, [given], [scalar, one])
    assert all_regions(lowered(case)) == []
    assert_regions_change_nothing(case, lowered(case), [])
