"""The desktop emulator: real compilers, real sanitizers, and faults that must be seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.boards import load_board
from codegen.errors import DataError, ToolError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tests.projects import INPUT, SUMS_C, expected_sums, write_sums_project
from tinyser.emulator import host
from tinyser.emulator.project_folder import load_project


def rows(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(-128, 128, (count, INPUT.size)).astype(np.int8)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("sanitize", [False, True])
def test_outputs(compiler: str, sanitize: bool, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool(compiler)
    folder = write_sums_project(tmp_path / "project", "host", selftest=True)
    result = host.run(folder, rows(5), compiler=compiler, sanitize=sanitize)
    np.testing.assert_array_equal(result.outputs, expected_sums(rows(5)))
    assert result.instructions_per_inference is None
    assert result.arena_bytes == 480


@pytest.mark.parametrize(("compiler", "name"), [("gcc", "windowed"), ("clang", "micro_speech")])
def test_many_runs_give_the_same_bytes(
    compiler: str, name: str, bench_dir: Path, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """They are compiled for this machine's vector instructions."""
    require_tool(compiler)
    options = ProjectOptions(board=load_board("host"))
    folder = generate_project(read_tflite(bench_dir / f"{name}.tflite"), options, tmp_path / "project").folder
    inputs, expected = (np.load(bench_dir / f"{name}.{what}.npy") for what in ("input", "expected"))
    few = host.run(folder, inputs.reshape(len(inputs), -1), compiler=compiler).outputs
    np.testing.assert_array_equal(few, expected.reshape(len(expected), -1))
    places = np.arange(100) % len(inputs)
    many = host.run(folder, inputs.reshape(len(inputs), -1)[places], compiler=compiler).outputs
    np.testing.assert_array_equal(many, few[places])


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitizer_sees_a_write_behind_the_arena(
    compiler: str, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """Without --sanitize the same fault goes unseen: it is the sanitizer that finds it."""
    require_tool(compiler)
    broken = SUMS_C.replace("output[i] = ", "output[i + (size_t)(arena[0] & 1)] = ")
    folder = write_sums_project(tmp_path / "project", "host", source=broken)
    odd = np.ones((1, INPUT.size), np.int8)
    with pytest.raises(
        ToolError, match="generated code on the host.*AddressSanitizer: global-buffer-overflow|out of bo"
    ):
        host.run(folder, odd, sanitize=True, compiler=compiler)
    host.run(folder, odd, sanitize=False, compiler=compiler)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitizer_sees_a_signed_overflow(compiler: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool(compiler)
    broken = SUMS_C.replace("{0};", "{0};\n    sums[0] = INT32_MAX - arena[0];")
    folder = write_sums_project(tmp_path / "project", "host", source=broken)
    with pytest.raises(ToolError, match="runtime error: signed integer overflow"):
        host.run(folder, np.full((1, INPUT.size), 5, np.int8), sanitize=True, compiler=compiler)


def test_a_crash_is_a_message(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    broken = SUMS_C.replace("{0};", "{0};\n    *(volatile int8_t *)(uintptr_t)arena[0] = 1;")
    folder = write_sums_project(tmp_path / "project", "host", source=broken)
    with pytest.raises(ToolError, match="SIGSEGV"):
        host.run(folder, np.ones((1, INPUT.size), np.int8))


def test_a_status_is_a_message(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    broken = SUMS_C.replace("{0};", "{0};\n    if (arena[0] == 1) {\n        return SER_ERROR_MODEL;\n    }")
    folder = write_sums_project(tmp_path / "project", "host", source=broken)
    with pytest.raises(ToolError, match="model does not run"):
        host.run(folder, np.ones((1, INPUT.size), np.int8))


def test_warnings_are_errors(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("gcc")
    folder = write_sums_project(tmp_path / "project", "host", source=SUMS_C + "static int unused;\n")
    with pytest.raises(ToolError, match=r"gcc: .*unused"):
        host.run(folder, rows(1))


@pytest.mark.parametrize("bad", [np.zeros((0, 480), np.int8), np.zeros((1, 479), np.int8), np.zeros((1, 480))])
def test_refuses_other_rows(bad: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"inputs: got .* allowed is int8 \(runs, 480\)"):
        host.run(write_sums_project(tmp_path / "project", "host"), bad)


def test_a_missing_compiler_names_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="gcc: not installed; install it .*apt install gcc"):
        host.run(write_sums_project(tmp_path / "project", "host"), rows(1))


def test_not_a_project(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.json: cannot be read .*tinyser generate"):
        load_project(tmp_path)
    (tmp_path / "manifest.json").write_text('{"runtime": "direct"}')
    with pytest.raises(DataError, match=r"manifest\.json: not a manifest of this version"):
        load_project(tmp_path)
