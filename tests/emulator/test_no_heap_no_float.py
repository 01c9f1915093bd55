"""Whole firmware images hold no heap, the project's C no array of variable length, and fixed-point ones no float."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.boards import load_board
from codegen.errors import ToolError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.emulator.build import compile_objects, find_tool, run_tool
from tinyser.emulator.project_folder import Project, load_project
from tinyser.emulator.qemu import build_image

CHECKOUT = Path(__file__).resolve().parents[2]
HEAP = re.compile(r"_?(malloc|calloc|realloc|free|memalign|sbrk)(_r)?$")
# libgcc's software floats: conversions, arithmetic, comparisons.
FLOAT = re.compile(r"__aeabi_(u?[il]2[fd]|ul2[fd]|[fd]|c[fd]|h2f)|__\w+[sdh]f[23]$")
NO_FPU = "mps2-an385"


def make(folder: Path, board: str) -> Project:
    """The example model, from sound to decision."""
    options = ProjectOptions(board=load_board(board))
    return load_project(generate_project(read_tflite(CHECKOUT / "examples" / "spoken.tflite"), options, folder).folder)


def symbols(project: Project, folder: Path) -> list[str]:
    """Names of everything in the project's linked image."""
    image = build_image(project, load_board(project.board), folder)
    return [line.split()[-1] for line in run_tool([find_tool("arm-none-eabi-nm"), str(image)], folder).splitlines()]


@pytest.mark.parametrize("board", [NO_FPU, "mps2-an386", "mps3-an547"])
def test_images(board: str, tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc")
    found = symbols(make(tmp_path / "project", board), tmp_path)
    assert "ser_model_invoke" in found and "ser_classifier_push" in found
    assert [name for name in found if HEAP.match(name)] == []
    if board == NO_FPU:
        assert [name for name in found if FLOAT.match(name)] == []


def test_a_heap_and_a_float_would_be_seen(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    """A test of the test above."""
    require_tool("arm-none-eabi-gcc")
    project = make(tmp_path / "project", NO_FPU)
    (source,) = project.folder.rglob("ser_decision.c")
    planted = (
        "#include <stdlib.h>\nvoid *planted(float size);\nvoid *planted(float size) { return malloc((size_t)size); }\n"
    )
    source.write_text(source.read_text() + planted)
    objects = compile_objects(project, project.portable_sources, "arm-none-eabi-gcc", load_board(NO_FPU).c_flags)
    undefined = run_tool(["arm-none-eabi-nm", "-u", *map(str, objects)], tmp_path).split()
    assert [name for name in undefined if HEAP.match(name)] == ["malloc"]
    assert any(FLOAT.match(name) for name in undefined)


def test_no_array_of_variable_length(tmp_path: Path, require_tool: Callable[..., None]) -> None:
    require_tool("arm-none-eabi-gcc")
    project = make(tmp_path / "project", NO_FPU)
    flags = [*load_board(NO_FPU).c_flags, "-Wvla", "-Walloca"]
    compile_objects(project, [*project.portable_sources, *project.board_sources], "arm-none-eabi-gcc", flags)
    (source,) = project.folder.rglob("ser_decision.c")
    source.write_text(
        source.read_text() + "int planted(int size);\nint planted(int size) { int a[size]; return sizeof a; }\n"
    )
    with pytest.raises(ToolError, match="vla"):
        compile_objects(project, project.portable_sources, "arm-none-eabi-gcc", flags)


@pytest.mark.parametrize("kind", ["*.c", "*.h", "*.j2"])
def test_no_source_asks_for_memory(kind: str) -> None:
    """Also of kernels and drivers that the example does not use; not of the programs that fuzz on a desktop."""
    templates = CHECKOUT / "firmware_templates"
    sources = [path for path in templates.rglob(kind) if templates / "fuzz" not in path.parents]
    called = re.compile(r"\b(malloc|calloc|realloc|free|alloca)\s*\(")
    assert len(sources) > 20 and [path.name for path in sources if called.search(path.read_text())] == []
