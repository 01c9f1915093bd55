"""What is compiled again: whatever a changed file is part of, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.projects import write_sums_project
from tinyser.emulator import build
from tinyser.emulator.build import compile_objects
from tinyser.emulator.project_folder import Project, load_project

SOURCES = {"model/kernels/first.c": '#include "first.h"\nint first = FIRST;\n', "model/second.c": "int second = 2;\n"}
HEADERS = {
    "model/kernels/first.h": '#  include "deep/inner.h"\n#define FIRST INNER\n',
    "model/deep/inner.h": "#define INNER 1\n",
}
FLAGS = ("-std=c99",)


def write(folder: Path) -> None:
    """The sources and headers into a project."""
    for name, text in {**SOURCES, **HEADERS}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[..., None]) -> Project:
    """Two sources of its own, of which one includes a header beside it, and that one of an include folder."""
    require_tool("gcc")
    folder = write_sums_project(tmp_path / "project", "host")
    write(folder)
    (tmp_path / "objects").mkdir()
    monkeypatch.setattr(build.tempfile, "tempdir", str(tmp_path / "objects"))
    return load_project(folder)


def compiled(project: Project, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sources that the compiler runs for."""
    commands: list[str] = []
    make_file = build.make_file

    def counted(command: list[str], cwd: Path, made: Path) -> None:
        commands.append(command[-1])
        make_file(command, cwd, made)

    with monkeypatch.context() as patched:
        patched.setattr(build, "make_file", counted)
        compile_objects(project, list(SOURCES), str(shutil.which("gcc")), FLAGS)
    return set(commands)


def test_nothing_that_stays_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled(project, monkeypatch) == set(SOURCES)
    (project.folder / "model" / "unused.h").write_text("#error nobody includes this\n")
    (project.folder / "model" / "ser_model.h").write_text("of another model\n")
    assert compiled(project, monkeypatch) == set()


@pytest.mark.parametrize("name", ["model/kernels/first.c", *HEADERS])
def test_what_a_changed_file_is_part_of(name: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(project, monkeypatch)
    path = project.folder / name
    path.write_text(path.read_text() + "/* changed */\n")
    assert compiled(project, monkeypatch) == {"model/kernels/first.c"}


def test_a_header_that_takes_the_place_of_another(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the source one is found before that of an include folder."""
    beside, elsewhere = project.folder / "model" / "kernels" / "first.h", project.folder / "elsewhere" / "first.h"
    elsewhere.parent.mkdir()
    beside.rename(elsewhere)
    elsewhere.write_text("#define FIRST 3\n")
    project = replace(project, include_dirs=(*project.include_dirs, "elsewhere"))
    compiled(project, monkeypatch)
    beside.write_text("#define FIRST 4\n")
    assert compiled(project, monkeypatch) == {"model/kernels/first.c"}


def test_a_kernel_once_for_two_models(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a board's sources and kernels include says nothing of the model."""
    other = write_sums_project(tmp_path / "other", "host")
    write(other)
    (other / "model" / "ser_model.h").write_text("of another model\n")
    compiled(project, monkeypatch)
    assert compiled(load_project(other), monkeypatch) == set()
