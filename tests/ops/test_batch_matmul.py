"""BATCH_MATMUL against TFLM and TFLite."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generated import run_direct_sanitized
from tests.ops.agreement import Case, assert_agreement, examples, truth
from tests.ops.disagreements import BROADCAST_ADJOINT, SCALES_IN_FLOAT32, Disagreement
from tests.ops.linear import activation_types
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, scales, seeds, spreads, weights, zero_points_of
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMatMul:
    """(*left_batch, rows, depth) times (*right_batch, depth, columns); adj_x and adj_y store an operand transposed."""

    dtype: str = "int8"
    left_batch: tuple[int, ...] = ()
    right_batch: tuple[int, ...] = ()
    rows: int = 3
    depth: int = 5
    columns: int = 4
    adj_x: bool = False
    adj_y: bool = False
    constant: str = "none"
    left_scale: float = 0.02
    right_scale: float = 0.03
    spread: float = 1.0
    left_zero_point: int = 0
    right_zero_point: int = 0
    output_zero_point: int = 0
    right_dtype: str | None = None
    seed: int = 0

    def case(self) -> Case:
        left_matrix = (self.depth, self.rows) if self.adj_x else (self.rows, self.depth)
        right_matrix = (self.columns, self.depth) if self.adj_y else (self.depth, self.columns)
        left_shape, right_shape = (*self.left_batch, *left_matrix), (*self.right_batch, *right_matrix)
        batch = np.broadcast_shapes(self.left_batch, self.right_batch)
        deviation = {"int8": 5500 / 128, "int16": 5500 * 2}[self.dtype]
        output_scale = self.left_scale * self.right_scale * deviation * self.depth**0.5 * self.spread

        builder = ModelBuilder()
        left_data = weights(left_shape, self.seed, self.dtype) if self.constant == "left" else None
        right_data = weights(right_shape, self.seed, self.dtype) if self.constant == "right" else None
        left: dict[str, Any] = {"scale": self.left_scale, "zero_point": self.left_zero_point, "data": left_data}
        right: dict[str, Any] = {"scale": self.right_scale, "zero_point": self.right_zero_point, "data": right_data}
        product: dict[str, Any] = {"scale": output_scale, "zero_point": self.output_zero_point}
        a = builder.tensor("a", left_shape, self.dtype, **left)
        b = builder.tensor("b", right_shape, self.right_dtype or self.dtype, **right)
        y = builder.tensor("y", (*batch, self.rows, self.columns), self.dtype, **product)
        builder.op("BATCH_MATMUL", [a, b], [y], adj_x=self.adj_x, adj_y=self.adj_y)
        named = {"left": (a, left_shape), "right": (b, right_shape)}
        inputs = [entry for name, entry in named.items() if name != self.constant]
        model = builder.build([index for index, _ in inputs], [y])
        rows = rows_for([shape for _, shape in inputs], self.seed, self.dtype)
        return Case(str(self), model, rows, self._disagreement())

    def _disagreement(self) -> Disagreement:
        left, right = self.left_batch[-1:], self.right_batch[-1:]
        misread = self.adj_x and right == (1,) and left not in ((), (1,))
        return BROADCAST_ADJOINT if misread else SCALES_IN_FLOAT32


@st.composite
def batches(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two leading shapes that broadcast: some dimensions are one, some are left out at the front."""
    full = draw(st.lists(st.integers(1, 3), max_size=2))
    sides = [tuple(1 if draw(st.booleans()) else size for size in full) for _ in range(2)]
    shortened = draw(st.integers(0, 1))
    sides[shortened] = sides[shortened][draw(st.integers(0, len(full))) :]
    return sides[0], sides[1]


@st.composite
def products(draw: st.DrawFn) -> BatchMatMul:
    left_batch, right_batch = draw(batches())
    dtype = draw(activation_types)
    return BatchMatMul(
        dtype=dtype,
        left_batch=left_batch,
        right_batch=right_batch,
        rows=draw(st.integers(1, 9)),
        depth=draw(st.integers(1, 20)),
        columns=draw(st.integers(1, 9)),
        adj_x=draw(st.booleans()),
        adj_y=draw(st.booleans()),
        constant=draw(st.sampled_from(("none", "right", "left"))),
        left_scale=draw(scales()),
        right_scale=draw(scales()),
        spread=draw(spreads),
        left_zero_point=draw(zero_points_of(dtype)),
        right_zero_point=draw(zero_points_of(dtype)),
        output_zero_point=draw(zero_points_of(dtype)),
        seed=draw(seeds),
    )


def test_nothing_behind_the_last_column_is_read() -> None:
    """The right matrix is the smallest tensor and lies at the end of the arena: the sanitizers watch."""
    case = BatchMatMul(rows=20, depth=5, columns=16, adj_y=True).case()
    got = run_direct_sanitized(case.model, case.rows)
    for got_row, expected_row in zip(got, truth(case), strict=True):
        np.testing.assert_array_equal(got_row, expected_row)


