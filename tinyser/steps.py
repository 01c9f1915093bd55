"""A chain of steps in one folder, where a step is skipped while all it depends on is unchanged.

A step depends on its settings, the files it reads, and the version of TinySER. What it depended on lies in
`.steps/<name>.json` in the folder, so that a second call goes on where the first stopped.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tinyser
from codegen.atomic import new_file
from codegen.errors import OutputExistsError

STATE = ".steps"


@dataclass(frozen=True, slots=True)
class Step:
    """`run` makes `writes` of `reads`; both are paths relative to the folder, files or whole folders.

    A step that `resumes` finds what an interrupted run of the same settings left; others start with a clean slate.
    """

    name: str
    title: str
    run: Callable[[Path], object]
    writes: tuple[str, ...]
    reads: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A step that is done; `seconds` of work, 0 when it was skipped."""

    step: Step
    skipped: bool
    seconds: float


def run_steps(
    steps: Iterable[Step],
    folder: Path,
    on_start: Callable[[Step], None] = lambda step: None,
    on_end: Callable[[Done], None] = lambda done: None,
) -> list[Done]:
    """Runs or skips the steps in order; an error of a step passes through and the next call goes on there."""
    (folder / STATE).mkdir(parents=True, exist_ok=True)
    done = []
    for step in steps:
        on_start(step)
        started = time.monotonic()
        skipped = _is_done(step, folder)
        if not skipped:
            _run(step, folder)
        done.append(Done(step, skipped, 0.0 if skipped else time.monotonic() - started))
        on_end(done[-1])
    return done


def _run(step: Step, folder: Path) -> None:
    state = {"depends": _dependencies(step, folder), "writes": None}
    if not (step.resumes and _state(step, folder) == state):
        for name in step.writes:
            _remove(step, folder, name)
        _save(step, folder, state)
    step.run(folder)
    _save(step, folder, {**state, "writes": _digests(folder, step.writes)})


def _is_done(step: Step, folder: Path) -> bool:
    state = _state(step, folder)
    if state is None or state.get("writes") is None:
        return False
    return bool(
        state == {"depends": _dependencies(step, folder), "writes": _digests(folder, step.writes)}
        and all((folder / name).exists() for name in step.writes)
    )


def _dependencies(step: Step, folder: Path) -> dict[str, Any]:
    settings = json.loads(json.dumps(dict(step.settings)))
    return {"tinyser": tinyser.__version__, "settings": settings, "reads": _digests(folder, step.reads)}


def _state(step: Step, folder: Path) -> dict[str, Any] | None:
    try:
        state = json.loads((folder / STATE / f"{step.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None


def _save(step: Step, folder: Path, state: Mapping[str, Any]) -> None:
    with new_file(folder / STATE / f"{step.name}.json") as partial:
        partial.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def _digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each file, or of the names and contents of each folder; empty for what is not there."""
    return {name: _digest(folder / name) for name in names}


def _digest(path: Path) -> str:
    if not path.exists():
        return ""
    digest = hashlib.sha256()
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path.parent).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _remove(step: Step, folder: Path, name: str) -> None:
    """Removes what an earlier run of the step made. Raises OutputExistsError for what it did not make."""
    path = folder / name
    if path.exists() and _state(step, folder) is None:
        raise OutputExistsError(f"{path}: exists and was not made here; choose a new folder or remove it")
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
