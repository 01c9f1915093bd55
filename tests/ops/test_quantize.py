"""QUANTIZE between int8 and int16, and within one of them, against TFLM and TFLite, on all inputs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import NO_INT16
from tests.ops.refusals import assert_refused
from tests.ops.unary import ALL_OF_INT16, Unary, input_edges, unaries
from tests.tflite_builder import ModelBuilder

EDGES = {
    **input_edges("QUANTIZE", 0.05, 0),
    "same scale, other zero point": Unary(operator="QUANTIZE", input_zero_point=-100, output_zero_point=27),
    "same quantization": Unary(operator="QUANTIZE", input_zero_point=4, output_zero_point=4),
    "ties": Unary(operator="QUANTIZE", input_scale=0.25, output_scale=0.5),
    "ties by four": Unary(operator="QUANTIZE", input_scale=0.25, output_scale=1.0, input_zero_point=1),
    "lowest zero points": Unary(operator="QUANTIZE", input_zero_point=-128, output_zero_point=-128, output_scale=0.07),
    "highest zero points": Unary(operator="QUANTIZE", input_zero_point=127, output_zero_point=127, output_scale=0.02),
}


def fixed_case() -> Case:
    return EDGES["ties"].case()


@examples
@given(unary=unaries("QUANTIZE", smallest=1e-3, largest=1.0))
def test_agrees_with_tflm_and_tflite(unary: Unary) -> None:
    assert_agreement(unary.case())


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(unary.case())


WAYS = (("int8", "int16"), ("int16", "int8"), ("int16", "int16"))


def between(unary: Unary, source: str, target: str) -> Case:
    """The same between two types; zero points of int16 are 0, and its scales smaller."""
    if source == "int16":
        unary = replace(unary, input_zero_point=0, input_scale=unary.input_scale / 256, shape=ALL_OF_INT16)
    if target == "int16":
        unary = replace(unary, output_zero_point=0, output_scale=unary.output_scale / 256)
    return replace(unary, dtype=source, output_dtype=target).case(NO_INT16 if source == "int8" else None)


@examples
@given(unary=unaries("QUANTIZE", smallest=1e-3, largest=1.0), way=st.sampled_from(WAYS))
def test_types_agree_with_tflm_and_tflite(unary: Unary, way: tuple[str, str]) -> None:
    assert_agreement(between(unary, *way))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge_of_types(unary: Unary, way: tuple[str, str]) -> None:
    assert_agreement(between(unary, *way))


@pytest.mark.parametrize("way", WAYS)
def test_the_same_scale(way: tuple[str, str]) -> None:
    scales = {
        name: 12.8 if dtype == "int16" else 0.05
        for name, dtype in zip(("input_scale", "output_scale"), way, strict=True)
    }
    assert_agreement(between(replace(EDGES["same quantization"], **scales), *way))


def test_a_constant_of_another_type_is_refused() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", (2,), scale=0.05)
    constant = builder.tensor("constant", (2,), "float32", data=[1, 2])
    y, z = (builder.tensor(name, (2,), scale=0.05) for name in "yz")
    builder.op("QUANTIZE", [constant], [y])
    builder.op("ADD", [x, y], [z])
    assert_refused(builder.build([x], [z]), "type of operand 0 is float32, allowed: int8 or int16")
