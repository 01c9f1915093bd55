"""Row regions of int16: blocks, kept rows and padding are counted in bytes."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from tests.codegen.forced_regions import all_regions, assert_regions_change_nothing, lowered, some_ways
from tests.ops.agreement import Case
from tests.ops.strategies import rows_for, weights
from tests.tflite_builder import ModelBuilder

SHAPE, SCALE = (1, 12, 6, 4), 0.001


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


def movements_and_sums() -> Case:
    """Pools, residual sums, a constant of the rows' own, paddings, joined parts, transposed columns, row means."""
    builder = ModelBuilder()

    def tensor(name: str, shape: tuple[int, ...], dtype: str = "int16", scale: float = SCALE, **more: object) -> int:
        return builder.tensor(name, shape, dtype, scale=scale, **more)

    x, gains = (
        tensor("x", SHAPE),
        tensor("gains", (1, 12, 1, 1), scale=2.0**-15, data=weights((1, 12, 1, 1), 1, "int16")),
    )
    gained, tanh, summed = tensor("gained", SHAPE), tensor("tanh", SHAPE, scale=2.0**-15), tensor("summed", SHAPE)
    builder.op("MUL", [x, gains], [gained])
    builder.op("TANH", [gained], [tanh])
    builder.op("ADD", [gained, tanh], [summed], pot_scale_int16=False)
    pooled, narrow = tensor("pooled", (1, 6, 6, 4)), tensor("narrow", (1, 6, 6, 4), "int8", 0.3)
    builder.op(
        "MAX_POOL_2D", [summed], [pooled], padding="VALID", stride_h=2, stride_w=1, filter_height=2, filter_width=1
    )
    builder.op("QUANTIZE", [pooled], [narrow])
    wide, padded = tensor("wide", (1, 6, 6, 4)), tensor("padded", (1, 6, 9, 4))
    builder.op("QUANTIZE", [narrow], [wide])
    value, sides = tensor("value", (1,), data=[-1234]), builder.constant("sides", [[0, 0], [0, 0], [2, 1], [0, 0]])
    builder.op("PADV2", [wide, sides, value], [padded])
    joined, turned = tensor("joined", (1, 6, 15, 4)), tensor("turned", (1, 6, 4, 15))
    builder.op("CONCATENATION", [padded, pooled], [joined], axis=2)
    builder.op("TRANSPOSE", [joined, builder.constant("order", [0, 1, 3, 2])], [turned])
    flat, mean = tensor("flat", (6, 60)), tensor("mean", (6, 1))
    builder.op("RESHAPE", [turned, builder.constant("shape", [6, 60])], [flat], new_shape=[6, 60])
    builder.op("MEAN", [flat, builder.constant("axis", [1])], [mean], keep_dims=True)
    return Case("movements and sums of int16", builder.build([x], [mean]), rows_for([SHAPE], 3, "int16"))


def windows() -> Case:
    """Two convolutions along the rows, which reach out, and a sum with what goes into them."""
    builder = ModelBuilder()
    x = builder.tensor("x", SHAPE, "int16", scale=SCALE)
    tensors = [builder.tensor(name, SHAPE, "int16", scale=SCALE) for name in ("doubled", "first", "second", "y")]
    builder.op("ADD", [x, x], [tensors[0]], pot_scale_int16=False)
    for number in (0, 1):
        data = weights((1, 3, 3, 4), number)
        scales = np.linspace(0.002, 0.004, 4)
        filters = builder.tensor(f"filters{number}", data.shape, scale=scales, axis=3, data=data)
        builder.op(
            "DEPTHWISE_CONV_2D",
            [tensors[number], filters],
            [tensors[number + 1]],
            padding="SAME",
            stride_h=1,
            stride_w=1,
            depth_multiplier=1,
        )
    builder.op("ADD", [tensors[0], tensors[2]], [tensors[3]], pot_scale_int16=False)
    return Case("windows of int16", builder.build([x], [tensors[3]]), rows_for([SHAPE], 3, "int16"))


@pytest.mark.parametrize("case", [movements_and_sums(), windows()], ids=str)
def test_regions_change_nothing(case: Case) -> None:
    graph = lowered(case)
    ways = some_ways(graph, random.Random(4))
    assert any(len(region.delays) == len(graph.ops) for region in all_regions(graph))
    assert_regions_change_nothing(case, graph, ways)
