"""Vectors of Armv8.1-M (MVE), and what Armv7-M has without the DSP extension: every length that is left over, both ends
of the types, ties, in one emulated image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, truth
from tests.ops.strategies import biases, rows_for, weights
from tests.tflite_builder import ModelBuilder
from tinyser.emulator.qemu import run

MVE, PLAIN = BOARDS = ("mps3-an547", "mps2-an385")
LENGTHS = range(1, 18)
ZERO_POINTS = (-128, 127, 0, 5)
ROWS, PLACES = 3, 4
# What must not go wrong without being noticed: board, file, what it says, what it says instead.
BREAKAGES = {
    "ties towards plus infinity": (MVE, "ts_mve.h", "vaddq_s32(value, vshrq_n_s32(value, 31))", "value"),
    "inputs that are left over, forgotten": (
        *(MVE, "ts_channels_mve.h"),
        "vctp8q((uint32_t)(inputs & 15))",
        "vctp8q(1u)",
    ),
    "channels that are left over, forgotten": (
        MVE,
        "ts_depthwise_conv_2d_mve.h",
        "vctp16q((uint32_t)",
        "vctp16q(1u & (uint32_t)",
    ),
    "values that are left over, forgotten": (MVE, "ts_broadcast_mve.h", "vctp32q((uint32_t)count)", "vctp32q(1u)"),
    "sums that are left over, forgotten": (MVE, "ts_linear_sum.c", "vctp32q((uint32_t)count)", "vctp32q(1u)"),
    "upper products, rounded down": (PLAIN, "ts_requantize.h", "+ (int32_t)((uint32_t)product >> 31)", ""),
    "bytes beyond the ends": (PLAIN, "ts_requantize.h", "__builtin_arm_ssat(value, 8)", "value"),
    "inputs in each other's place": (PLAIN, "ts_channels.c", "= input[3];", "= input[2];"),
    "the input's zero point, forgotten": (PLAIN, "ts_depthwise_conv_2d_quads.h", "= p->input_offset;", "= 0;"),
    "rows of a filter, one after the other": (
        *(PLAIN, "ts_depthwise_conv_2d_quads.h"),
        "tap += walk->weights_jump",
        "tap += 0",
    ),
}


class Lengths:
    """A model that computes everything of every length; scales are powers of two, so that there are ties."""

    def __init__(self) -> None:
        self.builder = ModelBuilder()
        self.inputs: list[int] = []
        self.shapes: list[tuple[int, ...]] = []
        self.outputs: list[int] = []

    def given(self, *shape: int, zero_point: int, scale: float = 0.25) -> int:
        self.inputs.append(self._tensor(shape, scale, zero_point))
        self.shapes.append(shape)
        return self.inputs[-1]

    def constant(self, *shape: int, scale: float = 0.25) -> int:
        return self.builder.tensor(self._name(), shape, scale=scale, data=weights(shape, len(self.shapes)))

    def bias(self, count: int, depth: int, scale: float) -> int:
        data = biases(count, depth, len(self.shapes))
        return self.builder.tensor(self._name(), (count,), "int32", scale=scale, data=data)

    def computed(self, operator: str, operands: list[int], *shape: int, scale: float, **options: int) -> None:
        zero_point = ZERO_POINTS[len(self.outputs) % len(ZERO_POINTS)]
        self.outputs.append(self._tensor(shape, scale, zero_point))
        self.builder.op(operator, operands, self.outputs[-1:], **options)

    def of_length(self, n: int) -> None:
        """The operators with vectors, on `n` inputs, channels or columns."""
        zero_point, other = ZERO_POINTS[n % 4], ZERO_POINTS[(n + 1) % 4]
        a, b = (self.given(ROWS, n, zero_point=point) for point in (zero_point, other))
        repeated = self.given(ROWS, 1, zero_point=other, scale=0.5)
        image = self.given(1, PLACES, PLACES, n, zero_point=zero_point)
        small, saturating = 2.0 ** (n % 3) * 64, 2.0 ** (n % 5)
        units = 18 - n if n < 18 else n
        linear = [a, self.constant(units, n), self.bias(units, n, 0.0625)]
        self.computed("FULLY_CONNECTED", linear, ROWS, units, scale=small)
        self.computed("FULLY_CONNECTED", linear, ROWS, units, scale=saturating, fused_activation_function="RELU")
        for multiplier in (1, 2):
            count = n * multiplier
            depthwise = [image, self.constant(1, 3, 3, count), self.bias(count, 9, 0.0625)]
            window = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
            self.computed(
                *("DEPTHWISE_CONV_2D", depthwise, 1, PLACES, PLACES, count),
                **window,
                scale=small if multiplier == 1 else saturating,
                depth_multiplier=multiplier,
            )
        self.computed("ADD", [a, b], ROWS, n, scale=0.5)
        self.computed("SUB", [a, repeated], ROWS, n, scale=1.0)
        self.computed("ADD", [a, self.constant(n, scale=0.125)], ROWS, n, scale=0.5)
        self.computed("ADD", [a, b], ROWS, n, scale=0.47)
        self.computed("SUB", [self.constant(n, scale=0.13), b], ROWS, n, scale=0.24)
        self.computed("MUL", [a, b], ROWS, n, scale=8.0)
        self.computed("MUL", [repeated, b], ROWS, n, scale=4.0)
        self.computed("SQUARED_DIFFERENCE", [a, repeated], ROWS, n, scale=16.0)

    def _tensor(self, shape: tuple[int, ...], scale: float, zero_point: int) -> int:
        return self.builder.tensor(self._name(), shape, scale=scale, zero_point=zero_point)

    def _name(self) -> str:
        return f"t{len(self.builder._tensors)}"


@pytest.fixture(scope="module")
def case(require_tool: Callable[..., None], require_module: Callable[..., None]) -> Case:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tflite_micro")
    lengths = Lengths()
    for n in LENGTHS:
        lengths.of_length(n)
    rows = rows_for(lengths.shapes, 1)
    return Case("lengths", lengths.builder.build(lengths.inputs, lengths.outputs), rows)


@pytest.fixture(scope="module")
def expected(case: Case) -> np.ndarray:
    return np.stack([_joined(row) for row in truth(case)])


@pytest.mark.parametrize("board", BOARDS)
def test_every_length(board: str, case: Case, expected: np.ndarray, tmp_path: Path) -> None:
    np.testing.assert_array_equal(_outputs(case, board, tmp_path), expected)


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES.keys())
def test_broken_kernels_are_found(
    case: Case, expected: np.ndarray, breakage: tuple[str, str, str, str], tmp_path: Path
) -> None:
    board, *edit = breakage
    assert (_outputs(case, board, tmp_path, edit) != expected).any()


def _outputs(case: Case, board: str, folder: Path, edit: Sequence[str] = ()) -> np.ndarray:
    project = generate_project(parse_tflite(case.model), ProjectOptions(board=load_board(board)), folder / "project")
    if edit:
        file, said, instead = edit
        path = project.folder / "model" / "kernels" / file
        text = path.read_text()
        assert said in text, "nothing to break"
        path.write_text(text.replace(said, instead))
    return run(project.folder, np.stack([_joined(row) for row in case.rows])).outputs


def _joined(tensors: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([tensor.ravel().view(np.int8) for tensor in tensors])
