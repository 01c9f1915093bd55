"""What a model needs of its kernels, told from the parameters of its calls; that too little changes bytes is in
tests/ops/test_broken_code.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from codegen.invocation import LayerCall
from codegen.kernel_call import Nest, Shared
from codegen.kernel_needs import NEEDS, SELDOM, needed_by, needs_header
from codegen.ops.broadcast import broadcast_nest
from codegen.ops.reduction import reduce_nest
from codegen.render import template_names, template_text

SMALL, LARGE = {"is_small": 1}, {"is_small": 0}


def walk(first: int, second: int, turns: tuple[int, int, int, int] = (1, 1, 5, 8)) -> Mapping[str, Any]:
    """Parameters whose operands have these steps along the innermost loop."""
    fields = {"extent": turns, "first_step": (0, 0, 8, first), "second_step": (0, 0, 8, second)}
    return {"shape": Shared("ts_broadcast_t", {name: broadcast_nest(values) for name, values in fields.items()})}


def reduction(kept: tuple[int, int, int], reduced: tuple[int, int, int]) -> Mapping[str, Any]:
    """Parameters of so many turns."""
    fields = {"kept_extent": kept, "reduced_extent": reduced}
    return {"shape": Shared("ts_reduce_t", {name: reduce_nest(values) for name, values in fields.items()})}


def copies(*turns: int) -> Mapping[str, Any]:
    """Parameters of five loops."""
    return {"extent": Nest("TS_COPY_NEST", turns, usual=3)}


def products(*turns: int) -> Mapping[str, Any]:
    """Parameters of a small matrix product for so many pairs of matrices."""
    return {**SMALL, "lhs_depth_step": 1, "batch_extent": Nest("TS_BATCH_NEST", turns, usual=1)}


def pool(pad_top: int = 0, input_height: int = 6, output_width: int = 2) -> Mapping[str, Any]:
    """Parameters of windows of 2 x 3, two apart."""
    sides = {"input_height": input_height, "input_width": 5, "output_height": 3, "output_width": output_width}
    steps = {"filter_height": 2, "filter_width": 3, "stride_height": 2, "stride_width": 2, "pad_top": pad_top}
    return {"window": {**sides, **steps, "batches": 1, "output_channels": 1, "pad_left": 0}}


def linear(size: Mapping[str, int], outputs: int = 8, inputs: int = 4, **rows: int) -> Mapping[str, Any]:
    """Parameters of a layer with so many channels; of a convolution at one position where no rows are given."""
    places = rows or {"window": {"output_height": 1, "output_width": 1}}
    return {**places, "channels": {**size, "inputs": inputs, "outputs": outputs}}


def convolution(groups: int, dilation_width: int) -> Mapping[str, Any]:
    """Parameters of filters whose taps are so far apart."""
    return {"groups": groups, "window": {"dilation_width": dilation_width}}


def depthwise(channels: int, multiplier: int, filter_width: int = 4) -> Mapping[str, Any]:
    """Parameters of a small layer."""
    window = {"output_channels": channels, "filter_width": filter_width}
    return {**SMALL, "depth_multiplier": multiplier, "window": window}


def needs(source: str, *calls: tuple[str, Mapping[str, Any]], optimize: str = "speed") -> str:
    """The values of the macros of a source, in order, for a model of these (kernel, parameters)."""
    layers = [LayerCall(kernel, params, "", [], []) for kernel, params in calls]
    text = needs_header(source, needed_by(layers, optimize))
    return "".join(re.findall(r"^#define \w+ ([01]) ", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("source", "calls", "expected"),
    [
        ("channels", [("conv_2d", linear(SMALL)), ("fully_connected", linear(SMALL, rows=2))], "000001"),
        ("channels", [("conv_2d", linear(SMALL)), ("fully_connected", linear(LARGE, rows=2))], "100001"),
        ("channels", [("conv_2d", linear(LARGE)), ("fully_connected", linear(SMALL, rows=2))], "100001"),
        ("channels", [("fully_connected", linear(SMALL, 7, rows=1))], "000000"),
        ("channels", [("conv_2d", linear(SMALL)), ("fully_connected", linear(SMALL, 7, rows=2))], "010001"),
        ("channels", [("conv_2d", linear(SMALL, 7))], "010001"),
        ("channels", [("fully_connected", linear(SMALL, inputs=6, rows=1))], "001000"),
        ("channels", [("fully_connected", linear(SMALL, rows=5))], "000101"),
        ("channels", [("fully_connected", linear(SMALL, inputs=6, rows=5))], "001001"),
        ("channels", [("fully_connected", linear(SMALL, 512, 257, rows=5))], "001011"),
        ("channels", [("fully_connected", linear(SMALL, 512, 260, rows=6))], "000111"),
        ("channels", [("fully_connected", linear(SMALL, 500, 260, rows=6))], "000101"),
        ("channels", [("fully_connected", linear(LARGE, 512, 260, rows=4))], "100011"),
        ("channels", [("batch_matmul", products(1, 1, 9))], "000001"),
        ("conv_2d", [("conv_2d", convolution(1, 1))], "0"),
        ("conv_2d", [("conv_2d", convolution(2, 1))], "1"),
        ("conv_2d", [("conv_2d", convolution(1, 2))], "1"),
        ("batch_matmul", [("batch_matmul", products(1, 1, 9))], "000"),
        ("batch_matmul", [("batch_matmul", {**products(1, 1, 9), **LARGE})], "010"),
        ("batch_matmul", [("batch_matmul", {**products(1, 1, 9), "lhs_depth_step": 3})], "001"),
        ("batch_matmul", [("batch_matmul_i16", products(1, 2, 9))], "100"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", depthwise(8, 1))], "000"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", depthwise(8, 2))], "010"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", depthwise(6, 1))], "010"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", {**depthwise(8, 1), **LARGE})], "100"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", depthwise(8, 1, filter_width=3))], "001"),
        ("product", [("product", walk(1, 0))], "100"),
        ("product", [("product", walk(0, 0))], "100"),
        ("product", [("product", walk(0, 1))], "010"),
        ("product", [("product", walk(1, 1))], "001"),
        ("product", [("product", walk(1, 1)), ("common_scale_sum", walk(1, 0))], "001"),
        ("common_scale_sum", [("product", walk(1, 1)), ("common_scale_sum", walk(1, 0))], "100"),
        ("broadcast", [("common_scale_square", walk(1, 0)), ("add_i16", walk(1, 0))], "0"),
        ("broadcast", [("common_scale_square", walk(1, 0)), ("add_i16", walk(1, 0, (1, 2, 1, 8)))], "1"),
        ("reduce", [("sum", reduction((1, 1, 9), (1, 1, 7)))], "0"),
        ("reduce", [("sum_i16", reduction((1, 2, 1), (1, 1, 7)))], "1"),
        ("reduce", [("reduce_max", reduction((1, 1, 1), (2, 1, 7)))], "1"),
        ("strided_copy", [("strided_copy", copies(1, 1, 2, 3, 4))], "0"),
        ("strided_copy", [("strided_copy", copies(1, 2, 1, 3, 4))], "1"),
        ("window", [("average_pool_2d", {"window": {"input_width": 65535}})], "0"),
        ("window", [("conv_2d_i16", {"window": {"input_width": 65536}})], "1"),
        ("window", [("conv_2d", {"window": {"pad_top": -1}})], "1"),
        ("average_pool_2d", [("average_pool_2d", pool())], "00"),
        ("average_pool_2d", [("average_pool_2d", pool(pad_top=1))], "10"),
        ("average_pool_2d", [("average_pool_2d", pool(input_height=5))], "10"),
        ("average_pool_2d", [("average_pool_2d", pool(output_width=3))], "10"),
        ("softmax", [("softmax", {"rows": SELDOM // 4, "columns": 4})], "0"),
        ("softmax", [("softmax", {"rows": SELDOM // 4, "columns": 4})] * 2, "1"),
    ],
)
def test_needs(source: str, calls: list[tuple[str, Mapping[str, Any]]], expected: str) -> None:
    assert needs(source, *calls) == expected


@pytest.mark.parametrize(
    ("source", "call", "expected"),
    [
        ("channels", ("conv_2d", linear(LARGE, 7)), "110000"),
        ("depthwise_conv_2d", ("depthwise_conv_2d", depthwise(6, 1, filter_width=3)), "010"),
    ],
)
def test_size_does_without_what_is_for_speed(source: str, call: tuple[str, Mapping[str, Any]], expected: str) -> None:
    assert needs(source, call, optimize="size") == expected


@pytest.mark.parametrize("source", NEEDS)
def test_every_need_is_asked_by_its_source_and_by_no_other(source: str) -> None:
    asked = {
        name: set(re.findall(r"\bTS_\w+\b", template_text(f"kernels/{name}"))) for name in template_names("kernels")
    }
    for need in NEEDS[source]:
        assert {name for name, macros in asked.items() if need.macro in macros} <= {f"ts_{source}.c", f"ts_{source}.h"}
        assert any(need.macro in macros for macros in asked.values())
