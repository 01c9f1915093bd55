"""MAX_POOL_2D against TFLM and TFLite."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.ops.agreement import Case, examples
from tests.ops.int16 import assert_agreement_in_both
from tests.ops.pooling import Pool, edges, pools

EDGES = edges("MAX_POOL_2D")


def fixed_case() -> Case:
    return Pool(operator="MAX_POOL_2D", image=(7, 5), window=(3, 2), stride=(2, 1), channels=5).case()


@examples
@given(pool=pools("MAX_POOL_2D"))
def test_agrees_with_tflm_and_tflite(pool: Pool) -> None:
    assert_agreement_in_both(pool.case())


@pytest.mark.parametrize("pool", EDGES.values(), ids=EDGES.keys())
def test_edge(pool: Pool) -> None:
    assert_agreement_in_both(pool.case())
