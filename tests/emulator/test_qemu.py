"""Images booted in QEMU: outputs, sizes, stack, faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import list_boards, load_board
from codegen.errors import BoardError, ToolError
from tests.projects import INPUT, SUMS_C, expected_sums, write_sums_project
from tinyser.emulator import qemu
from tinyser.emulator.project_folder import load_project

EMULATED = [board.id for board in list_boards() if board.qemu]


@pytest.fixture(autouse=True)
def cross_tools(require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm")


def rows(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(-128, 128, (count, INPUT.size)).astype(np.int8)


@pytest.mark.parametrize("board", EMULATED)
def test_outputs_and_figures(board: str, tmp_path: Path) -> None:
    folder = write_sums_project(tmp_path / "project", board, selftest=True)
    result, again = qemu.run(folder, rows(3)), qemu.run(folder, rows(3))
    np.testing.assert_array_equal(result.outputs, expected_sums(rows(3)))
    assert result.instructions == again.instructions
    assert result.instructions is not None and len(set(result.instructions)) == 1
    most = 125 if load_board(board).cpu == "cortex-m0" else 25  # the former divides in software
    assert 480 * 4 < result.instructions_per_inference < 480 * most  # type: ignore[operator]
    assert result.stack_bytes is not None and 64 < result.stack_bytes < 1024
    sizes = result.sizes
    assert sizes.flash_total == sizes.flash_weights + sizes.flash_code + 483  # type: ignore[operator]
    assert sizes.ram is not None and 480 + 480 < sizes.ram < 8192


def test_stack_gauge_sees_a_deep_function(tmp_path: Path) -> None:
    """A test of the gauge: 2 kB of local variables more must show as about 2 kB."""
    shallow = qemu.run(write_sums_project(tmp_path / "shallow"), rows(1)).stack_bytes
    local = "volatile int8_t deep[2048];\n    for (size_t i = 0; i < 2048; ++i) {\n        deep[i] = arena[0];\n    }"
    deep_code = SUMS_C.replace("{0};", "{0};\n    " + local + "\n    sums[0] = deep[7] - arena[0];")
    deep = qemu.run(write_sums_project(tmp_path / "deep", source=deep_code), rows(1)).stack_bytes
    assert shallow is not None and deep is not None and 2000 < deep - shallow < 2100


def boot_without_job(folder: Path, scratch: Path) -> str:
    project = load_project(folder)
    board = load_board(project.board)
    scratch.mkdir()
    return qemu.boot(qemu.qemu_command(board, qemu.build_image(project, board, scratch)), scratch, 60)


@pytest.mark.parametrize("board", EMULATED)
def test_selftest_passes(board: str, tmp_path: Path) -> None:
    console = boot_without_job(write_sums_project(tmp_path / "project", board, selftest=True), tmp_path / "run")
    assert "arena: 480 bytes | self-test: PASS (1 vectors)" in console
    assert f"board {board}" in console


def test_selftest_names_the_first_difference(tmp_path: Path) -> None:
    broken = SUMS_C.replace("% 128);", "% 128);\n        output[1] = 77;")
    folder = write_sums_project(tmp_path / "project", source=broken, selftest=True)
    console = boot_without_job(folder, tmp_path / "run")
    assert "self-test: FAIL (vector 0, output byte 1, expected " in console
    assert "got 77)" in console


def test_no_vectors(tmp_path: Path) -> None:
    assert "PASS (0 vectors)" in boot_without_job(write_sums_project(tmp_path / "project"), tmp_path / "run")


def test_a_fault_is_a_message(tmp_path: Path) -> None:
    broken = SUMS_C.replace("{0};", "{0};\n    *(volatile int8_t *)(uintptr_t)0xE8000000u = arena[0];")
    folder = write_sums_project(tmp_path / "project", source=broken)
    where = r"fault at pc 0x0000[0-9a-f]{4}, lr 0x[0-9a-f]{8}, cfsr 0x00008200, bfar 0xe8000000"
    with pytest.raises(ToolError, match=f"mps2-an386 in QEMU: the firmware stopped early .*{where}"):
        qemu.run(folder, rows(1))


def test_an_endless_loop_is_a_message(tmp_path: Path) -> None:
    broken = SUMS_C.replace("{0};", "{0};\n    for (volatile int stop = 0; stop == 0;) {\n    }")
    with pytest.raises(ToolError, match="QEMU: no end after 2 s"):
        qemu.run(write_sums_project(tmp_path / "project", source=broken), rows(1), timeout=2)


def test_a_status_is_a_message(tmp_path: Path) -> None:
    broken = SUMS_C.replace("{0};", "{0};\n    if (arena[0] != 0) {\n        return SER_ERROR_MODEL;\n    }")
    with pytest.raises(ToolError, match="the firmware reports: model does not run"):
        qemu.run(write_sums_project(tmp_path / "project", source=broken), np.ones((1, INPUT.size), np.int8))


def test_the_host_board_has_no_machine(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="board host has no machine in QEMU; use '--on host', or .*mps2-an386"):
        qemu.run(write_sums_project(tmp_path / "project", "host"), rows(1))


def test_missing_tools_name_their_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ToolError, match="arm-none-eabi-gcc: not installed; .*gcc-arm-none-eabi libnewlib-arm-none-eabi"
    ):
        qemu.run(write_sums_project(tmp_path / "project"), rows(1))
