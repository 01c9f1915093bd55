"""What goes to a worker and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyser.sweep.plan import Run
from tinyser.sweep.table import Row

# In the sweep's folder: one folder for each run that is under way.
WORK = "work"


@dataclass(frozen=True, slots=True)
class Job:
    """A run and where it happens: `output` is the sweep's folder, `data` the corpus', as the worker sees them."""

    run: Run
    data: Path | None
    output: Path
    device: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run: its row and the files to keep, by name; or, in `failure`, one line that says why not."""

    run: Run
    row: Row | None
    files: Mapping[str, bytes]
    failure: str | None = None
