"""Small inputs for every command, made once, and folders that end with the test."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.converted import FRAMES, MELS, save_model
from tests.robustness.program import SPOKEN, succeed
from tests.sweep.conftest import TINY
from tests.training.conftest import recordings  # noqa: F401 (a fixture)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[..., None]) -> Path:
    """A firmware project of the example model."""
    require_tool("gcc")
    folder = tmp_path_factory.mktemp("project") / "firmware"
    succeed("generate", SPOKEN, "-o", folder)
    return folder


@pytest.fixture(scope="session")
def many_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More runs of the example model than there is patience for."""
    path = tmp_path_factory.mktemp("inputs") / "many.npy"
    np.save(path, np.zeros((20000, 200, 40), np.int8))
    return path


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, require_module: Callable[..., None]) -> Path:
    """A factored model with random weights."""
    require_module("torch")
    path = tmp_path_factory.mktemp("checkpoint") / "model.pt"
    save_model(path, hrf_ratio=2)
    np.save(path.parent / "calibration.npy", np.zeros((8, FRAMES, MELS), np.float32))
    return path


@pytest.fixture(scope="session")
def merged(checkpoint: Path) -> Path:
    path = checkpoint.parent / "merged.pt"
    succeed("merge", checkpoint, "-o", path)
    return path


@pytest.fixture(scope="session")
def training(
    recordings: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
    require_module: Callable[..., None],
) -> Callable[[Path], tuple[object, ...]]:
    """The command that trains into a folder for some seconds."""
    require_module("torch", "lightning_fabric", "sklearn")
    return lambda folder: (
        *(
            "train",
            "--corpus",
            "folder",
            "--data",
            recordings,
            "--epochs",
            3,
            "--batch-size",
            8,
            "--context-frames",
            64,
        ),
        *("--stride-frames", 32, "--preset", "small", "--device", "cpu", "-o", folder),
    )


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory, require_module: Callable[..., None]) -> Path:
    """Two runs without int8."""
    require_module("torch", "lightning_fabric", "sklearn", "ray", "matplotlib")
    path = tmp_path_factory.mktemp("experiment") / "tiny.toml"
    path.write_text(TINY.format(epochs=2, more="").replace("folds = [0, 1]", "folds = [0]"))
    return path


@pytest.fixture(autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def moments(request: pytest.FixtureRequest) -> random.Random:
    """Another seed each time, printed where a test fails; TINYSER_SEED repeats one."""
    seed = int(os.environ.get("TINYSER_SEED") or random.SystemRandom().randrange(10**6))
    print(f"TINYSER_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a file system of so many KiB, or one that cannot be written; skips where that is not allowed."""
    mounted: list[Path] = []

    def mount(kib: int, *, read_only: bool = False) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        options = f"size={kib}k,{'ro' if read_only else 'rw'}"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError as error:
            pytest.skip(f"mount: {error.strerror}")
        if done.returncode != 0:
            pytest.skip(f"no tmpfs: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)
