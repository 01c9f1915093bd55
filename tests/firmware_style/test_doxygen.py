"""Everything public in the generated headers has a comment that Doxygen takes without a warning."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.firmware_style.cases import CASES, Case, write_case


@pytest.fixture(scope="module")
def doxygen(require_tool: Callable[..., None]) -> None:
    require_tool("doxygen")


def documented(folder: Path, *settings: str) -> subprocess.CompletedProcess[str]:
    """Runs Doxygen as the project's own Doxyfile says, and as `settings` say."""
    text = "\n".join([(folder / "Doxyfile").read_text(), *settings])
    return subprocess.run(["doxygen", "-"], input=text, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_warning(doxygen: None, projects: Mapping[Case, Path], case: Case, tmp_path: Path) -> None:
    done = documented(projects[case], f"OUTPUT_DIRECTORY = {tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ser_model_invoke" in (tmp_path / "html" / "ser__model_8h.html").read_text()


def test_no_warning_of_any_kernel(doxygen: None, projects: Mapping[Case, Path], kernels: Path, tmp_path: Path) -> None:
    done = documented(projects[CASES[0]], f"INPUT = {kernels}", f"OUTPUT_DIRECTORY = {tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("header", "old", "new", "message"),
    [
        ("model/ser_model.h", " * @param index among the inputs\n", "", "ser_model_input"),
        ("app/ser_decision.h", "/**< the label that led in the newest inferences */", "", "candidate"),
        ("model/ser_model.h", "/**< of all elements */", "", "SER_MODEL_INPUT_0_BYTES"),
        ("board/board.h", "/** Ends the calls. */", "", "board_tick_stop"),
    ],
)
def test_a_missing_comment_is_found(
    doxygen: None, projects: Mapping[Case, Path], tmp_path: Path, header: str, old: str, new: str, message: str
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(projects[CASES[0]], folder)
    text = (folder / header).read_text()
    assert old in text
    (folder / header).write_text(text.replace(old, new))
    done = documented(folder, f"OUTPUT_DIRECTORY = {tmp_path}")
    assert done.returncode != 0 and message in done.stderr


def test_the_cmake_target_makes_pages(doxygen: None, require_tool: Callable[..., None], tmp_path: Path) -> None:
    require_tool("cmake", "gcc")
    folder = write_case(CASES[0], tmp_path)
    for command in (["-S", ".", "-B", "build"], ["--build", "build", "--target", "docs"]):
        subprocess.run(["cmake", *command], cwd=folder, check=True, capture_output=True)
    assert (folder / "docs" / "html" / "index.html").is_file()
