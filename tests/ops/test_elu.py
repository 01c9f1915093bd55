"""ELU against TFLM, on all 256 inputs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import NOT_IN_REFERENCE
from tests.ops.refusals import assert_refused
from tests.ops.unary import Unary, input_edges, unaries

EDGES = {
    **input_edges("ELU", 0.05, 0),
    "rounding ties": Unary(operator="ELU", input_scale=0.25, output_scale=0.5),
    "saturating": Unary(operator="ELU", output_scale=0.001, output_zero_point=127),
    "coarse output": Unary(operator="ELU", output_scale=1e6, output_zero_point=-128),
    "all outputs within the last bits of -1": Unary(operator="ELU", input_scale=0.2, output_scale=1 / 128),
}


def fixed_case() -> Case:
    return replace(EDGES["four dimensions"], input_zero_point=-9, output_zero_point=3).case(NOT_IN_REFERENCE)


@examples
@given(unary=unaries("ELU"))
def test_agrees_with_tflm(unary: Unary) -> None:
    assert_agreement(unary.case(NOT_IN_REFERENCE))


@pytest.mark.parametrize("unary", EDGES.values(), ids=EDGES.keys())
def test_edge(unary: Unary) -> None:
    assert_agreement(unary.case(NOT_IN_REFERENCE))


def test_outputs_beyond_int32_are_refused() -> None:
    model = Unary(operator="ELU", input_scale=1e5, output_scale=1e-5).case().model
    assert_refused(model, r"ELU: input scale / output scale is 1e\+10, allowed: such that outputs fit int32")
