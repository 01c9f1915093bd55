"""The one question that all operator tests ask: do the generated C, TFLite Micro and TFLite give the same bytes?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import HealthCheck, Phase, settings

from tests.generated import Edit, run_direct
from tests.ops.disagreements import NOT_IN_TFLM, Disagreement
from tests.reference_runtimes import run_tflite_reference, run_tflm

Row = Sequence[np.ndarray]

_REQUESTED_EXAMPLES = os.environ.get("TINYSER_EXAMPLES")
_SUITE_EXAMPLES = 8

# Every run of the suite tries the same examples; with TINYSER_EXAMPLES=200 it tries other ones, and more.
examples = settings(
    max_examples=int(_REQUESTED_EXAMPLES or _SUITE_EXAMPLES),
    derandomize=_REQUESTED_EXAMPLES is None,
    database=None,
    deadline=None,
    print_blob=True,
    phases=[phase for phase in (Phase.explicit, Phase.generate, Phase.shrink) if phase in settings().phases],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True, slots=True)
class Case:
    """A model and the rows to run it on, and what is known to keep TFLite from being a witness here.

    The rows are one sequence with `keep_state`; else each meets a model that was just reset.
    """

    description: str
    model: bytes = field(repr=False)
    rows: Sequence[Row] = field(repr=False)
    disagreement: Disagreement | None = None
    keep_state: bool = False


def truth(case: Case) -> list[list[np.ndarray]]:
    """The bytes that the generated C has to give: TFLite Micro's, or TFLite's for an operator that it lacks."""
    run = run_tflite_reference if case.disagreement is NOT_IN_TFLM else run_tflm
    return run(case.model, case.rows, case.keep_state)


def assert_agreement(case: Case, edit: Edit | None = None) -> None:
    """Fail unless the generated C gives TFLite Micro's bytes for every row, and TFLite does where it is a witness.

    `edit` changes the generated files before they are compiled, for tests of this comparison.
    """
    expected = truth(case)
    tolerance = case.disagreement.largest if case.disagreement else 0
    if tolerance is not None:
        witness = run_tflite_reference(case.model, case.rows, case.keep_state)
        _assert_same(case, "TFLite", witness, expected, tolerance)
    _assert_same(case, "generated C", run_direct(case.model, case.rows, edit, case.keep_state), expected)


def _assert_same(
    case: Case, name: str, got: list[list[np.ndarray]], expected: list[list[np.ndarray]], tolerance: int = 0
) -> None:
    for row, (got_row, expected_row) in enumerate(zip(got, expected, strict=True)):
        for output, (got_tensor, expected_tensor) in enumerate(zip(got_row, expected_row, strict=True)):
            assert got_tensor.size == expected_tensor.size, f"{case}: sizes of output {output} differ"
            assert got_tensor.dtype == expected_tensor.dtype, f"{case}: types of output {output} differ"
            ours, theirs = _integers(got_tensor), _integers(expected_tensor)
            wrong = np.flatnonzero(np.abs(ours - theirs) > tolerance)
            assert wrong.size == 0, (
                f"{case}: {name} differs from {_owner(case)} in {wrong.size} of {theirs.size} elements of "
                f"output {output}, row {row}; first at {wrong[0]}: {ours[wrong[0]]} instead of {theirs[wrong[0]]}"
            )


def _owner(case: Case) -> str:
    """Whose bytes are the truth."""
    return "TFLite" if case.disagreement is NOT_IN_TFLM else "TFLM"


def _integers(tensor: np.ndarray) -> np.ndarray:
    """The elements in a row; floats as their bits."""
    return (tensor.view(np.int32) if tensor.dtype == np.float32 else tensor).ravel().astype(int)