def fixed_case() -> Case:
    return BatchMatMul(left_batch=(2, 2), right_batch=(2, 2), adj_y=True, left_zero_point=4, right_zero_point=-9).case()


@examples
@given(product=products())
def test_agrees_with_tflm_and_tflite(product: BatchMatMul) -> None:
    assert_agreement(product.case())


EDGES = {
    "sums beyond 2^30": BatchMatMul(
        rows=1, depth=17000, columns=1, left_zero_point=127, right_zero_point=127, spread=2000.0
    ),
    "vectors": BatchMatMul(rows=1, columns=1, depth=17),
    "outer product": BatchMatMul(depth=1),
    "everything one": BatchMatMul(rows=1, columns=1, depth=1),
    "attention scores": BatchMatMul(left_batch=(1, 4), right_batch=(1, 4), rows=7, columns=7, depth=16, adj_y=True),
    "attention context": BatchMatMul(left_batch=(1, 4), right_batch=(1, 4), rows=7, columns=16, depth=7),
    "both adjoint": BatchMatMul(left_batch=(2,), right_batch=(2,), adj_x=True, adj_y=True),
    "left adjoint": BatchMatMul(left_batch=(3,), right_batch=(3,), adj_x=True),
    "right broadcast": BatchMatMul(left_batch=(3, 2), right_batch=(1, 2)),
    "right broadcast, left adjoint": BatchMatMul(left_batch=(3, 2), right_batch=(3, 1), adj_x=True),
    "left broadcast": BatchMatMul(left_batch=(1,), right_batch=(4,)),
    "crossed broadcast": BatchMatMul(left_batch=(3, 1), right_batch=(1, 2)),
    "crossed broadcast of three": BatchMatMul(left_batch=(2, 1, 2), right_batch=(1, 3, 2)),
    "fewer dimensions on the right": BatchMatMul(left_batch=(2, 3)),
    "fewer dimensions on the left": BatchMatMul(right_batch=(2, 3)),
    "constant right": BatchMatMul(left_batch=(2,), constant="right", right_zero_point=3),
    "constant right, adjoint": BatchMatMul(left_batch=(2,), constant="right", adj_y=True),
    "lowest zero points": BatchMatMul(left_zero_point=-128, right_zero_point=-128, output_zero_point=-128),
    "highest zero points": BatchMatMul(left_zero_point=127, right_zero_point=127, output_zero_point=127),
    "opposite zero points": BatchMatMul(left_zero_point=-128, right_zero_point=127, spread=4.0),
    "saturating": BatchMatMul(spread=0.02),
    "multiplier above one": BatchMatMul(depth=1, spread=0.002),
    "multiplier too small for a shift": BatchMatMul(spread=1e12, output_zero_point=-9),
}


WIDE = BatchMatMul(dtype="int16")
EDGES_OF_INT16 = {
    "matrices": WIDE,
    "even depth": replace(WIDE, depth=6),
    "sums beyond 32 bits": replace(WIDE, depth=1000, spread=40.0),
    "everything one": replace(WIDE, rows=1, columns=1, depth=1),
    "attention scores": replace(WIDE, left_batch=(1, 4), right_batch=(1, 4), rows=7, columns=7, depth=16, adj_y=True),
    "both adjoint": replace(WIDE, left_batch=(2,), right_batch=(2,), adj_x=True, adj_y=True),
    "right broadcast": replace(WIDE, left_batch=(3, 2), right_batch=(1, 2)),
    "crossed broadcast": replace(WIDE, left_batch=(3, 1), right_batch=(1, 2)),
    "constant left": replace(WIDE, right_batch=(2,), constant="left"),
    "constant right, adjoint": replace(WIDE, left_batch=(2,), constant="right", adj_y=True),
    "saturating": replace(WIDE, spread=0.02),
    "rounding ties": replace(WIDE, left_scale=0.5, right_scale=0.25, spread=2.0**14 / (5500 * 2 * 5**0.5)),
    "multiplier too small for a shift": replace(WIDE, spread=1e12),
}
EDGES |= {f"int16, {name}": product for name, product in EDGES_OF_INT16.items()}


@pytest.mark.parametrize("product", EDGES.values(), ids=EDGES.keys())
def test_edge(product: BatchMatMul) -> None:
    assert_agreement(product.case())


@pytest.mark.parametrize(
    ("product", "message"),
    [
        (replace(WIDE, right_dtype="int8"), "types of operands and outputs is int16, int8, int16, allowed: the same"),
        (replace(WIDE, rows=1, columns=1, depth=2**17), "depth is 131072, allowed: below 131072 of int16"),
        (replace(WIDE, spread=1e-8), "left scale .* output scale is .*, allowed: below 128 of int16"),
    ],
)
def test_refused(product: BatchMatMul, message: str) -> None:
    assert_refused(product.case().model, f"BATCH_MATMUL: {message}")
