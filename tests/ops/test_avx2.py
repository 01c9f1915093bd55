"""Kernels with AVX2, which the emulator compiles for many runs: every length that is left over, both ends, ties."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.ops.agreement import Case, truth
from tests.ops.strategies import rows_for
from tests.ops.test_vector_lengths import Lengths, _joined
from tinyser.emulator import host
from tinyser.emulator.build import run_tool

LENGTHS = (*range(1, 18), 31, 32, 36, 40)
RUNS = 64  # of so many on, the emulator compiles for its machine
# What the vectors' code must not get wrong without being noticed: file, what it says, what it says instead.
BREAKAGES = {
    "the last block of an odd number, forgotten": ("ts_avx2.h", "if (blocks > 0) {", "if (blocks > 9) {"),
    "ties towards plus infinity": ("ts_avx2.h", "_mm256_add_epi32(scaled, _mm256_srai_epi32(scaled, 31))", "scaled"),
    "upper products, rounded down": ("ts_avx2.h", "INT64_C(1) << 31", "INT64_C(0)"),
    "rows in each other's place": ("ts_channels_avx2.h", "setr_epi32(0, 1, 4, 5", "setr_epi32(2, 3, 4, 5"),
    "inputs left out": ("ts_channels_avx2.h", "done += 16, wide", "done += 17, wide"),
    "the input's zero point, forgotten": (
        "ts_depthwise_conv_2d_avx2.h",
        "_mm_set1_epi32(p->input_offset)",
        "_mm_set1_epi32(0)",
    ),
}


@pytest.fixture(scope="module")
def case(require_tool: Callable[..., None], require_module: Callable[..., None]) -> Case:
    require_tool("gcc")
    require_module("tflite_micro")
    if "__AVX2__" not in run_tool(["gcc", "-march=native", "-dM", "-E", "-x", "c", "/dev/null"], Path.cwd()):
        pytest.skip("this machine has no AVX2")
    lengths = Lengths()
    for n in LENGTHS:
        lengths.of_length(n)
    return Case("lengths", lengths.builder.build(lengths.inputs, lengths.outputs), rows_for(lengths.shapes, 1))


@pytest.fixture(scope="module")
def expected(case: Case) -> np.ndarray:
    return np.stack([_joined(row) for row in truth(case)])


@pytest.mark.parametrize("flags", [("-O3", "-march=native"), ("-O3", "-mavx2")], ids=["native", "without VNNI"])
def test_every_length(
    case: Case, expected: np.ndarray, flags: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_FAST", flags)
    host._fast_flags.cache_clear()
    outputs = _outputs(case, tmp_path)
    host._fast_flags.cache_clear()
    np.testing.assert_array_equal(outputs, np.resize(expected, outputs.shape))


def test_nothing_beyond_is_read_or_written(
    case: Case, expected: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "SANITIZE", (*host.SANITIZE, "-mavx2"))
    outputs = _outputs(case, tmp_path, sanitize=True)
    np.testing.assert_array_equal(outputs, np.resize(expected, outputs.shape))


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES.keys())
def test_broken_vectors_are_found(
    case: Case, expected: np.ndarray, breakage: tuple[str, str, str], tmp_path: Path
) -> None:
    outputs = _outputs(case, tmp_path, breakage)
    assert (outputs != np.resize(expected, outputs.shape)).any()


def _outputs(
    case: Case, folder: Path, breakage: tuple[str, str, str] | None = None, *, sanitize: bool = False
) -> np.ndarray:
    project = generate_project(parse_tflite(case.model), ProjectOptions(board=load_board("host")), folder / "project")
    if breakage is not None:
        file, said, instead = breakage
        path = project.folder / "model" / "kernels" / file
        text = path.read_text()
        assert said in text, "nothing to break"
        path.write_text(text.replace(said, instead))
    rows = np.stack([_joined(row) for row in case.rows])
    return host.run(project.folder, np.resize(rows, (RUNS, rows.shape[1])), sanitize=sanitize).outputs
