"""GELU against TFLite's reference kernel, on all 256 inputs: TFLM has none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import NOT_IN_TFLM
from tests.ops.unary import Unary, input_edges, unaries
from tests.reference_runtimes import run_tflm

EDGES = {
    **input_edges("GELU", 0.05, 0),
    "rounding ties": Unary(operator="GELU", input_scale=0.25, output_scale=0.5),
    "saturating": Unary(operator="GELU", output_scale=0.001, output_zero_point=127),
    "coarse output": Unary(operator="GELU", output_scale=1e6, output_zero_point=-128),
    "after a layer norm": Unary(operator="GELU", input_scale=0.043, output_scale=0.021, output_zero_point=-120),
}
APPROXIMATIONS = pytest.mark.parametrize("approximate", [False, True], ids=["exact", "approximate"])


def fixed_case() -> Case:
    return replace(EDGES["four dimensions"], input_zero_point=-9, output_zero_point=3).case(NOT_IN_TFLM)


@examples
@given(unary=unaries("GELU"), approximate=st.booleans())
def test_agrees_with_tflite(unary: Unary, approximate: bool) -> None:
    assert_agreement(replace(unary, options={"approximate": approximate}).case(NOT_IN_TFLM))


@APPROXIMATIONS
@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary, approximate: bool) -> None:
    assert_agreement(replace(unary, options={"approximate": approximate}).case(NOT_IN_TFLM))


def test_tflm_has_none() -> None:
    case = fixed_case()
    with pytest.raises(RuntimeError):
        run_tflm(case.model, case.rows)
