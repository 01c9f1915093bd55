"""Row regions: whatever runs block of rows by block of rows gives the bytes of whole tensors, which are TFLM's."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given

from codegen.schedule import ARENA_SLACK, choose_regions
from tests.codegen.forced_regions import (
    all_regions,
    assert_regions_change_nothing,
    assert_same_bytes,
    describe,
    lowered,
    rendered,
    some_ways,
)
from tests.codegen.row_networks import Network, Window, network_case, networks
from tests.generated import run_sanitized
from tests.ops.agreement import Case, examples
from tests.reference_runtimes import run_tflm


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


@examples
@given(case=networks())
def test_any_region_gives_the_same_bytes(case: Case) -> None:
    graph = lowered(case)
    chosen = [choose_regions(graph, slack) for slack in ARENA_SLACK.values()]
    assert_regions_change_nothing(case, graph, [*chosen, *some_ways(graph, random.Random(0))])


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


def view_that_is_read_by_windows_and_without() -> Case:
    """An input that convolutions read through views, that is added to what they give, and read in place too."""
    network = Network(random.Random(3))
    given = network.tensor((1, 8, 4))
    return network_case(network, [given], [network.residual(given), network.unary(given)])


@pytest.mark.parametrize(
    "make",
    [
        strided_window_beside_what_works_in_place,
        view_with_another_zero_point,
        view_that_is_read_by_windows_and_without,
    ],
)
def test_every_region_of_a_case_that_is_easily_wrong(make: Callable[[], Case]) -> None:
    case = make()
    graph = lowered(case)
    regions = all_regions(graph)
    assert regions
    assert_regions_change_nothing(case, graph, [(region,) for region in regions])


@pytest.mark.parametrize("operator", ["residual", "attention"])
def test_sanitizers_find_nothing(operator: str) -> None:
    """In the longest region that keeps rows; the first and last bytes of the arena have guards beside them."""
    network = Network(random.Random(11))
    given = network.tensor((1, 24, 2))
    output = network.layer_norm(network.residual(getattr(network, operator)(given)))
    case = network_case(network, [given], [output])
    graph = lowered(case)
    keeping = [region for region in all_regions(graph) if any(held.history_bytes for held in region.buffers.values())]
    way = (max(keeping, key=lambda region: (region.last - region.first, region.blocks)),)
    got = run_sanitized(rendered(graph, way), graph, case.rows)
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
