"""Runs targets one after the other, each in child processes that may die, and tells what they tried and found."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
_EVENT = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+)")
_DEADLY = ("crash-", "timeout-", "oom-", "leak-")  # what libFuzzer calls inputs that ended a process
_GRACE_SECONDS = 120  # beyond its time, for an input that hangs and for the imports
_MOST_DEATHS = 50
_POLL_SECONDS = 0.5
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@dataclass(slots=True)
class Outcome:
    """What came of one target: `edges` of the byte code that were reached, `faults` by the files that show them."""

    target: str
    seconds: float = 0.0
    inputs: int = 0
    edges: int = 0
    faults: list[Path] = field(default_factory=list)
    deaths: int = 0
    trouble: str = ""  # why it could not go on


Progress = Callable[[Outcome], None]


def fuzz(names: Sequence[str], seconds: float, folder: Path, seed: int, progress: Progress) -> list[Outcome]:
    """Each target for its share of the time."""
    return [fuzz_target(name, seconds / len(names), folder / name, seed, progress) for name in names]


def fuzz_target(name: str, seconds: float, folder: Path, seed: int, progress: Progress) -> Outcome:
    """Starts the target again as often as it dies, until the time is up."""
    outcome = Outcome(name)
    (folder / "faults").mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    while (left := seconds - (time.monotonic() - started)) >= 1 and not outcome.trouble:
        before = outcome.inputs
        for inputs, edges in _events(name, left, folder, seed + outcome.deaths, outcome):
            outcome.inputs, outcome.edges = before + inputs, max(outcome.edges, edges)
            outcome.seconds = time.monotonic() - started
            outcome.faults = fault_files(folder)
            progress(outcome)
    outcome.seconds, outcome.faults = time.monotonic() - started, fault_files(folder)
    progress(outcome)
    return outcome


def _events(name: str, seconds: float, folder: Path, seed: int, outcome: Outcome) -> Iterator[tuple[int, int]]:
    """Inputs tried and edges reached by one child, as it goes on; how it ended goes into the outcome."""
    command = [sys.executable, "-m", "fuzzing.child", name, str(folder), str(int(seconds)), str(seed)]
    log = folder / "log.txt"
    known = len(fault_files(folder))
    # libFuzzer ends its process without a word to Python: what that wrote for itself goes with a folder of ours.
    with tempfile.TemporaryDirectory(prefix="tinyser-fuzz-", dir=_IN_MEMORY) as scratch, log.open("wb") as sink:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1", "TMPDIR": scratch}
        child = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=sink, stderr=sink)
        try:
            deadline = time.monotonic() + seconds + _GRACE_SECONDS
            while child.poll() is None and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                yield _latest(log)
        finally:
            child.kill()
            child.wait()
    yield _latest(log)
    if child.returncode == 0:
        return
    outcome.deaths += 1
    text = log.read_text(errors="replace").strip()
    if len(fault_files(folder)) == known and "cov:" not in text:
        outcome.trouble = text.splitlines()[-1][:200] if text else f"exit status {child.returncode}"
    elif outcome.deaths >= _MOST_DEATHS:
        outcome.trouble = f"died {outcome.deaths} times"


def _latest(log: Path) -> tuple[int, int]:
    """The numbers of the last line that libFuzzer printed, of any length."""
    inputs = edges = 0
    with log.open("rb") as source:
        source.seek(max(0, log.stat().st_size - 20_000))
        for line in source.read().decode("utf-8", "replace").splitlines():
            if event := _EVENT.match(line):
                inputs, edges = int(event[1]), int(event[2])
            elif line.startswith("stat::number_of_executed_units:"):
                inputs = int(line.split()[-1])
    return inputs, edges


def fault_files(folder: Path) -> list[Path]:
    """The inputs that show a fault."""
    found = (folder / "faults").glob("*")
    return sorted(path for path in found if path.suffix == ".input" or path.name.startswith(_DEADLY))


def save_report(outcomes: Sequence[Outcome], seed: int, path: Path) -> None:
    """What the table shows, for who comes after."""
    rows = [
        {
            "target": outcome.target,
            "seconds": round(outcome.seconds, 1),
            "inputs": outcome.inputs,
            "edges": outcome.edges,
            "faults": [file.name for file in outcome.faults],
            "trouble": outcome.trouble,
        }
        for outcome in outcomes
    ]
    path.write_text(json.dumps({"seed": seed, "targets": rows}, indent=1) + "\n")
