"""In which precision scales are combined: models chosen so that float32 and float64 give other bytes.

TFLite combines some scales in float32 where TFLite Micro uses float64; its different bytes show that a model decides.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.agreement import Case, assert_agreement
from tests.ops.disagreements import SCALES_IN_FLOAT32
from tests.ops.strategies import ALL_BYTES
from tests.reference_runtimes import run_tflite_reference, run_tflm
from tests.tflite_builder import ModelBuilder

DEPTH, UNITS, BATCH = 20, 64, 512


def product_case(operator: str, seed: int) -> Case:
    """Many random dot products with an output scale that puts many of them next to a tie."""
    random = np.random.default_rng(seed)
    left, right = (np.float32(10 ** random.uniform(-2, 0)) for _ in range(2))
    output = np.float32(float(left) * float(right) * 2.0 ** random.integers(6, 10))
    builder = ModelBuilder()
    x = builder.tensor("x", (BATCH, DEPTH), scale=float(left))
    matrix = random.integers(-127, 128, (UNITS, DEPTH))
    w = builder.tensor("w", matrix.shape, scale=float(right), data=matrix)
    y = builder.tensor("y", (BATCH, UNITS), scale=float(output))
    builder.op(operator, [x, w], [y], **({"adj_y": True} if operator == "BATCH_MATMUL" else {}))
    rows = [[random.integers(-128, 128, (BATCH, DEPTH)).astype(np.int8)] for _ in range(4)]
    return Case(f"{operator} {seed=}", builder.build([x], [y]), rows, SCALES_IN_FLOAT32)


def outer_case(operator: str, seed: int) -> Case:
    """All pairs of bytes."""
    random = np.random.default_rng(seed)
    left, right = (np.float32(round(10 ** random.uniform(-2, 0), 3)) for _ in range(2))
    output = np.float32(float(left) * float(right) * 2.0 ** random.integers(6, 9))
    builder = ModelBuilder()
    a = builder.tensor("a", (256, 1), scale=float(left))
    b = builder.tensor("b", (1, 256), scale=float(right), data=ALL_BYTES.reshape(1, 256))
    y = builder.tensor("y", (256, 256), scale=float(output))
    builder.op(operator, [a, b], [y], fused_activation_function="NONE")
    return Case(f"{operator} {seed=}", builder.build([a], [y]), [[ALL_BYTES.reshape(256, 1)]], SCALES_IN_FLOAT32)


def unary_case(operator: str, input_scale: float, output_scale: float, zero_point: int, **options: float) -> Case:
    builder = ModelBuilder()
    x = builder.tensor("x", (256,), scale=input_scale, zero_point=zero_point)
    y = builder.tensor("y", (256,), scale=output_scale, zero_point=zero_point)
    builder.op(operator, [x], [y], **options)
    return Case(f"{operator} {input_scale=} {output_scale=}", builder.build([x], [y]), [[ALL_BYTES]], SCALES_IN_FLOAT32)


def svdf_case(side: str, seed: int) -> Case:
    """As `product_case`, with a memory of one frame: ties where features enter the state, or where outputs leave it."""
    random = np.random.default_rng(seed)
    left, right = (np.float32(10 ** random.uniform(-2, 0)) for _ in range(2))
    result = np.float32(float(left) * float(right) * 2.0 ** random.integers(6, 9))
    given, state = (left, result) if side == "features" else (np.float32(1), left)
    feature_scale, time_scale = (right, np.float32(1)) if side == "features" else (state, right)
    largest_feature, largest_time = (127, 1) if side == "features" else (3, 127)
    builder = ModelBuilder()
    x = builder.tensor("x", (256, 3), scale=float(given))
    features = random.integers(-largest_feature, largest_feature + 1, (UNITS, 3))
    w = builder.tensor("features", features.shape, scale=float(feature_scale), data=features)
    time = random.integers(1, largest_time + 1, (UNITS, 1))
    t = builder.tensor("time", time.shape, "int16", scale=float(time_scale), data=time)
    b = builder.tensor("bias", (UNITS,), "int32", scale=float(state * time_scale), data=np.zeros(UNITS))
    memory = builder.tensor("state", (256, UNITS), "int16", scale=float(state), variable=True)
    y = builder.tensor("y", (256, UNITS), scale=float(result))
    builder.op("SVDF", [x, w, t, b, memory], [y], rank=1, fused_activation_function="RELU")
    rows = [[random.integers(-128, 128, (256, 3)).astype(np.int8)] for _ in range(4)]
    return Case(f"SVDF {side} {seed=}", builder.build([x], [y]), rows, SCALES_IN_FLOAT32)


DECIDING = [
    *(product_case(operator, seed) for operator in ("FULLY_CONNECTED", "BATCH_MATMUL") for seed in (0, 1)),
    *(outer_case("MUL", seed) for seed in (0, 1)),
    *(svdf_case(side, seed) for side in ("features", "time") for seed in (0, 1)),
    *(unary_case("ABS", *scales, 0) for scales in ((0.249, 0.054), (0.015, 0.024))),
    *(unary_case("LEAKY_RELU", *scales, 0, alpha=0.1) for scales in ((0.2, 0.016), (0.083, 0.04))),
    *(unary_case("HARD_SWISH", *scales, 0) for scales in ((0.021, 0.689), (0.708, 0.83))),
    *(unary_case("RELU", *scales, 0) for scales in ((0.5, 0.4), (0.162, 0.108))),
    *(unary_case("RSQRT", *scales, -128) for scales in ((0.00178, 0.0105), (0.0734, 0.0189))),
]


@pytest.mark.parametrize("case", DECIDING, ids=lambda case: case.description)
def test_float64(case: Case) -> None:
    expected, other = run_tflm(case.model, case.rows), run_tflite_reference(case.model, case.rows)
    assert any((a[0] != b[0]).any() for a, b in zip(expected, other, strict=True)), "this model decides nothing"
    assert_agreement(case)
