"""Messages for numbers that no ordinary model comes to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.constants import ConstantPool
from codegen.direct import render_graph
from codegen.errors import DataError, DoesNotFitError, FeatureSpecError, ModelFormatError, QuantizationError
from codegen.features_fixed import _mantissa_and_shift, _Tables, scaled
from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph, OpSite, Quant, Tensor
from codegen.model_card import ModelCard, SelfTest
from codegen.ops.add import Add
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from codegen.untrusted import is_number, is_unicode, parse_json, plain
from tests.codegen.models import dense_model


def test_a_constant_of_no_c_type() -> None:
    with pytest.raises(TypeError, match="constant of : no C type for complex128"):
        ConstantPool().add(np.zeros(1, complex))


def test_an_arena_beyond_32_bits() -> None:
    tensors = tuple(Tensor(f"t{i}", (2**30,), "int8", Quant((0.1,), (0,))) for i in range(3))
    graph = Graph(tensors, (Add(OpSite(index=0, inputs=(0, 1), outputs=(2,))),), (0, 1), (0, 1, 2))
    with pytest.raises(DoesNotFitError, match="model big: needs an arena of 3221225472 bytes, allowed are 2147483647"):
        render_graph(graph, (), "", "big")


@pytest.mark.parametrize("real", [float("inf"), float("nan"), 1e30])
def test_a_multiplier_of_no_shift(real: float) -> None:
    with pytest.raises(QuantizationError, match=r"a ratio of scales is .*, allowed: .*; quantize the model again"):
        quantize_multiplier(real)


def test_multipliers_at_the_ends() -> None:
    assert quantize_multiplier(0.0) == quantize_multiplier(2.0**-60) == (0, 0)
    assert quantize_multiplier(1 - 2.0**-40) == (2**30, 1), "rounded up to a power of two"


def test_fixed_point_at_the_ends() -> None:
    assert scaled(0.0) == (0, 0)
    assert _mantissa_and_shift(0.5 - 2.0**-20) == (2**14, 0), "rounded up to a power of two"
    with pytest.raises(FeatureSpecError, match="means does not fit int16_t; use less extreme numbers"):
        _Tables().add("int16_t", "means", np.array([2**15]))


def test_a_self_test_of_another_model(tmp_path: Path) -> None:
    model = parse_tflite(dense_model())
    card = ModelCard(name="it", selftest=SelfTest(b"123", b"123"))
    with pytest.raises(ModelFormatError, match="selftest.input: got 3 bytes, allowed is 4, as the model's"):
        generate_project(replace(model, card=card), ProjectOptions(board=load_board("host")), tmp_path / "project")


def test_the_interpreter_without_an_arena(tmp_path: Path) -> None:
    options = ProjectOptions(board=load_board("mps2-an386"), runtime="tflm")
    with pytest.raises(DataError, match="runtime tflm needs an arena size; measure it with TFLM first"):
        generate_project(parse_tflite(dense_model()), options, tmp_path / "project")


def test_what_comes_from_outside() -> None:
    assert plain("a" * 400, 25) == "aaaaaaaaaa ... aaaaaaaaaa"
    assert not is_unicode("\ud800") and is_unicode("ä")
    assert not is_number(10**400) and is_number(10**40)
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json("[" * 100_000)
