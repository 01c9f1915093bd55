"""What holds for all operators together: each has its tests, and none of them reads or writes where it must not."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from codegen.ops import OPERATORS
from tests.generated import run_sanitized
from tests.ops.agreement import Case, truth
from tests.ops.int16 import in_int16
from tests.watched_arena import watched_model

ABOUT_ALL_OPERATORS = {
    "test_avx2",
    "test_every_operator",
    "test_broken_code",
    "test_graphs",
    "test_on_cortex_m",
    "test_scale_precision",
    "test_vector_lengths",
}


def test_each_operator_has_a_test_file_and_each_file_an_operator() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("test_*.py")} - ABOUT_ALL_OPERATORS
    assert files == {f"test_{name.lower()}" for name in OPERATORS}


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_sanitizers_find_nothing(operator: str) -> None:
    assert_sane(import_module(f"tests.ops.test_{operator.lower()}").fixed_case())


@pytest.mark.parametrize("operator", sorted(name for name, op in OPERATORS.items() if "int16" in op.INPUT_TYPES))
def test_sanitizers_find_nothing_in_int16(operator: str) -> None:
    """Operators whose case in int16 is not that of int8 with wider tensors have one of their own."""
    module = import_module(f"tests.ops.test_{operator.lower()}")
    own = getattr(module, "fixed_case_of_int16", None)
    assert_sane(own() if own else in_int16(module.fixed_case()))


def assert_sane(case: Case) -> None:
    """By the sanitizers, and by an arena that sees whether an operator changes or reads what is not its own."""
    got = run_sanitized(*watched_model(case.model), case.rows, case.keep_state)
    for got_row, expected_row in zip(got, truth(case), strict=True):
        for got_tensor, expected_tensor in zip(got_row, expected_row, strict=True):
            np.testing.assert_array_equal(got_tensor.ravel(), expected_tensor.ravel())
