"""Tables of sigmoids are computed at run time where there are enough of them, and give TFLM's bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from codegen.direct import render_direct
from codegen.passes import run_passes
from codegen.passes.compute_tables import FEWEST_TABLES
from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, assert_agreement
from tests.ops.strategies import rows_for
from tests.tflite_builder import ModelBuilder

SHAPE = (1, 32, 64)  # as many elements as pay for a table, and more than int8 has values
# Scale and zero point of the input, scale of the product or None: from nearly straight to two steps.
CURVES = [
    *((0.05, 0, None), (0.13, -70, 0.11), (0.09, 127, 0.02), (0.01, -128, 0.004), (0.0005, 3, 0.001), (1.9, -5, 1.7)),
    (0.02, 20, 0.9),
]


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtimes(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro", "tensorflow")


def sigmoids(curves: Sequence[tuple[float, int, float | None]], shape: tuple[int, ...] = SHAPE) -> Case:
    """LOGISTIC of an input of its own for each curve, times that input where the product has a scale."""
    builder = ModelBuilder()
    inputs, outputs = [], []
    for scale, zero_point, product in curves:
        x = builder.tensor("x", shape, scale=scale, zero_point=zero_point)
        gate = builder.tensor("sigmoid", shape, scale=1 / 256, zero_point=-128)
        builder.op("LOGISTIC", [x], [gate])
        if product is not None:
            y = builder.tensor("y", shape, scale=product, zero_point=-100)
            builder.op("MUL", [gate, x] if zero_point < 0 else [x, gate], [y])
        inputs.append(x)
        outputs.append(gate if product is None else y)
    return Case(f"sigmoids {curves}", builder.build(inputs, outputs), rows_for([shape] * len(curves), 0))


def computed(case: Case) -> int:
    """How many tables the generated C computes."""
    model = parse_tflite(case.model)
    source = render_direct(model, "/* */").files["model/ser_model.c"]
    assert isinstance(source, str)
    return source.count("ts_logistic(")


def test_tables_that_are_computed_are_those_of_tflm() -> None:
    case = sigmoids(CURVES)
    assert computed(case) == len(CURVES)
    assert {op.NAME for op in run_passes(parse_tflite(case.model).graph, "model").ops} == {"TABLE"}
    assert_agreement(case)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(sigmoids(CURVES[: FEWEST_TABLES - 1]), id="few tables"),
        pytest.param(sigmoids(CURVES, (1, 16, 16)), id="few values"),
    ],
)
def test_where_it_does_not_pay_tables_lie_in_flash(case: Case) -> None:
    assert computed(case) == 0
    assert_agreement(case)
