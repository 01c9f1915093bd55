"""The same bytes on the emulated cores: the kernels' DSP paths (Cortex-M4), their plain C (Cortex-M3), their vectors
(Cortex-M55; more of both in test_vector_lengths.py)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import Board, load_board
from codegen.ops import OPERATORS
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.codegen.models import wide_inside
from tests.codegen.test_passes import PaddedConvolution
from tests.cross_clang import cross_clang
from tests.ops import test_depthwise_conv_2d, test_dequantize
from tests.ops.agreement import Case, truth
from tests.ops.strategies import rows_for, weights
from tests.tflite_builder import ModelBuilder
from tinyser.emulator.qemu import run

# What has a DSP path of its own; the others run the same C on every core.
WITH_DSP_PATH = (
    "BATCH_MATMUL",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "SVDF",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
)
# Of the edges of int16 those that DSP instructions have to do with.
DSP_EDGES_OF_INT16 = (
    "deep",
    "deeper",
    "even depth",
    "groups",
    "int32 bias",
    "matrices",
    "more taps than 32 bits have room for",
    "two filters a channel",
    "quads of channels",
    "sequence",
    "sums beyond 32 bits",
)
# What only rounds with an instruction of its own, and the edges of that.
ROUNDED_BY_DSP = ("ADD", "MUL", "SQUARED_DIFFERENCE", "SUB")
ROUNDING = ("rounding ties", "rounding ties below a step", "very different scales")
# What is read four values at a time there, and some that are left over.
FOURS = (
    *("batch", "column", "column first", "opposite zero points"),
    *("no ties", "no ties, channel constant first", "no ties, three values"),
)

# What has code for speed that `--optimize size` leaves out.
OTHERWISE_FOR_SIZE: Mapping[str, tuple[str, ...]] = {
    "BATCH_MATMUL": ("fixed",),
    "CONV_2D": ("fixed",),
    "DEPTHWISE_CONV_2D": ("quads of channels", "dilated"),
    "FULLY_CONNECTED": ("fixed",),
}


def cases(operator: str) -> dict[str, Case]:
    """The operator's fixed case, and for those with a DSP path the edge cases of that."""
    module = import_module(f"tests.ops.test_{operator.lower()}")
    chosen = (
        _dsp_edges(module.EDGES)
        if operator in WITH_DSP_PATH
        else (*ROUNDING, *FOURS)
        if operator in ROUNDED_BY_DSP
        else ()
    )
    return {"fixed": module.fixed_case(), **{name: module.EDGES[name].case() for name in chosen}}


def _dsp_edges(names: Iterable[str]) -> list[str]:
    kinds = [(name, name.removeprefix("int16, ")) for name in names]
    return [name for name, kind in kinds if name == kind or kind in DSP_EDGES_OF_INT16]


