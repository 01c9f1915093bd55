"""Two runs in one output folder: the second is told who holds it, and the lock of a killed one holds nobody up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from codegen.atomic import new_file, new_folder
from codegen.errors import DataError, OutputExistsError
from codegen.held_folder import held_folder
from tests.robustness.program import SPOKEN, all_end, contents, end, leftovers, refuses, run, start, until
from tests.sweep.processes import descendants
from tinyser.folder_lock import hold_folder


@pytest.fixture
def command(
    request: pytest.FixtureRequest,
    training: Callable[[Path], tuple[object, ...]],
    experiment: Path,
    recordings: Path,
    tmp_path: Path,
) -> tuple[object, ...]:
    np.save(tmp_path / "x.npy", np.zeros((2000, 200, 40), np.int8))
    out = tmp_path / "out"
    commands: dict[str, tuple[object, ...]] = {
        "train": training(out),
        "sweep": ("sweep", experiment, "--data", recordings, "--jobs", 1, "-o", out),
        "check": ("check", "--tflite", SPOKEN, "--input", tmp_path / "x.npy", "-o", out),
        "demo": ("demo", "-o", out),
    }
    return commands[request.param]


@pytest.mark.parametrize("command", ["train", "sweep", "check", "demo"], indirect=True)
def test_the_second_names_the_lock(
    command: tuple[object, ...],
    tmp_path: Path,
    temporary: Path,
    require_tool: Callable[..., None],
    require_module: Callable[..., None],
) -> None:
    require_tool("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    require_module("torch", "tensorflow", "onnxruntime", "espeakng_loader")
    out = tmp_path / "out"
    first = start(*command)
    until(lambda: [lock for lock in out.rglob(".lock") if lock.read_text()], first)
    first.send_signal(signal.SIGSTOP)  # or it might be done before the second comes
    (lock,) = out.rglob(".lock")
    try:
        message = rf"another tinyser \(process {first.pid}\) is at work in it and holds .*/\.lock; wait for its end, or"
        refuses(run(*command), message)
    finally:
        below = descendants(first.pid)
        first.kill()
        end(first)
    all_end(below)
    assert lock.exists()
    with hold_folder(lock.parent):
        pass
    assert not lock.exists()


def test_two_generators(tmp_path: Path, temporary: Path) -> None:
    """One folder, whole, by one of them."""
    out = tmp_path / "out" / "firmware"
    both = [start("generate", SPOKEN, "-o", out) for _ in range(2)]
    ended = sorted((end(running) for running in both), key=lambda one: one.status)
    assert ended[0].status == 0
    refuses(ended[1], "firmware: exists already; choose another output folder or remove it first")
    assert run("generate", SPOKEN, "-o", tmp_path / "out" / "other").status == 0
    assert contents(out) == contents(tmp_path / "out" / "other") and leftovers(tmp_path) == []


@pytest.mark.parametrize("other", ["folder", "file"])
def test_a_folder_that_appears_meanwhile(other: str, tmp_path: Path) -> None:
    with pytest.raises(OutputExistsError, match="out: exists already"), new_folder(tmp_path / "out") as partial:
        (partial / "a").write_text("second")
        if other == "folder":
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "a").write_text("first")
        else:
            (tmp_path / "out").write_text("first")
    assert next(iter(contents(tmp_path).values())) == b"first" and leftovers(tmp_path) == []


def test_the_last_of_two_files_stays(tmp_path: Path) -> None:
    path = tmp_path / "y.npy"
    with new_file(path) as first:
        first.write_text("first")
        with new_file(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first" and leftovers(tmp_path) == []


def test_leftovers_of_the_living_stay(tmp_path: Path) -> None:
    """What another process holds is not taken for a leftover; what nobody holds is; nothing else is touched."""
    (tmp_path / ".tinyser-partial-killed").mkdir()
    (tmp_path / ".tinyser-partial-killed" / "y.npy").write_text("half")
    (tmp_path / ".tinyser-partial-file").write_text("mine")
    (tmp_path / "other").mkdir()
    with held_folder(tmp_path, ".tinyser-partial-") as living:
        assert not (tmp_path / ".tinyser-partial-killed").exists()
        assert run("features", "--help").status == 0
        code = run("generate", SPOKEN, "-o", tmp_path / "firmware")
        assert code.status == 0 and living.is_dir()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {".tinyser-partial-file", "other", "firmware"}


def test_many_writers_at_once(tmp_path: Path) -> None:
    """Threads that write one file over and over, with leftovers between: each file is whole."""
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for _ in range(30):
                with new_file(tmp_path / "shared") as partial:
                    partial.write_text(str(number) * 5000)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = (tmp_path / "shared").read_text()
    assert failures == [] and len(text) == 5000 and len(set(text)) == 1 and leftovers(tmp_path) == []


def test_a_folder_made_for_nothing_is_removed(tmp_path: Path) -> None:
    with hold_folder(tmp_path / "new"):
        pass
    with hold_folder(tmp_path / "kept"):
        (tmp_path / "kept" / "result").write_text("")
    (tmp_path / "mine").mkdir()
    with hold_folder(tmp_path / "mine"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"kept", "mine"}
    with pytest.raises(DataError, match="result: is a file"), hold_folder(tmp_path / "kept" / "result"):
        pass
