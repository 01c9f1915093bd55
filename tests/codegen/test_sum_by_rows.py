"""Operators that need all rows at once, as sums that add up block by block: the same bytes, and a smaller arena."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.ir import Graph, OpSite, Quant, Tensor
from codegen.ops.fully_connected import FullyConnected
from codegen.ops.row_sums import ScaledSums
from codegen.passes.sum_by_rows import MOST_POOLED, MOST_PRODUCTS, parts_of, sum_by_rows
from codegen.plan_memory import plan_memory
from codegen.read_tflite import parse_tflite
from codegen.regions import Region
from codegen.verify import verify
from tests.codegen.arena import assert_sound
from tests.codegen.forced_regions import (
    WAYS,
    all_regions,
    assert_regions_change_nothing,
    assert_same_bytes,
    describe,
    lowered,
    rendered,
    taken_apart,
)
from tests.codegen.random_networks import IMAGES, SEQUENCES
from tests.codegen.row_networks import Network, Window, network_case
from tests.codegen.sum_networks import flat_dense, global_pool, sum_of_rows
from tests.generated import Files, run_sanitized
from tests.ops.agreement import Case, examples
from tests.ops.strategies import seeds
from tests.reference_runtimes import run_tflm


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


@st.composite
def networks_that_sum_up(draw: st.DrawFn) -> Case:
    """Convolutions of an image or a sequence, and what takes all of their rows."""
    network = Network(random.Random(draw(seeds)))
    latest = given = network.tensor((1, *draw(st.one_of(IMAGES, SEQUENCES))[1:]))
    for _ in range(draw(st.integers(1, 3))):
        convolve = network.convolution if len(network.shapes[latest]) == 4 else network.convolution_1d
        latest = convolve(latest) or latest
    outputs = [end(network, latest) for end in draw(st.permutations((flat_dense, sum_of_rows, global_pool)))]
    return network_case(network, [given], [output for output in outputs if output is not None][:2])


def regions_with_sums(graph: Graph) -> list[Region]:
    return [region for region in all_regions(graph) if any(op.ADDS_UP for op in graph.ops[region.first : region.last])]


@settings(examples, max_examples=2 * examples.max_examples)
@given(case=networks_that_sum_up())
def test_any_region_that_sums_up_gives_the_same_bytes(case: Case) -> None:
    graph = taken_apart(lowered(case))
    verify(graph, "taken apart")
    found = regions_with_sums(graph)
    ways = [(region,) for region in random.Random(0).sample(found, min(WAYS, len(found)))]
    for way in ways:
        assert_sound(graph, way, plan_memory(graph, way))
    assert_regions_change_nothing(case, graph, ways)


@cache
def example() -> tuple[Case, Graph, Region]:
    """Odd numbers of rows under strides, then a linear layer on a view of all; the region of the most blocks."""
    network = Network(random.Random(3))
    given = network.tensor((1, 39, 12, 1), zero_point=3)
    window = Window((4, 3), (2, 2), (1, 1), "SAME")
    convolved = network.convolve(network.convolve(given, window, 16), window, 16)
    case = network_case(network, [given], [flat_dense(network, convolved, 6)])
    graph = lowered(case)
    longest = max(regions_with_sums(graph), key=lambda region: (region.last - region.first, region.blocks))
    assert (longest.blocks, sorted(set(longest.rows.values()))) == (10, [10, 20, 40, 480])
    return case, graph, longest


def test_a_smaller_arena_and_the_same_bytes() -> None:
    case, graph, region = example()
    whole = parse_tflite(case.model).graph
    assert plan_memory(graph, (region,)).arena_bytes < 0.8 * plan_memory(whole).arena_bytes
    assert_sound(graph, (region,), plan_memory(graph, (region,)))
    assert_regions_change_nothing(case, graph, [(region,)])


@pytest.mark.parametrize(("name", "scale"), [("SUM", 0.1), ("MEAN", 0.002)])
def test_sums_of_a_block_at_a_time(name: str, scale: float) -> None:
    """With zero points, and results beyond both ends of int8."""
    network = Network(random.Random(3))
    given = network.tensor((1, 16, 4, 2), zero_point=3)
    convolved = network.convolve(given, Window((1, 1), (1, 1), (1, 1), "VALID"), 3)
    output = network.tensor((1, 1, 1, 3), scale, zero_point=-7)
    network.op(name, [convolved, network.indices([1, 2])], output, keep_dims=True)
    case = network_case(network, [given], [output])
    graph = taken_apart(lowered(case))
    assert {-128, 127} <= set(np.concatenate([row[0].ravel() for row in run_tflm(case.model, case.rows)]))
    assert_regions_change_nothing(case, graph, [(region,) for region in regions_with_sums(graph)[:3]])


def test_sanitizers_find_nothing() -> None:
    case, graph, region = example()
    got = run_sanitized(rendered(graph, (region,)), graph, case.rows)
    assert_same_bytes(got, run_tflm(case.model, case.rows), describe(graph, (region,)))


CODE, WEIGHTED, SCALED = "model/ser_model.c", "model/kernels/ts_weighted_sums.c", "model/kernels/ts_scaled_sums.c"
BROKEN_CODE = {
    "sums do not begin at zero": (CODE, r"memset\([^,]*, 0, 24\);", ""),
    "sums begin again in each turn": (CODE, r"(for \(int32_t turn.*?\{)", r"\1 memset(arena.bytes + SUMS, 0, 24);"),
    "sums of the last block only": (WEIGHTED, r"sums\[n \+ i\] \+=", "sums[n + i] ="),
    "weights of the first block": (CODE, r"(ser_constant_\d+ \+ 0) \+ [^,]*,", r"\1,"),
    "the last sum is left out": (WEIGHTED, r"n \+ 4 <= params->sums \? 4 : 1", "4"),
    "no bias": (SCALED, r"\(uint32_t\)scales\[0\]", "0u"),
    "scales of the first sum": (SCALED, r", scales \+= params->scales_step", ""),
    "surplus rows are not filled": (CODE, r"if \(turn == \d+\) \{\s*memset[^}]*\}", ""),
    "the last row of each block is not copied": (CODE, r"u - \(turn == \d+ \? \d+u : 0u\)", "u - 12u"),
}


def edited(files: Files, name: str, pattern: str, replacement: str) -> Files:
    zeros = re.search(r"memset\(arena.bytes \+ (\d+), 0, 24\)", str(files[CODE]))
    assert zeros
    changed = re.sub(pattern, replacement.replace("SUMS", zeros[1]), str(files[name]), flags=re.DOTALL)
    assert changed != files[name], "nothing to break"
    return {**files, name: changed}


@pytest.mark.parametrize("broken", BROKEN_CODE.values(), ids=BROKEN_CODE.keys())
def test_broken_sums_are_found(broken: tuple[str, str, str]) -> None:
    case, graph, region = example()
    with pytest.raises(AssertionError, match="differ from TFLM's"):
        assert_regions_change_nothing(case, graph, [(region,)], lambda files: edited(files, *broken))


@pytest.mark.parametrize("count", [*range(2, 66), 127, 128, 961, 1000, 1024, MOST_POOLED - 1, MOST_POOLED])
def test_average_of_a_pool_for_every_sum(count: int) -> None:
    """As AVERAGE_POOL_2D divides: rounded half away from zero."""
    network = Network(random.Random(0))
    given = network.tensor((1, count, 1, 2))
    options = {"filter_height": count, "filter_width": 1, "stride_h": 1, "stride_w": 1, "padding": "VALID"}
    pooled = network.op("AVERAGE_POOL_2D", [given], network.tensor((1, 1, 1, 2), like=given), **options)
    scaled = taken_apart(parse_tflite(network_case(network, [given], [pooled]).model).graph).ops[-1]
    assert isinstance(scaled, ScaledSums)
    ((offset, multiplier, shift),) = scaled.scales.astype(np.int64)
    assert (offset, shift, scaled.output_offset) == (0, 0, 0)
    sums = np.arange(-128 * count, 127 * count + 1, dtype=np.int64)
    rounded = np.sign(sums) * ((np.abs(sums) + count // 2) // count)
    np.testing.assert_array_equal((sums * multiplier + 2**30) >> 31, rounded)


def test_what_gives_no_sums_over_rows() -> None:
    """Several rows of outputs, a single row of inputs, kept axes in front of or between reduced ones, windows on a
    part."""
    network = Network(random.Random(0))
    image, sequence = network.tensor((1, 6, 4, 2)), network.tensor((1, 6, 2))
    options = {"filter_height": 3, "filter_width": 4, "stride_h": 3, "stride_w": 4, "padding": "VALID"}
    pooled = network.op("AVERAGE_POOL_2D", [image], network.tensor((1, 2, 1, 2), like=image), **options)
    parts = [_pool_of_a_part(network, image, size) for size in ((5, 4), (6, 3))]
    one_row = network.reshape(network.mean(sequence, 1), (1, 1, 2))
    ends = network.op("MEAN", [image, network.indices([1, 3])], network.tensor((1, 4), like=image), keep_dims=False)
    outputs = [network.dense(sequence), network.dense(one_row), network.mean(image, 2), ends, pooled, *parts]
    case = network_case(network, [image, sequence], [tensor for tensor in outputs if tensor is not None])
    graph = parse_tflite(case.model).graph
    assert [op.NAME for op in graph.ops if parts_of(op, graph)] == ["MEAN"]  # of the sequence


def _pool_of_a_part(network: Network, image: int, size: tuple[int, int]) -> int:
    """One window, which leaves out the last row or column."""
    height, width = network.shapes[image][1:3]
    options = {"filter_height": size[0], "filter_width": size[1], "stride_h": height, "stride_w": width}
    output = network.tensor((1, 1, 1, network.shapes[image][3]), like=image)
    return network.op("AVERAGE_POOL_2D", [image], output, **options, padding="VALID")


def test_as_many_products_as_32_bits_have_room_for() -> None:
    assert MOST_PRODUCTS * 128**2 < 2**31 <= (MOST_PRODUCTS + 1) * 128**2


@pytest.mark.parametrize(("count", "is_sum"), [(2048, True), (2049, False)])
def test_the_largest_pool_that_is_a_sum(count: int, is_sum: bool) -> None:
    network = Network(random.Random(0))
    image = network.tensor((1, count, 1, 2))
    pooled = global_pool(network, image)
    assert pooled is not None
    graph = parse_tflite(network_case(network, [image], [pooled]).model).graph
    assert (parts_of(graph.ops[0], graph) is not None) == is_sum


def test_a_pool_over_several_images_is_no_sum() -> None:
    network = Network(random.Random(0))
    image = network.tensor((2, 6, 4, 2))
    pooled = global_pool(network, image)
    assert pooled is not None
    graph = parse_tflite(network_case(network, [image], [pooled]).model).graph
    assert parts_of(graph.ops[0], graph) is None


def test_nothing_is_taken_apart_that_does_not_make_the_arena_smaller() -> None:
    """The linear layer reads a tensor that is small beside the one before it, which the sum reads."""
    network = Network(random.Random(0))
    given = network.tensor((1, 16, 8, 1))
    wide = network.convolve(given, Window((1, 3), (1, 1), (1, 1), "VALID"), 16)
    summed = sum_of_rows(network, wide)
    narrow = flat_dense(network, network.convolve(given, Window((8, 1), (8, 1), (1, 1), "VALID"), 1))
    graph = parse_tflite(network_case(network, [given], [summed, narrow]).model).graph
    assert sum(parts_of(op, graph) is not None for op in graph.ops) == 2
    assert [op.NAME for op in sum_by_rows(graph, slack=0.0).ops if op.ADDS_UP] == ["COLUMN_SUMS"]
    assert sum_by_rows(graph, slack=100.0) is graph


def test_two_of_three_are_taken_apart_where_both_have_to_be() -> None:
    network = Network(random.Random(0))
    given = network.tensor((1, 16, 8, 1))
    narrow = network.convolve(given, Window((8, 1), (8, 1), (1, 1), "VALID"), 1)
    outputs = [flat_dense(network, narrow)]
    for _ in range(2):
        wide = network.convolve(given, Window((1, 3), (1, 1), (1, 1), "VALID"), 16)
        outputs.append(sum_of_rows(network, wide))
    graph = parse_tflite(network_case(network, [given], outputs).model).graph
    assert sum(parts_of(op, graph) is not None for op in graph.ops) == 3
    assert [op.NAME for op in sum_by_rows(graph, slack=0.0).ops if op.ADDS_UP] == ["COLUMN_SUMS"] * 2


@pytest.mark.parametrize("zero_point", [0, 3])
def test_sums_have_no_room_for_a_zero_point_of_weights(zero_point: int) -> None:
    weights = np.ones((5, 24), np.int8)
    quants = [Quant((0.1,), (0,)), Quant((0.1,), (zero_point,)), Quant((0.1,), (0,))]
    tensors = tuple(
        Tensor(name, shape, "int8", quant, data)
        for name, shape, quant, data in zip(
            "xwy", [(6, 4), (5, 24), (1, 5)], quants, [None, weights, None], strict=True
        )
    )
    op = FullyConnected(OpSite(index=0, inputs=(0, 1), outputs=(2,)), "NONE")
    assert (parts_of(op, Graph(tensors, (op,), (0,), (2,))) is None) == (zero_point != 0)
