"""A full disk, one that cannot be written, and paths where nothing can be: one line, nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.robustness.program import ANGRY, SPOKEN, contents, end, leftovers, refuses, run, start, succeed

Disk = Callable[..., Path]
Training = Callable[[Path], tuple[object, ...]]
Commands = dict[str, Callable[[Path], tuple[object, ...]]]
FULL, READ_ONLY = r"No space left on device\)", r"\(Read-only file system\)"


@pytest.fixture
def commands(
    project: Path,
    checkpoint: Path,
    merged: Path,
    training: Training,
    experiment: Path,
    recordings: Path,
    tmp_path: Path,
) -> Commands:
    """Every command that writes, by its name; each takes the folder to write below."""
    inputs = tmp_path / "x.npy"
    np.save(inputs, np.zeros((8, 200, 40), np.int8))
    emulate = ("emulate", project, "--on", "host", "--input", inputs)
    check = ("check", "--tflite", SPOKEN, "--input", inputs, "--qemu-sample", 0, "--layer-windows", 0)
    return {
        "train": lambda disk: training(disk / "run"),
        "sweep": lambda disk: ("sweep", experiment, "--data", recordings, "--jobs", 1, "-o", disk / "sweep"),
        "merge": lambda disk: ("merge", checkpoint, "-o", disk / "merged.pt"),
        "export": lambda disk: ("export", merged, "-o", disk / "model.onnx"),
        "generate": lambda disk: ("generate", SPOKEN, "-o", disk / "firmware"),
        "dump-ir": lambda disk: ("generate", SPOKEN, "-o", disk / "firmware", "--dump-ir", disk / "ir"),
        "emulate": lambda disk: (*emulate, "--output", disk / "y.npy"),
        "features": lambda disk: ("features", ANGRY, "-o", disk / "picture.png"),
        "check": lambda disk: (*check, "-o", disk / "report"),
        "demo": lambda disk: ("demo", "-o", disk / "demo"),
    }


@pytest.mark.parametrize("name", ["sweep", "merge", "export", "generate", "features", "check", "demo"])
def test_a_full_disk(name: str, commands: Commands, small_disk: Disk, temporary: Path) -> None:
    disk = small_disk(8)
    refuses(run(*commands[name](disk)), FULL)
    # What is there to go on with may stay: the state of the demo's step, answers of a check's stages.
    assert {path.suffix for path in disk.rglob("*") if path.is_file()} <= {".json", ".npz"}
    assert not any((disk / name).exists() for name in ("merged.pt", "model.onnx", "firmware", "picture.png"))
    assert leftovers(disk, temporary) == []


def test_a_disk_that_fills_up_later(training: Training, small_disk: Disk, temporary: Path) -> None:
    """`last.pt` stays as it was, and the run goes on when there is room."""
    disk = small_disk(5000)
    refuses(run(*training(disk / "run")), FULL)
    assert (disk / "run" / "last.pt").stat().st_size > 0 and not (disk / "run" / "model.pt").exists()
    subprocess.run(["mount", "-o", "remount,size=16m", str(disk)], check=True)
    assert "going on after epoch" in succeed(*training(disk / "run"))
    assert leftovers(disk, temporary) == []


@pytest.mark.parametrize("name", ["train", "generate", "dump-ir", "emulate", "check", "demo"])
def test_a_disk_that_cannot_be_written(name: str, commands: Commands, small_disk: Disk, temporary: Path) -> None:
    disk = small_disk(8, read_only=True)
    refuses(run(*commands[name](disk)), READ_ONLY)
    assert list(disk.iterdir()) == [] and leftovers(temporary) == []


@pytest.mark.parametrize("place", ["host", "qemu", "tflm"])
def test_no_room_for_temporary_files(
    place: str,
    project: Path,
    small_disk: Disk,
    require_tool: Callable[..., None],
    require_module: Callable[..., None],
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("tflite_micro")
    disk = small_disk(64)
    refuses(run("emulate", project, "--on", place, environment={"TMPDIR": disk}), "No space left on device.*TMPDIR")
    assert list(disk.iterdir()) == []


def test_no_folder_for_temporary_files_at_all(project: Path, tmp_path: Path) -> None:
    """What needs none works all the same."""
    code = "import tempfile; tempfile._candidate_tempdir_list = lambda: ['/proc/none']; "
    (tmp_path / "start.py").write_text(f"{code}from tinyser.cli import main; main()")
    listed = subprocess.run([sys.executable, tmp_path / "start.py", "boards", "--json"], capture_output=True, text=True)
    assert listed.returncode == 0 and listed.stderr == ""
    command = [sys.executable, tmp_path / "start.py", "emulate", project, "--on", "host"]
    emulated = subprocess.run(command, capture_output=True, text=True)
    assert emulated.returncode == 2 and "No usable temporary directory" in emulated.stderr
    assert "Traceback" not in emulated.stderr


def test_a_limit_on_file_sizes(tmp_path: Path, temporary: Path) -> None:
    """As `ulimit -f` sets it; also where no file system can be mounted."""
    command = f"ulimit -f 8; exec {sys.executable} -m tinyser generate {SPOKEN} -o {tmp_path / 'out' / 'firmware'}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 2 and "(File too large)" in done.stderr and done.stderr.count("\n") == 1
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize("arguments", ["boards", "boards --json", "--help"])
def test_standard_output_on_a_full_disk(arguments: str) -> None:
    command = f"exec {sys.executable} -m tinyser {arguments} > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode == 2 and "standard output: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_standard_output_that_nobody_reads() -> None:
    running = start("boards")
    assert running.stdout is not None
    running.stdout.close()
    running.stdout = None
    ended = end(running)
    assert (ended.status, ended.err) == (1, "")


@pytest.mark.parametrize("name", ["train", "generate", "emulate", "check", "demo"])
def test_a_path_below_a_file(name: str, commands: Commands, tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "file").write_text("mine")
    refuses(run(*commands[name](tmp_path / "file")), r"Not a directory|is a file, a folder is needed")
    assert (tmp_path / "file").read_text() == "mine" and leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["export", "emulate", "features"])
def test_a_folder_where_a_file_should_be(name: str, commands: Commands, tmp_path: Path) -> None:
    command = commands[name](tmp_path)
    Path(str(command[-1])).mkdir()
    refuses(run(*command), "is a folder, a file name is needed")


@pytest.mark.parametrize("name", ["merge", "emulate", "features"])
def test_no_parent_folder(name: str, commands: Commands, tmp_path: Path) -> None:
    refuses(run(*commands[name](tmp_path / "missing")), "folder .*missing does not exist; create it or choose another")
