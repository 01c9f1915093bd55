"""What a model needs of its kernels, told from the parameters of its calls; that too little changes bytes is in
tests/ops/test_broken_code.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from codegen.invocation import LayerCall
from codegen.kernel_call import Shared
from codegen.kernel_needs import NEEDS, needed_by, needs_header
from codegen.render import template_names, template_text

SMALL, LARGE = {"is_small": 1}, {"is_small": 0}


def walk(first: int, second: int, turns: tuple[int, int, int, int] = (1, 1, 5, 8)) -> Mapping[str, Any]:
    """Parameters whose operands have these steps along the innermost loop."""
    fields = {"extent": turns, "first_step": (0, 0, 8, first), "second_step": (0, 0, 8, second)}
    return {"shape": Shared("ts_broadcast_t", fields)}


def reduction(kept: tuple[int, int, int], reduced: tuple[int, int, int]) -> Mapping[str, Any]:
    """Parameters of so many turns."""
    return {"shape": Shared("ts_reduce_t", {"kept_extent": kept, "reduced_extent": reduced})}


def linear(size: Mapping[str, int], outputs: int = 8, **rows: int) -> Mapping[str, Any]:
    """Parameters of a layer with so many channels."""
    return {**rows, "channels": {**size, "outputs": outputs}}


def depthwise(channels: int, multiplier: int) -> Mapping[str, Any]:
    """Parameters of a small layer."""
    return {**SMALL, "depth_multiplier": multiplier, "window": {"output_channels": channels}}


def needs(source: str, *calls: tuple[str, Mapping[str, Any]]) -> str:
    """The values of the macros of a source, in order, for a model of these (kernel, parameters)."""
    text = needs_header(source, needed_by([LayerCall(kernel, params, "", [], []) for kernel, params in calls]))
    return "".join(re.findall(r"^#define \w+ ([01]) ", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("source", "calls", "expected"),
    [
        ("channels", [("conv_2d", linear(SMALL)), ("fully_connected", linear(SMALL, rows=2))], "00"),
        ("channels", [("conv_2d", linear(SMALL)), ("fully_connected", linear(LARGE, rows=2))], "10"),
        ("channels", [("conv_2d", linear(LARGE)), ("fully_connected", linear(SMALL, rows=2))], "10"),
        ("channels", [("conv_2d", linear(SMALL)), ("fully_connected", linear(SMALL, 7, rows=1))], "00"),
        ("channels", [("conv_2d", linear(SMALL)), ("fully_connected", linear(SMALL, 7, rows=2))], "01"),
        ("channels", [("conv_2d", linear(SMALL, 7))], "01"),
        ("batch_matmul", [("batch_matmul", {**SMALL, "lhs_depth_step": 1})], "00"),
        ("batch_matmul", [("batch_matmul", {**LARGE, "lhs_depth_step": 1})], "10"),
        ("batch_matmul", [("batch_matmul", {**SMALL, "lhs_depth_step": 3})], "01"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", depthwise(8, 1))], "00"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", depthwise(8, 2))], "01"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", depthwise(6, 1))], "01"),
        ("depthwise_conv_2d", [("depthwise_conv_2d", {**depthwise(8, 1), **LARGE})], "10"),
        ("product", [("product", walk(1, 0))], "1000"),
        ("product", [("product", walk(0, 0))], "1000"),
        ("product", [("product", walk(0, 1))], "0100"),
        ("product", [("product", walk(1, 1))], "0010"),
        ("product", [("product", walk(1, 1)), ("common_scale_sum", walk(1, 0))], "0010"),
        ("common_scale_sum", [("product", walk(1, 1)), ("common_scale_sum", walk(1, 0))], "1000"),
        ("common_scale_square", [("common_scale_square", walk(1, 0, (1, 2, 1, 8)))], "1001"),
        ("sum", [("sum", reduction((1, 1, 9), (1, 1, 7)))], "0"),
        ("sum", [("sum", reduction((1, 2, 1), (1, 1, 7)))], "1"),
        ("sum", [("sum", reduction((1, 1, 1), (2, 1, 7)))], "1"),
        ("reduce_max", [("sum", reduction((2, 2, 1), (1, 1, 7)))], "0"),
    ],
)
def test_needs(source: str, calls: list[tuple[str, Mapping[str, Any]]], expected: str) -> None:
    assert needs(source, *calls) == expected


@pytest.mark.parametrize("source", NEEDS)
def test_every_need_is_asked_by_its_source_and_by_no_other(source: str) -> None:
    asked = {
        name: set(re.findall(r"\bTS_\w+\b", template_text(f"kernels/{name}"))) for name in template_names("kernels")
    }
    for need in NEEDS[source]:
        assert [name for name, macros in asked.items() if need.macro in macros] == [f"ts_{source}.c"]
