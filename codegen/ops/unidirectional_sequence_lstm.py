"""UNIDIRECTIONAL_SEQUENCE_LSTM: int8 in and out, int16 cell state, four gates without peepholes or projection."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import quantize_multiplier
from codegen.ir import Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue
from codegen.ops.linear import folded_bias
from codegen.ops.rules import activation_name, constants, element_type, one_scale, presence, rank
from codegen.sigmoid_table import sigmoid_table

# Positions of operands; of four in a row, the gates are input, forget, cell and output.
INPUT = 0
INPUT_WEIGHTS = range(1, 5)  # each (units, inputs)
RECURRENT_WEIGHTS = range(5, 9)  # each (units, units)
PEEPHOLES = range(9, 12)
BIASES = range(12, 16)  # each (units,)
PROJECTION = range(16, 18)
HIDDEN, CELL = 18, 19  # the state: (batch, units)
LAYER_NORMS = range(20, 24)

GATE_SCALE = 2.0**-12  # of what goes into sigmoid and tanh
ACTIVATED_SCALE = 2.0**-15  # of what comes out
CELL_EXPONENTS = range(-30, 3)  # of the cell state's scale: the integers of tanh stay within 32 bits


def _cell_exponent(op: Op, graph: Graph) -> int | None:
    """log2 of the cell state's scale; None where that is no power of two in range."""
    fraction, exponent = math.frexp(graph.operand(op, CELL).scale)
    return exponent - 1 if fraction == 0.5 and exponent - 1 in CELL_EXPONENTS else None


def _shapes_match(op: Op, graph: Graph) -> bool:
    given, output, (batch, units) = graph.operand(op, INPUT).shape, graph.output(op).shape, _state_shape(op, graph)
    wanted: list[tuple[int, tuple[int, ...]]] = [(position, (units, given[2])) for position in INPUT_WEIGHTS]
    wanted += [(position, (units, units)) for position in RECURRENT_WEIGHTS]
    wanted += [(position, (units,)) for position in BIASES]
    return (
        output == (*given[:2], units)
        and batch == given[1 if op.time_major else 0]  # type: ignore[attr-defined]
        and graph.operand(op, CELL).size == batch * units
        and all(graph.operand(op, position).shape == shape for position, shape in wanted)
    )


def _state_shape(op: Op, graph: Graph) -> tuple[int, int]:
    batch, units = graph.operand(op, HIDDEN).shape
    return batch, units


def _zero_points(op: Op, graph: Graph) -> list[int]:
    return [graph.operand(op, position).zero_point for position in (*INPUT_WEIGHTS, *RECURRENT_WEIGHTS)]


