"""sigmoid and tanh of all int16 values, as `ts_sigmoid.h` computes them, against TFLite Micro's 16-bit operators."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.render import template_text
from codegen.sigmoid_table import sigmoid_table
from tests.generated import WARNINGS
from tests.reference_runtimes import run_tflm
from tests.tflite_builder import ModelBuilder

VALUES = np.arange(-(2**15), 2**15).astype(np.int16)
HARNESS = """
#include "ts_sigmoid.h"
void sigmoids(const uint16_t *table, const int16_t *values, int16_t *results, int32_t count);
void tanhs(const uint16_t *table, int32_t multiplier, const int16_t *values, int16_t *results, int32_t count);
void sigmoids(const uint16_t *table, const int16_t *values, int16_t *results, int32_t count) {
    for (int32_t i = 0; i < count; ++i) results[i] = ts_sigmoid(table, values[i]);
}
void tanhs(const uint16_t *table, int32_t multiplier, const int16_t *values, int16_t *results, int32_t count) {
    for (int32_t i = 0; i < count; ++i) results[i] = ts_tanh(table, values[i], multiplier, 0);
}
"""


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[..., None], require_module: Callable[..., None]
) -> ctypes.CDLL:
    require_tool("gcc")
    require_module("tflite_micro")
    folder = tmp_path_factory.mktemp("sigmoid")
    (folder / "ts_sigmoid.h").write_text(template_text("kernels/ts_sigmoid.h"))
    (folder / "harness.c").write_text(HARNESS)
    command = ["gcc", *WARNINGS, "-O1", "-fPIC", "-shared", "harness.c", "-o", "harness.so"]
    subprocess.run(command, cwd=folder, check=True)
    return ctypes.CDLL(str(Path(folder) / "harness.so"))


def by_tflm(operator: str, input_scale: float) -> np.ndarray:
    builder = ModelBuilder()
    x = builder.tensor("x", VALUES.shape, "int16", scale=input_scale)
    y = builder.tensor("y", VALUES.shape, "int16", scale=2.0**-15)
    builder.op(operator, [x], [y])
    return run_tflm(builder.build([x], [y]), [[VALUES]])[0][0]


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def test_sigmoid(library: ctypes.CDLL) -> None:
    results, table = np.zeros_like(VALUES), sigmoid_table()
    library.sigmoids(pointer(table), pointer(VALUES), pointer(results), len(VALUES))
    np.testing.assert_array_equal(results, by_tflm("LOGISTIC", 2.0**-12))


@pytest.mark.parametrize("exponent", [-12, -11])
def test_tanh(exponent: int, library: ctypes.CDLL) -> None:
    results, table = np.zeros_like(VALUES), sigmoid_table()
    library.tanhs(pointer(table), 3 << (exponent + 12), pointer(VALUES), pointer(results), len(VALUES))
    np.testing.assert_array_equal(results, by_tflm("TANH", 2.0**exponent))


def test_every_entry_counts(library: ctypes.CDLL) -> None:
    """The test above: an entry that is off by one is seen."""
    expected = by_tflm("TANH", 2.0**-11)
    for entry in (0, 100, 255):
        results, table = np.zeros_like(VALUES), sigmoid_table()
        table[entry] -= 1
        library.tanhs(pointer(table), 6, pointer(VALUES), pointer(results), len(VALUES))
        assert (results != expected).any()
