"""Runtime `tflm` in QEMU: with a library that stands in, and with the real one where TFLM_ROOT is set."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import ToolError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import parse_tflite
from tests.emulator.test_tflm import flat_model
from tinyser.emulator import qemu

BOARD = load_board("mps2-an386")
TREE = Path(__file__).parent / "tflm_tree"
VARIABLES = ("TFLM_ROOT", "TFLM_LIB", "TFLM_INCLUDE_DIRS", "TFLM_DEFINITIONS")
ROWS = np.random.default_rng(4).integers(-128, 127, (3, 480)).astype(np.int8)


def project(folder: Path, runtime: str = "tflm", arena_bytes: int = 8192) -> Path:
    options = ProjectOptions(board=BOARD, runtime=runtime)
    return generate_project(parse_tflite(flat_model()), options, folder, arena_bytes).folder


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[..., None]) -> None:
    """The library of `tflm_tree`, built for the board, one header in a folder of its own."""
    require_tool("arm-none-eabi-g++", "qemu-system-arm")
    flags = [*BOARD.cpu_flags, "-std=c++17", "-DTF_LITE_STATIC_MEMORY", "-DAS_THE_LIBRARY_WAS_BUILT", f"-I{TREE}"]
    built = tmp_path / "libtflm.a"
    for command in (
        ["arm-none-eabi-g++", *flags, "-c", str(TREE / "interpreter.cc"), "-o", str(tmp_path / "interpreter.o")],
        ["arm-none-eabi-ar", "rcs", str(built), str(tmp_path / "interpreter.o")],
    ):
        subprocess.run(command, check=True)
    for name, value in zip(VARIABLES, (str(TREE), str(built), "", "AS_THE_LIBRARY_WAS_BUILT"), strict=True):
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("stand_in")
def test_the_interpreter_runs_in_the_emulator(tmp_path: Path) -> None:
    result = qemu.run(project(tmp_path / "project"), ROWS)
    np.testing.assert_array_equal(result.outputs, ROWS[:, :3] + np.int8(1))
    assert result.arena_bytes == 500
    assert result.instructions is not None and min(result.instructions) > 0


@pytest.mark.usefixtures("stand_in")
def test_the_image_prints_how_much_of_the_arena_is_used(tmp_path: Path) -> None:
    image = qemu.build_image(qemu.load_project(project(tmp_path / "project")), BOARD, tmp_path)
    console = qemu.boot(qemu.qemu_command(BOARD, image), tmp_path, 30)
    assert "arena: 500 bytes" in console and "self-test: PASS" in console


@pytest.mark.usefixtures("stand_in")
def test_an_arena_that_is_too_small_is_a_status(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="model: not ready"):
        qemu.run(project(tmp_path / "project", arena_bytes=496), ROWS)


@pytest.mark.usefixtures("stand_in")
def test_definitions_of_another_library_do_not_compile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TFLM_DEFINITIONS")
    with pytest.raises(ToolError, match="built with other definitions than the library"):
        qemu.run(project(tmp_path / "project"), ROWS)


@pytest.mark.parametrize(
    ("root", "library", "message"),
    [
        (None, None, "but TFLM_ROOT is not set; set TFLM_ROOT to its sources and TFLM_LIB"),
        ("{tree}/tensorflow", "{here}", "but TFLM_ROOT has no .*micro_interpreter.h; set"),
        ("{tree}", None, "but TFLM_LIB is not set; set"),
        ("{tree}", "{here}/libtflm.a", "but TFLM_LIB has no .*libtflm.a; set .* '--on tflm', or generate with"),
    ],
)
def test_without_a_library_it_says_what_to_set(
    root: str | None, library: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("TFLM_ROOT", root), ("TFLM_LIB", library)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value.format(tree=TREE, here=tmp_path))
    with pytest.raises(ToolError, match=message):
        qemu.run(project(tmp_path / "project"), ROWS)


if os.environ.get("TFLM_ROOT"):

    def test_the_real_interpreter_gives_the_bytes_of_direct(tmp_path: Path, require_tool: Callable[..., None]) -> None:
        require_tool("arm-none-eabi-gcc", "qemu-system-arm")
        result = qemu.run(project(tmp_path / "tflm"), ROWS)
        expected = qemu.run(project(tmp_path / "direct", "direct"), ROWS)
        np.testing.assert_array_equal(result.outputs, expected.outputs)
        assert 0 < result.arena_bytes <= 8192
