"""The test of the test: fuzzing sees what is planted, and ends in time."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.errors import DataError
from fuzzing.driver import fault_files
from fuzzing.faults import Fault, find_fault, limit_memory
from fuzzing.target import TARGETS, Target, load_target
from tests.conftest import CHECKOUT


def target(run: Callable[[bytes], object]) -> Target:
    return Target(about="a test", run=run, seeds=lambda: [b""], mutate=lambda content, _: content, seconds=0.2)


def fault(run: Callable[[bytes], object]) -> Fault | None:
    return find_fault(target(run), b"")


def refuse(content: bytes) -> None:
    raise DataError("x: got 1, allowed is 2")


def refuse_silently(content: bytes) -> None:
    raise DataError("")


def recurse(content: bytes) -> None:
    recurse(content)


def loop(content: bytes) -> None:
    while True:
        pass


def loop_and_catch(content: bytes) -> None:
    while True:
        try:
            loop(content)
        except Exception:
            continue


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (lambda content: None, None),
        (refuse, None),
        (refuse_silently, "EmptyMessage"),
        (recurse, "RecursionError"),
        (lambda content: {}["missing"], "KeyError"),
        (loop, "TooSlowError"),
        (loop_and_catch, "TooSlowError"),
    ],
)
def test_what_is_a_fault(run: Callable[[bytes], object], kind: str | None) -> None:
    found = fault(run)
    assert (found and found.kind) == kind


def test_memory_is_limited() -> None:
    """In a process of its own, which keeps the limit."""
    code = "from fuzzing.faults import limit_memory; limit_memory(64); bytearray(2**20); bytearray(2**28)"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 1 and "MemoryError" in done.stderr
    assert limit_memory.__doc__


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_seeds_are_good_and_mutations_differ(name: str, require_module: Callable[..., None]) -> None:
    """From seeds that are refused fuzzing gets nowhere; those that a target has to refuse are named."""
    require_module("torch", "onnx", "soundfile")
    chosen = load_target(name)
    for content in list(chosen.seeds())[:12]:
        if content[:2] != b"\x80\x04":  # a hostile pickle
            chosen.run(content)
        made = {mutated for seed in range(12) if (mutated := _mutated(chosen, content, seed)) is not None}
        assert len(made) > 3 or content[:2] == b"\x80\x04"


def _mutated(chosen: Target, content: bytes, seed: int) -> bytes | None:
    try:
        return chosen.mutate(content, random.Random(seed))
    except Exception:
        return None


def run_fuzz(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fuzzing", *map(str, arguments)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=300)


def test_finds_the_planted_faults(tmp_path: Path, require_module: Callable[..., None]) -> None:
    """A traceback, a hang and memory beyond the limit; each can be replayed by the command that is printed."""
    require_module("atheris")
    done = run_fuzz(0.4, "planted", "--seed", 1, "-o", tmp_path)
    assert done.returncode == 1, done.stderr
    kinds = {path.name.partition("-")[0] for path in fault_files(tmp_path / "planted")}
    assert {"KeyError", "TooSlowError", "MemoryError"} <= kinds
    assert re.search(r"planted .* \d+ .* 3 ", done.stdout)
    replays = re.findall(r"^\./run fuzz replay planted (\S+KeyError\S+)$", done.stdout, re.MULTILINE)
    again = run_fuzz("replay", "planted", replays[0])
    assert again.returncode == 1 and "KeyError: 'planted'" in again.stdout


def leftovers() -> list[Path]:
    """Folders of processes that have ended, or of others that still run."""
    return [path for place in ("/dev/shm", tempfile.gettempdir()) for path in Path(place).glob("tinyser-fuzz-*")]


def test_a_short_run_of_a_real_target(tmp_path: Path, require_module: Callable[..., None]) -> None:
    require_module("atheris")
    before = set(leftovers())
    done = run_fuzz(0.1, "stream", "--seed", 1, "-o", tmp_path)
    assert set(leftovers()) <= before
    assert done.returncode == 0, done.stdout + done.stderr
    inputs, edges = re.search(r"([\d,]+) inputs, ([\d,]+) edges, 0 faults", done.stdout).groups()
    assert int(inputs.replace(",", "")) > 20 and int(edges.replace(",", "")) > 50


def test_without_atheris(tmp_path: Path) -> None:
    """One line that says what is missing."""
    code = (
        "import sys; sys.modules['atheris'] = None; sys.argv = ['fuzz', '1']; from fuzzing.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "atheris: not installed" in done.stderr
