"""An LSTM layer with random weights, for tests of the operator and of what surrounds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.agreement import Case
from tests.ops.disagreements import GATES_OF_INT16, NO_INT16_LSTM, Disagreement
from tests.ops.linear import activation_types
from tests.ops.operand_changes import Changes, add_operands
from tests.ops.strategies import rows_for, scales, seeds, zero_points_of
from tests.tflite_builder import ModelBuilder

# Each gate of a layer has scales of its own.
INPUT_RATIOS, RECURRENT_RATIOS = (1.0, 1.3, 0.7, 0.9), (1.0, 0.8, 1.2, 1.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm:
    """Input (batch, steps, inputs), output (batch, steps, units); steps first if `time_major`.

    `drive` is how far the gates are driven, about: their argument's standard deviation.
    """

    dtype: str = "int8"
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
        hidden: dict[str, Any] = {
            "dtype": self.dtype,
            "scale": self.hidden_scale,
            "zero_point": self.hidden_zero_point,
        }
        # What TFLite's own kernel wants to know of the gates and of the hidden state; TFLite Micro does not look.
        intermediates = [builder.tensor(f"gate{n}", (0,), "int16", scale=2.0**-12) for n in range(4)]
        intermediates.append(builder.tensor("hidden", (0,), **hidden))
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
                "dtype": self.dtype,
                "scale": self.input_scale,
                "zero_point": self.input_zero_point,
            },
            18: {
                "name": "hidden state",
                "shape": (self.batch, self.units),
                "dtype": self.dtype,
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
            drive = self.drive / (74 * 74 * (256 if self.dtype == "int16" else 1))
            input_scale = INPUT_RATIOS[gate] * drive / (self.input_scale * self.inputs**0.5)
            recurrent_scale = RECURRENT_RATIOS[gate] * drive / (self.hidden_scale * self.units**0.5)
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
                "dtype": "int64" if self.dtype == "int16" else "int32",
                "scale": self.input_scale * input_scale,
                "data": bias,
            }
        return operands

    def case(self, disagreement: Disagreement = GATES_OF_INT16) -> Case:
        rows = rows_for([self.input_shape], self.seed, self.dtype)
        said = NO_INT16_LSTM if self.dtype == "int16" else disagreement
        return Case(str(self), self.model(), rows, said, keep_state=self.keep_state)


@st.composite
def lstms(draw: st.DrawFn) -> Lstm:
    dtype = draw(activation_types)
    reach = 256 if dtype == "int16" else 1
    return Lstm(
        dtype=dtype,
        batch=draw(st.integers(1, 3)),
        steps=draw(st.integers(1, 6)),
        inputs=draw(st.integers(1, 20)),
        units=draw(st.integers(1, 12)),
        time_major=draw(st.booleans()),
        cell_clip=draw(st.sampled_from((0.0, 0.5, 1.7, 10.0))),
        cell_exponent=draw(st.integers(-15, -8)),
        drive=draw(st.floats(0.1, 4.0)),
        input_scale=draw(scales(1e-3 / reach, 1.0 / reach)),
        input_zero_point=draw(zero_points_of(dtype)),
        hidden_scale=draw(scales(3e-3 / reach, 2e-2 / reach)),
        hidden_zero_point=draw(zero_points_of(dtype)),
        keep_state=draw(st.booleans()),
        seed=draw(seeds),
    )