@dataclass(frozen=True, slots=True)
class UnidirectionalSequenceLstm(Op):
    """A long short-term memory (Hochreiter and Schmidhuber, 1997) over (batch, time, inputs), or time first."""

    activation: str
    time_major: bool
    cell_clip: float

    NAME: ClassVar[str] = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    ARITY: ClassVar[tuple[int, int]] = (24, 24)
    OPTIONAL: ClassVar[int] = 23  # the rules say which
    STATE: ClassVar[tuple[int, ...]] = (HIDDEN, CELL)
    RULES: ClassVar[tuple[Rule, ...]] = (
        presence((*INPUT_WEIGHTS, *RECURRENT_WEIGHTS), True, "weights of all four gates (no coupled input gate)"),
        presence(BIASES, True, "a bias of each gate"),
        presence(PEEPHOLES, False, "no peepholes"),
        presence(PROJECTION, False, "no projection"),
        presence(LAYER_NORMS, False, "no layer normalisation"),
        rank(INPUT, (3,)),
        rank(HIDDEN, (2,)),
        constants(INPUT_WEIGHTS, "int8"),
        constants(RECURRENT_WEIGHTS, "int8"),
        constants(BIASES, "int32"),
        element_type(HIDDEN, "int8"),
        element_type(CELL, "int16"),
        Rule(
            "output shape",
            _shapes_match,
            lambda op, graph: graph.output(op).shape,
            "the input's with the units last, with weights, biases and states to match",
        ),
        one_scale((*INPUT_WEIGHTS, *RECURRENT_WEIGHTS, HIDDEN, CELL)),
        Rule("zero points of weights", lambda op, graph: not any(_zero_points(op, graph)), _zero_points, "0"),
        Rule("fused activation", lambda op, graph: op.activation == "TANH", lambda op, graph: op.activation, "TANH"),
        Rule(
            "scale of the cell state",
            lambda op, graph: _cell_exponent(op, graph) is not None,
            lambda op, graph: graph.operand(op, CELL).scale,
            f"a power of two from 2^{CELL_EXPONENTS[0]} to 2^{CELL_EXPONENTS[-1]}",
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> UnidirectionalSequenceLstm:
        clip = float(options.get("CellClip", 0.0))
        return cls(site, activation_name(options), bool(options.get("TimeMajor", False)), clip)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given, hidden, cell = (graph.operand(self, position) for position in (INPUT, HIDDEN, CELL))
        (batches, units), inputs = _state_shape(self, graph), given.shape[2]
        steps = given.shape[0 if self.time_major else 1]
        multiplier, shift = quantize_multiplier(ACTIVATED_SCALE * ACTIVATED_SCALE / hidden.scale)
        params: dict[str, ParamValue] = {
            "batches": batches,
            "steps": steps,
            "inputs": inputs,
            "units": units,
            # In rows of `inputs` or `units` values.
            "batch_step": 1 if self.time_major else steps,
            "time_step": batches if self.time_major else 1,
            "input": self._gates(graph, INPUT_WEIGHTS, BIASES, given.scale, given.zero_point),
            "recurrent": self._gates(graph, RECURRENT_WEIGHTS, (), hidden.scale, hidden.zero_point),
            "keep": _scaling(ACTIVATED_SCALE),
            "add": _scaling(ACTIVATED_SCALE * ACTIVATED_SCALE / cell.scale),
            "cell_min": -self._largest_cell(graph) - (0 if self.cell_clip > 0 else 1),
            "cell_max": self._largest_cell(graph),
            **self._tanh_input(graph),
            "sigmoid": sigmoid_table(),
            "output": {
                "multiplier": multiplier,
                "shift": shift,
                "offset": hidden.zero_point,
                "min": -128,
                "max": 127,
            },
        }
        operands = tuple(self.site.inputs[position] for position in (INPUT, HIDDEN, CELL))
        return (KernelCall("unidirectional_sequence_lstm", operands, self.site.outputs[0], params),)

    def _gates(
        self, graph: Graph, weights: range, biases: range | tuple[()], scale: float, zero_point: int
    ) -> Mapping[str, ParamValue]:
        """Initialiser of `ts_gates_t`: weights (units, 4, values), bias (units, 4) with the zero point folded in."""
        tensors = [graph.operand(self, position) for position in weights]
        stacked = np.stack([tensor.data for tensor in tensors if tensor.data is not None], axis=1)
        addends = [graph.operand(self, position).data for position in biases]
        bias = np.stack([data for data in addends if data is not None], axis=1) if addends else None
        rows = stacked.reshape(-1, stacked.shape[2])
        return {
            "weights": stacked,
            "bias": folded_bias(rows, bias, 0, -zero_point).reshape(-1, 4),
            "scaling": tuple(_scaling(scale * tensor.scale / GATE_SCALE) for tensor in tensors),
        }

    def _largest_cell(self, graph: Graph) -> int:
        """Where the cell state is clipped; int16's own end without a clip."""
        if self.cell_clip <= 0:
            return 2**15 - 1
        return int(min(self.cell_clip / graph.operand(self, CELL).scale, 32767.0))

    def _tanh_input(self, graph: Graph) -> Mapping[str, ParamValue]:
        """How the cell state becomes an argument of tanh in steps of 1/12288: times a number, rounding shift right."""
        exponent = _cell_exponent(self, graph)
        assert exponent is not None
        left = exponent + 12
        return {"tanh_multiplier": 3 << max(left, 0), "tanh_shift": max(-left, 0)}


def _scaling(real: float) -> Mapping[str, ParamValue]:
    """Initialiser of `ts_scaling_t`."""
    multiplier, shift = quantize_multiplier(real)
    return {"multiplier": multiplier, "shift": shift}
