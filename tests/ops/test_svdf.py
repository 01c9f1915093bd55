"""SVDF against TFLM and, where its state is int16 as TFLite knows it, TFLite: single inferences and sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.errors import TinySerError
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import SCALES_IN_FLOAT32, STATE_OF_INT16
from tests.ops.operand_changes import Changes, add_operands
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, scales, seeds, spreads, weights, zero_points
from tests.tflite_builder import ModelBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Svdf:
    """Input (batch, inputs), weights (units * rank, inputs) and (units * rank, memory), output (batch, units)."""

    batch: int = 2
    inputs: int = 7
    units: int = 5
    rank: int = 2
    memory: int = 6
    wide: bool = True  # state and time weights of int16
    largest_weight: int = 3000  # of int16 time weights
    activation: str = "RELU"
    input_scale: float = 0.02
    feature_scale: float = 0.01
    time_scale: float = 0.0001
    state_spread: float = 1.0
    spread: float = 1.0
    input_zero_point: int = 0
    state_zero_point: int = 0
    output_zero_point: int = 0
    declared_rank: int | None = None
    changes: Changes = field(default_factory=dict)
    keep_state: bool = True
    seed: int = 0

    @property
    def state_type(self) -> str:
        return "int16" if self.wide else "int8"

    def add(self, builder: ModelBuilder, given: Mapping[int, int] | None = None) -> tuple[int, int]:
        """Adds the layer; input and output. `given` operands, by position, are tensors that are already there."""
        filters = self.units * self.rank
        largest, reach = (self.largest_weight, 32767) if self.wide else (127, 127)
        state_scale = self.input_scale * self.feature_scale * 74 * 74 * 4 * self.inputs**0.5 / reach * self.state_spread
        deviation = reach / 4 * largest / 2 * (self.rank * self.memory) ** 0.5
        random = np.random.default_rng(self.seed)
        time = random.integers(-largest, largest + 1, (filters, self.memory))
        bias = random.integers(-int(deviation), int(deviation) + 1, self.units)
        operands = self.operands(state_scale, time, bias)
        left = {position: entry for position, entry in operands.items() if position not in (given or {})}
        indices = {**add_operands(builder, left, self.changes), **(given or {})}
        output_scale = state_scale * self.time_scale * deviation / 50 * self.spread
        y = builder.tensor("y", (self.batch, self.units), scale=output_scale, zero_point=self.output_zero_point)
        rank = self.rank if self.declared_rank is None else self.declared_rank
        positions = [indices.get(position) for position in range(5)]
        builder.op("SVDF", positions, [y], rank=rank, fused_activation_function=self.activation)
        return indices[0], y

    def operands(self, state_scale: float, time: np.ndarray, bias: np.ndarray) -> dict[int, Mapping[str, Any]]:
        features = weights((len(time), self.inputs), self.seed)
        bias_scale = float(np.float32(state_scale) * np.float32(self.time_scale))
        given = {"shape": (self.batch, self.inputs), "scale": self.input_scale, "zero_point": self.input_zero_point}
        state = {"shape": (self.batch, time.size), "scale": state_scale, "zero_point": self.state_zero_point}
        return {
            0: {"name": "x", **given},
            1: {"name": "features", "shape": features.shape, "scale": self.feature_scale, "data": features},
            2: {
                "name": "time",
                "shape": time.shape,
                "dtype": self.state_type,
                "scale": self.time_scale,
                "data": time,
            },
            3: {"name": "bias", "shape": bias.shape, "dtype": "int32", "scale": bias_scale, "data": bias},
            4: {"name": "state", "dtype": self.state_type, "variable": True, **state},
        }

    def model(self) -> bytes:
        builder = ModelBuilder()
        x, y = self.add(builder)
        return builder.build([x], [y])

    def case(self) -> Case:
        """More rows than the memory is long."""
        witness = self.wide and self.state_zero_point == 0 and self.activation == "RELU"
        seeds = range(self.seed, self.seed + 1 + self.memory // 6)
        rows = [row for seed in seeds for row in rows_for([(self.batch, self.inputs)], seed)]
        disagreement = SCALES_IN_FLOAT32 if witness else STATE_OF_INT16
        return Case(str(self), self.model(), rows, disagreement, keep_state=self.keep_state)


@st.composite
def svdfs(draw: st.DrawFn) -> Svdf:
    return Svdf(
        batch=draw(st.integers(1, 3)),
        inputs=draw(st.integers(1, 30)),
        units=draw(st.integers(1, 9)),
        rank=draw(st.integers(1, 3)),
        memory=draw(st.integers(1, 10)),
        wide=draw(st.booleans()),
        input_scale=draw(scales()),
        feature_scale=draw(scales(1e-4, 0.1)),
        time_scale=draw(scales(1e-5, 1e-2)),
        state_spread=draw(spreads),
        spread=draw(spreads),
        input_zero_point=draw(zero_points),
        state_zero_point=draw(st.one_of(st.just(0), zero_points)),
        output_zero_point=draw(zero_points),
        keep_state=draw(st.booleans()),
        seed=draw(seeds),
    )


def fixed_case() -> Case:
    return Svdf(inputs=19, units=6, memory=5, input_zero_point=-7, output_zero_point=3).case()


@examples
@given(svdf=svdfs())
def test_agrees_with_tflm_and_tflite(svdf: Svdf) -> None:
    assert_agreement(svdf.case())


NARROW = Svdf(wide=False, time_scale=0.02)
EDGES = {
    "sequence": Svdf(memory=9),
    "each input on a reset model": Svdf(memory=9, keep_state=False),
    "one of everything": Svdf(batch=1, inputs=1, units=1, rank=1, memory=1),
    "one frame": Svdf(memory=1),
    "keyword spotting": Svdf(batch=1, inputs=40, units=16, rank=1, memory=8),
    "odd memory of odd rank": Svdf(rank=3, memory=7),
    "zero point of the state": Svdf(state_zero_point=-1234),
    "zero point that makes the state wrap": Svdf(state_zero_point=30000, state_spread=0.3),
    "lowest zero points": Svdf(input_zero_point=-128, output_zero_point=-128),
    "highest zero points": Svdf(input_zero_point=127, output_zero_point=127),
    "saturating state": Svdf(state_spread=0.02),
    "saturating output": Svdf(spread=0.02),
    "sums beyond 32 bits": Svdf(largest_weight=32767, state_spread=0.02, rank=3),
    "activation that is not applied": Svdf(activation="NONE", output_zero_point=-30),
    "narrow": NARROW,
    "narrow, each input on a reset model": replace(NARROW, keep_state=False, state_zero_point=9),
    "narrow, one of everything": replace(NARROW, batch=1, inputs=1, units=1, rank=1, memory=1),
    "narrow, zero point that makes the state wrap": replace(NARROW, state_zero_point=100, state_spread=0.3),
    "narrow, saturating": replace(NARROW, state_spread=0.05, spread=0.1, input_zero_point=-128),
}


@pytest.mark.parametrize("svdf", EDGES.values(), ids=EDGES.keys())
def test_edge(svdf: Svdf) -> None:
    assert_agreement(svdf.case())


REFUSED: dict[str, tuple[Svdf, str]] = {
    "no bias": (Svdf(changes={3: None}), r"operands is \[3\] absent, allowed: a bias"),
    "state of another type": (
        Svdf(changes={4: {"dtype": "int8"}}),
        "type of the state is int8, allowed: that of the time weights",
    ),
    "time weights of another type": (
        Svdf(changes={2: {"dtype": "int32"}}),
        "operand 2 is constant int32, allowed: a constant of type int8 or int16",
    ),
    "input of int16": (Svdf(changes={0: {"dtype": "int16"}}), "tensor 'x' is int16, allowed: int8"),
    "no rank": (Svdf(declared_rank=0), "rank is 0, allowed: 1 or more, a divisor"),
    "rank": (Svdf(declared_rank=3), "rank is 3, allowed: 1 or more, a divisor"),
    "size of the state": (
        Svdf(changes={4: {"shape": (2, 61)}}),
        r"output shape is \(2, 5\), allowed: .* bias and state to match",
    ),
    "two scales": (
        Svdf(changes={1: {"scale": [0.01] * 10}}),
        "scales of operands is 10 for operand 1, allowed: one above 0 for each of 1, 2, 4",
    ),
    "no scale": (Svdf(changes={4: {"scale": None}}), "scales of operands is 0 for operand 4"),
    "zero point of the state": (
        Svdf(state_zero_point=40000),
        "zero point of the state is 40000, allowed: one of its type",
    ),
    "scale of the bias": (
        Svdf(changes={3: {"scale": 1e-4}}),
        "bias scale is .* allowed: state scale .* give or take 1e-05",
    ),
    "state that is not variable": (Svdf(changes={4: {"variable": False}}), "reads tensor 4 before it is computed"),
    "state that is constant": (
        Svdf(changes={4: {"variable": False, "data": np.zeros((2, 60))}}),
        "operand 4 is its state, allowed: a variable tensor without data",
    ),
    "variable input": (
        Svdf(changes={0: {"variable": True}}),
        "operand 0 is a variable tensor, allowed: as the state of an operator",
    ),
}


@pytest.mark.parametrize(("svdf", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(svdf: Svdf, message: str) -> None:
    assert_refused(svdf.model(), message, TinySerError)
