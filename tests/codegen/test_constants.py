"""What is in flash is there once, and no longer than it must be."""

from __future__ import annotations

import re

import numpy as np
import pytest

from codegen.constants import ConstantPool
from codegen.direct import render_direct
from codegen.kernel_call import KernelCall, Shared
from codegen.read_tflite import parse_tflite
from tests.tflite_builder import ModelBuilder


def two_relus(zero_point: int) -> bytes:
    """(1, 6) through RELU to a tensor that repeats in front, twice the same way."""
    builder = ModelBuilder()
    x, y, z = (builder.tensor(name, (1, 6), scale=0.1, zero_point=zero_point) for name in "xyz")
    builder.op("RELU", [x], [y])
    builder.op("RELU", [x], [z])
    return builder.build([x], [y, z])


@pytest.mark.parametrize(("zero_point", "first"), [(-128, -128), (-20, -20), (127, 127)])
def test_tables_begin_where_values_differ_and_are_shared(zero_point: int, first: int) -> None:
    files = render_direct(parse_tflite(two_relus(zero_point)), "/* test */").files
    model, weights = str(files["model/ser_model.c"]), str(files["model/ser_weights.c"])
    assert re.findall(r"\.first = (-?\d+)", model) == [str(first)]
    assert re.findall(r"ser_constant_\d+\[(\d+)\]", weights) == [str(128 - first)]
    assert re.findall(r"ts_table\(&(\w+)", model) == ["layer_0", "layer_0"]


def test_shared_structs_are_declared_by_the_first_call() -> None:
    pool = ConstantPool()
    shape = Shared("ts_shape_t", {"extent": (1, 2), "step": 3})
    calls = [KernelCall("any", (0,), 1, {"shape": shape, "values": np.array([value], np.int8)}) for value in (5, 6)]
    assert [call.context(pool) for call in calls] == [
        [("shape", "&shared_0"), ("values", "ser_constant_0")],
        [("shape", "&shared_0"), ("values", "ser_constant_1")],
    ]
    (struct,) = pool.structs
    assert (struct.c_type, struct.bytes, struct.fields) == ("ts_shape_t", 12, (("extent", "{1, 2}"), ("step", "3")))
