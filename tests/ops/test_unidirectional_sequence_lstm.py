"""UNIDIRECTIONAL_SEQUENCE_LSTM against TFLM, with TFLite as a distant witness: single inferences and sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.errors import TinySerError
from codegen.fixed_point import quantize_multiplier
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import GATES_OF_INT16, Disagreement
from tests.ops.operand_changes import Changes, add_operands
from tests.ops.refusals import assert_refused
from tests.ops.strategies import rows_for, scales, seeds, zero_points
from tests.tflite_builder import ModelBuilder

# Each gate of a layer has scales of its own.
INPUT_RATIOS, RECURRENT_RATIOS = (1.0, 1.3, 0.7, 0.9), (1.0, 0.8, 1.2, 1.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm:
    """Input (batch, steps, inputs), output (batch, steps, units); steps first if `time_major`.

    `drive` is how far the gates are driven, about: their argument's standard deviation.
    """

    batch: int = 2
    steps: int = 5
    inputs: int = 7
    units: int = 6
    time_major: bool = False
    activation: str = "TANH"
    cell_clip: float = 0.0
    cell_exponent: int = -11
    drive: float = 1.5
    largest_bias: float = 0.5
    input_scale: float = 0.02
    input_zero_point: int = 0
    hidden_scale: float = 1 / 128
    hidden_zero_point: int = 0
    operand_count: int = 24
    changes: Changes = field(default_factory=dict)
    keep_state: bool = True
    seed: int = 0

    @property
    def input_shape(self) -> tuple[int, int, int]:
        outer = (self.steps, self.batch) if self.time_major else (self.batch, self.steps)
        return (*outer, self.inputs)

    def add(self, builder: ModelBuilder, given: Mapping[int, int] | None = None) -> tuple[int, int]:
        """Adds the layer; input and output. `given` operands, by position, are tensors that are already there."""
        operands = {position: entry for position, entry in self.operands().items() if position not in (given or {})}
        indices = {**add_operands(builder, operands, self.changes), **(given or {})}
        hidden = {"scale": self.hidden_scale, "zero_point": self.hidden_zero_point}
        # What TFLite's own kernel wants to know of the gates and of the hidden state; TFLite Micro does not look.
        intermediates = [builder.tensor(f"gate{n}", (0,), "int16", scale=2.0**-12) for n in range(4)]
        intermediates.append(builder.tensor("hidden", (0,), "int8", **hidden))
        y = builder.tensor("y", (*self.input_shape[:2], self.units), **hidden)
        positions = [indices.get(position) for position in range(self.operand_count)]
        options = {"time_major": self.time_major, "cell_clip": self.cell_clip}
        name, function = "UNIDIRECTIONAL_SEQUENCE_LSTM", self.activation
        builder.op(name, positions, [y], intermediates, fused_activation_function=function, **options)
        return indices[0], y

    def model(self) -> bytes:
        builder = ModelBuilder()
        x, y = self.add(builder)
        return builder.build([x], [y])

    def operands(self) -> dict[int, Mapping[str, Any]]:
        random = np.random.default_rng(self.seed)
        operands: dict[int, Mapping[str, Any]] = {
            0: {
                "name": "x",
                "shape": self.input_shape,
                "scale": self.input_scale,
                "zero_point": self.input_zero_point,
            },
            18: {
                "name": "hidden state",
                "shape": (self.batch, self.units),
                "scale": self.hidden_scale,
                "zero_point": self.hidden_zero_point,
                "variable": True,
            },
            19: {
                "name": "cell state",
                "shape": (self.batch, self.units),
                "dtype": "int16",
                "scale": 2.0**self.cell_exponent,
                "variable": True,
            },
        }
        for gate in range(4):
            input_scale = INPUT_RATIOS[gate] * self.drive / (self.input_scale * 74 * 74 * self.inputs**0.5)
            recurrent_scale = RECURRENT_RATIOS[gate] * self.drive / (self.hidden_scale * 74 * 74 * self.units**0.5)
            limit = int(self.largest_bias / (self.input_scale * input_scale))
            bias = random.integers(-limit, limit + 1, self.units)
            for position, count, scale in ((1, self.inputs, input_scale), (5, self.units, recurrent_scale)):
                data = random.integers(-127, 128, (self.units, count))
                operands[position + gate] = {
                    "name": f"weights {position + gate}",
                    "shape": data.shape,
                    "scale": scale,
                    "data": data,
                }
            operands[12 + gate] = {
                "name": f"bias {gate}",
                "shape": bias.shape,
                "dtype": "int32",
                "scale": self.input_scale * input_scale,
                "data": bias,
            }
        return operands

    def case(self, disagreement: Disagreement = GATES_OF_INT16) -> Case:
        rows = rows_for([self.input_shape], self.seed)
        return Case(str(self), self.model(), rows, disagreement, keep_state=self.keep_state)


@st.composite
def lstms(draw: st.DrawFn) -> Lstm:
    return Lstm(
        batch=draw(st.integers(1, 3)),
        steps=draw(st.integers(1, 6)),
        inputs=draw(st.integers(1, 20)),
        units=draw(st.integers(1, 12)),
        time_major=draw(st.booleans()),
        cell_clip=draw(st.sampled_from((0.0, 0.5, 1.7, 10.0))),
        cell_exponent=draw(st.integers(-15, -8)),
        drive=draw(st.floats(0.1, 4.0)),
        input_scale=draw(scales(1e-3, 1.0)),
        input_zero_point=draw(zero_points),
        hidden_scale=draw(scales(3e-3, 2e-2)),
        hidden_zero_point=draw(zero_points),
        keep_state=draw(st.booleans()),
        seed=draw(seeds),
    )


def fixed_case() -> Case:
    return Lstm(inputs=19, units=9, input_zero_point=-7, hidden_zero_point=3, cell_clip=3.0).case()


@examples
@given(lstm=lstms())
def test_agrees_with_tflm(lstm: Lstm) -> None:
    assert_agreement(lstm.case())


EDGES = {
    "sequence": Lstm(),
    "each input on a reset model": Lstm(keep_state=False, hidden_zero_point=9),
    "one of everything": Lstm(batch=1, steps=1, inputs=1, units=1),
    "one step": Lstm(steps=1),
    "one unit": Lstm(units=1),
    "one input": Lstm(inputs=1),
    "time major": Lstm(time_major=True, batch=3),
    "time major, one batch": Lstm(time_major=True, batch=1),
    "batches": Lstm(batch=4),
    "long": Lstm(batch=1, steps=60, inputs=13, units=16),
    "lowest zero points": Lstm(input_zero_point=-128, hidden_zero_point=-128),
    "highest zero points": Lstm(input_zero_point=127, hidden_zero_point=127),
    "clipped cell": Lstm(cell_clip=0.7),
    "clip below a step of the cell": Lstm(cell_clip=1e-4),
    "negative clip, which is none": Lstm(cell_clip=-1.0),
    "clip beyond the cell's range": Lstm(cell_clip=1e6),
    "saturating cell": Lstm(cell_exponent=-15, drive=6.0),
    "coarse cell": Lstm(cell_exponent=-9),
    "coarsest cell": Lstm(cell_exponent=2),
    "finest cell": Lstm(cell_exponent=-30),
    "saturating gates": Lstm(drive=30.0),
    "large biases": Lstm(largest_bias=20.0),
    "saturating output": Lstm(hidden_scale=1 / 1000, drive=3.0),
}


@pytest.mark.parametrize("lstm", EDGES.values(), ids=EDGES.keys())
def test_edge(lstm: Lstm) -> None:
    assert_agreement(lstm.case())


@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("keep_state", [False, True])
def test_tflite_is_close(time_major: bool, keep_state: bool) -> None:
    lstm = Lstm(drive=0.7, time_major=time_major, keep_state=keep_state, input_zero_point=5, hidden_zero_point=-4)
    assert_agreement(lstm.case(Disagreement(GATES_OF_INT16.reason, largest=3)))


def tie_case(seed: int) -> Case:
    """Two steps of an LSTM without forgetting gates, whose output is what rows of weights add to the cell gate.

    The scales of the cell gate put many sums next to a tie: in even seeds those of the inputs, in odd seeds those of
    the hidden state.
    """
    random = np.random.default_rng(seed)
    of_input = seed % 2 == 0
    given = float(np.float32(10 ** random.uniform(-3, -2))) if of_input else 2.0**-6
    hidden = 2.0**-12 if of_input else float(np.float32(2.0**-12 * random.uniform(0.8, 1.2)))
    tie = 2.0 ** -random.integers(18, 21)
    scales = {1: tie / given if of_input else 2.0**-6, 5: tie / hidden}
    layer = Lstm(
        batch=32, steps=2, inputs=3, units=32, cell_exponent=-15, input_scale=given, hidden_scale=hidden, seed=seed
    )
    changes: dict[int, Mapping[str, Any]] = {}
    for gate, drive in enumerate((7.0, -7.0, 0.0, 7.0)):
        for position, count, largest in ((1, 3, 127 if of_input else 1), (5, 32, 0 if of_input else 127)):
            data = random.integers(-largest, largest + 1, (32, count)) * (gate == 2)
            data[:, 3:] = 0
            changes[position + gate] = {"data": data, "scale": scales[position]}
        changes[12 + gate] = {"data": np.full(32, drive / (given * scales[1])), "scale": given * scales[1]}
    return replace(layer, changes=changes).case()


@pytest.mark.parametrize("seed", [0, 1, 4, 5])
def test_scales_are_combined_in_float64(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_agreement(tie_case(seed))
    single = lambda real: quantize_multiplier(float(np.float32(real)))  # noqa: E731
    monkeypatch.setattr("codegen.ops.unidirectional_sequence_lstm.quantize_multiplier", single)
    with pytest.raises(AssertionError, match="generated C differs from TFLM"):
        assert_agreement(tie_case(seed))


WEIGHTS = {"data": np.ones((6, 7)), "shape": (6, 7), "scale": 0.01}
REFUSED: dict[str, tuple[Lstm, str]] = {
    "coupled input gate": (
        Lstm(changes={1: None, 5: None}),
        r"presence of operands is \[1, 5\] absent, allowed: weights of all four gates \(no coupled input gate\)",
    ),
    "no bias": (Lstm(changes={13: None}), r"presence of operands is \[13\] absent, allowed: a bias of each gate"),
    "peephole": (
        Lstm(changes={10: {"data": np.ones(6), "shape": (6,), "dtype": "int16"}}),
        r"absence of operands is \[10\] present, allowed: no peepholes",
    ),
    "projection": (Lstm(changes={16: WEIGHTS}), r"absence of operands is \[16\] present, allowed: no projection"),
    "layer normalisation": (
        Lstm(changes={20: {"data": np.ones(6), "shape": (6,), "dtype": "int16"}}),
        r"absence of operands is \[20\] present, allowed: no layer normalisation",
    ),
    "rank of the input": (Lstm(changes={0: {"shape": (2, 35)}}), "rank of operand 0 is 2, allowed: 3"),
    "rank of the hidden state": (Lstm(changes={18: {"shape": (12,)}}), "rank of operand 18 is 1, allowed: 2"),
    "weights of int16": (
        Lstm(changes={3: {"dtype": "int16"}}),
        "operands 1 to 4 is operand 3 constant int16, allowed: constants of type int8",
    ),
    "bias of int64": (
        Lstm(changes={12: {"dtype": "int64"}}),
        "operands 12 to 15 is operand 12 constant int64, allowed: constants of type int32",
    ),
    "hidden state of int16": (Lstm(changes={18: {"dtype": "int16"}}), "type of operand 18 is int16, allowed: int8"),
    "cell state of int8": (Lstm(changes={19: {"dtype": "int8"}}), "type of operand 19 is int8, allowed: int16"),
    "input of int16": (Lstm(changes={0: {"dtype": "int16"}}), "is int16, allowed: int8"),
    "size of the cell state": (
        Lstm(changes={19: {"shape": (2, 7)}}),
        r"output shape is \(2, 5, 6\), allowed: .* biases and states to match",
    ),
    "a scale per channel": (
        Lstm(changes={6: {"scale": [0.01] * 6}}),
        "scales of operands is 6 for operand 6, allowed: one above 0",
    ),
    "zero point of weights": (
        Lstm(changes={2: {"zero_point": 3}}),
        r"zero points of weights is \[0, 3, 0, 0, 0, 0, 0, 0\], allowed: 0",
    ),
    "activation": (Lstm(activation="RELU"), "fused activation is RELU, allowed: TANH"),
    "scale of the cell state": (
        Lstm(changes={19: {"scale": 0.0005}}),
        r"scale of the cell state is .*, allowed: a power of two from 2\^-30 to 2\^2",
    ),
    "20 operands": (Lstm(operand_count=20), "has 20 operands, allowed: 24"),
    "hidden state that is not variable": (
        Lstm(changes={18: {"variable": False, "data": np.zeros((2, 6))}}),
        "operand 18 is its state, allowed: a variable tensor without data",
    ),
}


@pytest.mark.parametrize(("lstm", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(lstm: Lstm, message: str) -> None:
    assert_refused(lstm.model(), message, TinySerError)
