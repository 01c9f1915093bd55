"""What users install: the wheel with its base dependencies alone generates the same project as the checkout."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.boards import list_boards
from codegen.read_tflite import read_tflite
from tests.codegen.models import dense_model
from tests.conftest import absent

CHECKOUT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel in it and nothing heavy; its Python."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, CHECKOUT, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder).check_returncode()
    python = folder / "venv" / "bin" / "python"
    wheel = next(folder.glob("*.whl"))
    installed = run(python, "-m", "pip", "install", "-q", wheel, cwd=folder)
    if installed.returncode != 0:
        absent(f"the package registry does not answer: {installed.stderr.strip()[-200:]}")
    return python


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_wheel_generates_what_the_checkout_generates(
    installed: Path, tmp_path: Path, require_tool: Callable[..., None]
) -> None:
    """Of each flavour, on one of its boards."""
    require_tool("gcc")
    (tmp_path / "dense.tflite").write_bytes(dense_model())
    flavours = [(board.id, project) for board in list_boards() for project in board.projects]
    boards = {project: board for board, project in reversed(flavours)}
    for name, python in (("wheel", installed), ("checkout", Path(sys.executable))):
        (tmp_path / name).mkdir()
        for project, board in boards.items():
            choice = ("--project", project, "--board", board, "-o", f"{name}/{project}")
            done = run(python, "-m", "tinyser", "generate", "dense.tflite", *choice, cwd=tmp_path)
            assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "wheel") == digests(tmp_path / "checkout")


@pytest.mark.slow
def test_base_install_is_light_and_says_what_is_missing(installed: Path, tmp_path: Path) -> None:
    listed = run(installed, "-m", "pip", "list", "--format=freeze", cwd=tmp_path).stdout.lower()
    assert not any(name in listed for name in ("torch", "tensorflow", "onnx", "scipy", "scikit"))
    (tmp_path / "dense.tflite").write_bytes(dense_model())
    assert read_tflite(tmp_path / "dense.tflite").name == "dense"
    for command in (
        ("generate", "dense.tflite", "-o", "d", "--runtime", "tflm"),
        ("train", "--corpus", "spoken", "--model", "convtransformer", "-o", "run"),
        ("merge", "model.pt", "-o", "merged.pt"),
        ("export", "merged.pt", "-o", "model.onnx"),
        ("quantize", "model.onnx", "--calibration", "c.npy", "-o", "m.tflite"),
        ("check", "--tflite", "dense.tflite", "--input", "x.npy", "-o", "report"),
        ("demo", "-o", "demo"),
    ):
        done = run(installed, "-m", "tinyser", *command, cwd=tmp_path)
        assert done.returncode == 2, (command, done.stderr)
        assert done.stderr.count("\n") == 1 and "tinyser[" in done.stderr, (command, done.stderr)
