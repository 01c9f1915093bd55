"""UNIDIRECTIONAL_SEQUENCE_LSTM against TFLM, with TFLite as a distant witness: single inferences and sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from codegen.errors import TinySerError
from codegen.fixed_point import quantize_multiplier
from tests.ops.agreement import Case, assert_agreement, examples
from tests.ops.disagreements import GATES_OF_INT16, Disagreement
from tests.ops.lstm import Lstm, lstms
from tests.ops.refusals import assert_refused


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


WIDE = Lstm(dtype="int16", input_scale=0.02 / 256, hidden_scale=2.0**-15)
EDGES_OF_INT16 = {
    "sequence": WIDE,
    "each input on a reset model": replace(WIDE, keep_state=False),
    "one of everything": replace(WIDE, batch=1, steps=1, inputs=1, units=1),
    "time major": replace(WIDE, time_major=True, batch=3),
    "long": replace(WIDE, batch=1, steps=60, inputs=13, units=16),
    "deep": replace(WIDE, batch=1, inputs=700),
    "clipped cell": replace(WIDE, cell_clip=0.7),
    "saturating cell": replace(WIDE, cell_exponent=-15, drive=6.0),
    "coarsest cell": replace(WIDE, cell_exponent=2),
    "finest cell": replace(WIDE, cell_exponent=-30),
    "saturating gates": replace(WIDE, drive=30.0),
    "large biases": replace(WIDE, largest_bias=20.0),
    "saturating output": replace(WIDE, hidden_scale=2.0**-18, drive=3.0),
}
EDGES |= {f"int16, {name}": lstm for name, lstm in EDGES_OF_INT16.items()}


def fixed_case_of_int16() -> Case:
    return replace(WIDE, inputs=19, units=9, cell_clip=3.0).case()


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
    "hidden state of int16": (
        Lstm(changes={18: {"dtype": "int16"}}),
        "types of operands and outputs is int8, int16, int8, allowed: the same for all",
    ),
    "cell state of int8": (Lstm(changes={19: {"dtype": "int8"}}), "type of operand 19 is int8, allowed: int16"),
    "input of int16": (
        Lstm(changes={0: {"dtype": "int16"}}),
        "types of operands and outputs is int16, int8, int8, allowed: the same for all",
    ),
    "bias of int32 beside int16": (
        replace(WIDE, changes={12: {"dtype": "int32"}}),
        "operands 12 to 15 is operand 12 constant int32, allowed: constants of type int64",
    ),
    "largest bias of int16": (
        replace(WIDE, changes={14: {"data": np.full(6, -(2**46))}}),
        "largest bias is 70368744177664, allowed: below 70368744177664",
    ),
    "scale of gates of int16": (
        replace(WIDE, changes={5: {"scale": 1024.0}}),
        r"scale of inputs or hidden state \* scale of weights / 2\^-12 is 128.0, allowed: below 128",
    ),
    "zero point of a hidden state of int16": (
        replace(WIDE, changes={18: {"zero_point": 1}}),
        "zero point of the hidden state is 1, allowed: 0 of int16",
    ),
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