@pytest.fixture(scope="module", autouse=True)
def tools(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tflite_micro")


def assert_same_on(
    board: str, case: Case, folder: Path, compiled_for: Board | None = None, optimize: str = "speed"
) -> None:
    options = ProjectOptions(board=load_board(board), optimize=optimize)
    project = generate_project(parse_tflite(case.model), options, folder)
    rows = [np.concatenate([tensor.ravel().view(np.int8) for tensor in row]) for row in case.rows]
    got = run(project.folder, np.stack(rows), keep_state=case.keep_state, board=compiled_for).outputs
    answers = truth(case)
    expected = [np.concatenate([tensor.ravel().view(np.int8) for tensor in row]) for row in answers]
    np.testing.assert_array_equal(got, np.stack(expected), err_msg=case.description)


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_cortex_m4(operator: str, tmp_path: Path) -> None:
    for name, case in cases(operator).items():
        assert_same_on("mps2-an386", case, tmp_path / name)


def clang_for(board: Board, folder: Path) -> Board:
    """A board whose C is compiled by clang; the assembler, the linker and the C library stay GCC's."""
    clang, gcc = " ".join(cross_clang()), shutil.which("arm-none-eabi-gcc")
    script = folder / "clang-gcc"
    script.write_text(f'#!/bin/sh\ncase " $* " in *".c "*) exec {clang} "$@" ;; esac\nexec {gcc} "$@"\n')
    script.chmod(0o755)
    (folder / "clang-size").symlink_to(str(shutil.which("arm-none-eabi-size")))
    return replace(board, compiler_prefix=f"{folder}/clang-")


# Depthwise has no assembly for clang: plain C, at the same optimization; linear layers have DSP instructions, too.
BY_CLANG: Mapping[str, tuple[str, ...]] = {
    "DEPTHWISE_CONV_2D": ("fixed", "kernel larger than the image", "over time"),
    "FULLY_CONNECTED": ("fixed",),
}


def test_cortex_m4_by_clang(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("clang")
    board = clang_for(load_board("mps2-an386"), tmp_path)
    for operator, names in BY_CLANG.items():
        for name in names:
            assert_same_on("mps2-an386", cases(operator)[name], tmp_path / f"{operator}, {name}", board)


@pytest.mark.parametrize("operator", OTHERWISE_FOR_SIZE)
def test_cortex_m4_for_size(operator: str, tmp_path: Path) -> None:
    known = cases(operator)
    for name in OTHERWISE_FOR_SIZE[operator]:
        assert_same_on("mps2-an386", known[name], tmp_path / name, optimize="size")


# Four channels at once in plain C; what saturates and rounds by instructions of Armv7-M.
ON_CORTEX_M3: Mapping[str, tuple[str, ...]] = {
    **{operator: ("fixed",) for operator in WITH_DSP_PATH},
    **{operator: ("rounding ties",) for operator in ("ADD", "MUL")},
    "CONV_2D": ("fixed", "lowest zero points"),
    "DEPTHWISE_CONV_2D": (
        *("fixed", "quads of channels", "quads of channels, lowest zero point", "highest zero points"),
        "kernel larger than the image",
    ),
    "FULLY_CONNECTED": ("fixed", "rows by fours", "rounding ties"),
}


@pytest.mark.parametrize("operator", ON_CORTEX_M3)
def test_cortex_m3(operator: str, tmp_path: Path) -> None:
    known = cases(operator)
    for name in ON_CORTEX_M3[operator]:
        assert_same_on("mps2-an385", known[name], tmp_path / name)


# Products by halves, where the core has no long ones; rows that share a register; four channels loaded at once.
ON_CORTEX_M0: Mapping[str, tuple[str, ...]] = {
    "ADD": ("fixed", *ROUNDING, "no ties", "no ties, channel constant first"),
    "BATCH_MATMUL": ("fixed",),
    "CONV_2D": ("fixed",),
    "DEPTHWISE_CONV_2D": (
        *("fixed", "quads of channels", "quads of channels, lowest zero point"),
        *("quads of channels over time, lowest zero point", "kernel larger than the image"),
    ),
    "FULLY_CONNECTED": (
        *("fixed", "deep", "many rows", "rows by fours", "lowest weights", "largest weights"),
        *("biases beyond 24 bits", "rounding ties"),
    ),
    "MUL": ("fixed", *ROUNDING),
}


@pytest.mark.parametrize("operator", ON_CORTEX_M0)
def test_cortex_m0(operator: str, tmp_path: Path) -> None:
    known = cases(operator)
    for name in ON_CORTEX_M0[operator]:
        assert_same_on("microbit", known[name], tmp_path / name)


@pytest.mark.parametrize(("board", "channels"), [("microbit", 6), ("microbit", 8), ("mps2-an386", 8)])
def test_depthwise_outside_of_the_image(board: str, channels: int, tmp_path: Path) -> None:
    """Some windows have no tap inside; rows of six begin at no word, and a Cortex-M0 loads whole ones only."""
    case = PaddedConvolution(
        paddings=((0, 0), (5, 4), (4, 6), (0, 0)),
        convolutions=("DEPTHWISE_CONV_2D",),
        zero_point=-128,
        channels=channels,
    ).case()
    assert_same_on(board, case, tmp_path / "project")


# Edges of what has vectors, beyond what test_vector_lengths.py tries.
VECTOR_EDGES: Mapping[str, tuple[str, ...]] = {
    "CONV_2D": ("fixed",),
    "DEPTHWISE_CONV_2D": ("fixed", "biases beyond 24 bits", "kernel larger than the image"),
    "FULLY_CONNECTED": (
        *("fixed", "biases beyond 24 bits", "multiplier above one", "rounding ties"),
        "rounding ties of a limited output",
    ),
}


@pytest.mark.parametrize("operator", VECTOR_EDGES)
def test_cortex_m55(operator: str, tmp_path: Path) -> None:
    known = cases(operator)
    for name in VECTOR_EDGES[operator]:
        assert_same_on("mps3-an547", known[name], tmp_path / name)


def test_cortex_m4_takes_rows_by_fours_where_inputs_come_so(tmp_path: Path) -> None:
    """In one model with rows whose inputs do not."""
    builder = ModelBuilder()
    given = [builder.tensor(f"x{depth}", (5, depth), scale=0.05, zero_point=3) for depth in (8, 7)]
    outputs = []
    for depth, x in zip((8, 7), given, strict=True):
        outputs.append(builder.tensor(f"y{depth}", (5, 6), scale=0.2, zero_point=-3))
        matrix = builder.tensor(f"weights{depth}", (6, depth), scale=0.01, data=weights((6, depth), depth))
        builder.op("FULLY_CONNECTED", [x, matrix, -1], outputs[-1:])
    case = Case("rows", builder.build(given, outputs), rows_for([(5, 8), (5, 7)], 0))
    assert_same_on("mps2-an386", case, tmp_path / "project")


def test_cortex_m55_repeats_either_operand(tmp_path: Path) -> None:
    """In one model, where the kernel has loops for both of these and no other."""
    builder = ModelBuilder()
    given = [builder.tensor(f"x{index}", (4, 9), scale=0.05, zero_point=3) for index in range(2)]
    repeated = builder.tensor("column", (4, 1), scale=0.07, zero_point=-5)
    outputs = []
    for index, operands in enumerate(([given[0], repeated], [repeated, given[1]])):
        outputs.append(builder.tensor(f"y{index}", (4, 9), scale=0.2, zero_point=index))
        builder.op("MUL", operands, outputs[-1:])
    model = builder.build([*given, repeated], outputs)
    assert_same_on("mps3-an547", Case("repeats", model, rows_for([(4, 9), (4, 9), (4, 1)], 0)), tmp_path / "project")


def test_cortex_m55_cannot_tell_apart_the_weights_of_large_filters(tmp_path: Path) -> None:
    """By offsets of 16 bits: 128 by 128 taps."""
    size = (128, 128)
    convolution = test_depthwise_conv_2d.Depthwise(image=size, kernel=size, channels=10, padding="VALID")
    case = convolution.case()
    assert_same_on("mps3-an547", replace(case, rows=case.rows[:2]), tmp_path / "project")


def test_cortex_m55_has_one_row(tmp_path: Path) -> None:
    """Rows go in pairs there: what lies before a single one stays as it is."""
    builder = ModelBuilder()
    x = builder.tensor("x", (1, 12), scale=0.05, zero_point=3)
    outputs = []
    for index in range(4):
        outputs.append(builder.tensor(f"y{index}", (1, 16), scale=0.2, zero_point=index))
        matrix = builder.tensor(f"weights{index}", (16, 12), scale=0.01, data=weights((16, 12), index))
        builder.op("FULLY_CONNECTED", [x, matrix, -1], outputs[-1:])
    model = builder.build([x], outputs)
    assert_same_on("mps3-an547", Case("one row", model, rows_for([(1, 12)], 0)), tmp_path / "project")


@pytest.mark.parametrize("board", ["mps2-an385", "mps2-an386"])
@pytest.mark.parametrize("edge", ["all bits of a scale", "smallest scale", "overflow to infinity"])
def test_float_arithmetic(board: str, edge: str, tmp_path: Path) -> None:
    """The same bits from the compiler's library (Cortex-M3) and from a float unit."""
    assert_same_on(board, test_dequantize.EDGES[edge].case(), tmp_path / "project")


def test_row_regions(tmp_path: Path) -> None:
    case = Case("wide inside", wide_inside(), rows_for([(1, 96, 4, 2)], 0)[:3])
    assert_same_on("mps2-an386", case, tmp_path / "project")
    assert "for (int32_t turn" in (tmp_path / "project" / "model" / "ser_model.c").read_text()
