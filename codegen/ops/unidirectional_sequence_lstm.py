"""UNIDIRECTIONAL_SEQUENCE_LSTM: int16 cell state, four gates without peepholes or projection."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from codegen.fixed_point import quantize_multiplier, reduced_multiplier
from codegen.ir import QUANTIZED_TYPES, Graph, Op, OpSite, Rule
from codegen.kernel_call import KernelCall, ParamValue, for_type
from codegen.ops.linear import folded_bias
from codegen.ops.linear_i16 import LARGEST_WIDE_SCALE, blocks, has_wide_scales, small_biases
from codegen.ops.rules import activation_name, constants, element_type, of_type, one_scale, one_type, presence, rank
from codegen.quantization import output_param
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
    INPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
    OUTPUT_TYPES: ClassVar[tuple[str, ...]] = QUANTIZED_TYPES
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
        one_type(INPUT, HIDDEN),
        *of_type("int8", constants(BIASES, "int32")),
        *of_type("int16", constants(BIASES, "int64")),
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
        *of_type(
            "int16",
            Rule(
                "zero point of the hidden state",
                lambda op, graph: graph.operand(op, HIDDEN).zero_point == 0,
                lambda op, graph: graph.operand(op, HIDDEN).zero_point,
                "0 of int16",
            ),
            Rule(
                "scale of inputs or hidden state * scale of weights / 2^-12",
                lambda op, graph: has_wide_scales([quantize_multiplier(scale) for scale in op.all_scales(graph)]),
                lambda op, graph: max(op.all_scales(graph)),
                f"below {LARGEST_WIDE_SCALE}",
            ),
            small_biases(BIASES),
        ),
    )

    @classmethod
    def parse(cls, site: OpSite, options: Mapping[str, Any]) -> UnidirectionalSequenceLstm:
        clip = float(options.get("CellClip", 0.0))
        return cls(site, activation_name(options), bool(options.get("TimeMajor", False)), clip)

    def prepare(self, graph: Graph) -> tuple[KernelCall, ...]:
        given, hidden = graph.operand(self, INPUT), graph.operand(self, HIDDEN)
        (batches, units), inputs = _state_shape(self, graph), given.shape[2]
        steps = given.shape[0 if self.time_major else 1]
        sequence: dict[str, ParamValue] = {
            "batches": batches,
            "steps": steps,
            "inputs": inputs,
            "units": units,
            # In rows of `inputs` or `units` values.
            "batch_step": 1 if self.time_major else steps,
            "time_step": batches if self.time_major else 1,
        }
        gates = self._gates_i16(graph) if hidden.dtype == "int16" else self._gates_int8(graph)
        operands = tuple(self.site.inputs[position] for position in (INPUT, HIDDEN, CELL))
        params: dict[str, ParamValue] = {"sequence": sequence, **gates, "cell": self._cell(graph)}
        kernel = for_type("unidirectional_sequence_lstm", hidden)
        return (KernelCall(kernel, operands, self.site.outputs[0], params),)

    def _cell(self, graph: Graph) -> Mapping[str, ParamValue]:
        """Initialiser of `ts_cell_t`."""
        hidden, cell = graph.operand(self, HIDDEN), graph.operand(self, CELL)
        return {
            "keep": _scaling(ACTIVATED_SCALE),
            "add": _scaling(ACTIVATED_SCALE * ACTIVATED_SCALE / cell.scale),
            "cell_min": -self._largest_cell(graph) - (0 if self.cell_clip > 0 else 1),
            "cell_max": self._largest_cell(graph),
            **self._tanh_input(graph),
            "sigmoid": sigmoid_table(),
            "output": output_param(hidden, quantize_multiplier(ACTIVATED_SCALE * ACTIVATED_SCALE / hidden.scale)),
        }

    def _gates_int8(self, graph: Graph) -> Mapping[str, ParamValue]:
        """Two initialisers of `ts_gates_t`: weights (units, 4, values), bias (units, 4) with the zero point folded
        in."""

        def gates(position: int, weights: range, bias: np.ndarray | None) -> Mapping[str, ParamValue]:
            stacked = self._stacked(graph, weights)
            rows, zero_point = stacked.reshape(-1, stacked.shape[2]), graph.operand(self, position).zero_point
            return {
                "weights": stacked,
                "bias": folded_bias(rows, bias, 0, -zero_point).reshape(-1, 4),
                "scaling": tuple(_scaling(scale) for scale in self._gate_scales(graph, position, weights)),
            }

        bias = self._stacked(graph, BIASES)
        return {"input": gates(INPUT, INPUT_WEIGHTS, bias), "recurrent": gates(HIDDEN, RECURRENT_WEIGHTS, None)}

    def _gates_i16(self, graph: Graph) -> Mapping[str, ParamValue]:
        """Two initialisers of `ts_gates_i16_t` and the bias (units, 4)."""

        def gates(position: int, weights: range) -> Mapping[str, ParamValue]:
            stacked = self._stacked(graph, weights)
            return {
                "weights": blocks(stacked.reshape(-1, stacked.shape[2])),
                "scaling": tuple(_wide_scaling(scale) for scale in self._gate_scales(graph, position, weights)),
            }

        inputs, recurrent = gates(INPUT, INPUT_WEIGHTS), gates(HIDDEN, RECURRENT_WEIGHTS)
        return {"input": inputs, "recurrent": recurrent, "bias": self._stacked(graph, BIASES)}

    def _stacked(self, graph: Graph, positions: range) -> np.ndarray:
        """The constants of the four gates, (units, 4, ...)."""
        tensors = [graph.operand(self, position) for position in positions]
        return np.stack([tensor.data for tensor in tensors if tensor.data is not None], axis=1)

    def _gate_scales(self, graph: Graph, position: int, weights: range) -> list[float]:
        """What a gate's products of the operand at `position` and its weights are scaled by."""
        scale = graph.operand(self, position).scale
        return [scale * graph.operand(self, gate).scale / GATE_SCALE for gate in weights]

    def all_scales(self, graph: Graph) -> list[float]:
        return self._gate_scales(graph, INPUT, INPUT_WEIGHTS) + self._gate_scales(graph, HIDDEN, RECURRENT_WEIGHTS)

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


def _wide_scaling(real: float) -> Mapping[str, ParamValue]:
    """The same for sums of 64 bits."""
    multiplier, right = reduced_multiplier(*quantize_multiplier(real))
    return {"multiplier": multiplier, "shift": right}
