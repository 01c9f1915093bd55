"""The result of a check as data: what `report.json` holds (docs/report.md) and the other views show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from codegen.atomic import new_file
from tinyser.check.firmware import Firmware
from tinyser.check.flips import Flip
from tinyser.check.layers import LayerReport
from tinyser.check.remedies import Remedies
from tinyser.check.significance import Change, Intervals
from tinyser.training.metrics import Metrics

VERSION = 1


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage; `clips` of the material went through it.

    `per_second`: windows, or recordings of a stage that hears them, in a second of one core's time, without what it
    took to compile; None where there were too few to tell.
    """

    name: str
    title: str
    arithmetic: str  # "float32", "int8" or "int16"
    clips: int
    decisions: tuple[int, ...]  # (clips,)
    scores: Metrics | None
    intervals: Intervals | None
    per_second: float | None


@dataclass(frozen=True, slots=True)
class PairReport:
    """Two stages on the clips that both saw; the byte figures are None unless both are integers.

    `change`: from `a` to `b`, None where the true classes are not known.
    """

    a: str
    b: str
    clips: int
    decision_agreement: float
    max_posterior_difference: float
    max_logit_difference: float | None
    windows: int | None
    windows_equal: int | None
    bytes_equal: bool | None
    change: Change | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A stage that did not run, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file under comparison."""

    role: str
    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a check found; `failures` are the limits that it breaks, a sentence each."""

    tinyser: str
    source: str
    labels: tuple[str, ...]
    clips: int
    windows: int
    files: tuple[ModelFile, ...]
    stages: tuple[StageReport, ...]
    pairs: tuple[PairReport, ...]
    flips: tuple[Flip, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    failures: tuple[str, ...] = ()
    layers: LayerReport | None = None
    remedies: Remedies | None = None
    firmware: Firmware | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON object with `version` and one entry per field."""
        return {"version": VERSION, **asdict(self)}

    def save(self, path: str | Path) -> None:
        """Writes `report.json`, whole or not at all."""
        with new_file(path) as partial:
            partial.write_text(json.dumps(self.to_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8")

    def pair(self, a: str, b: str) -> PairReport | None:
        """The comparison of two stages in either order, None when they shared no clip."""
        return next((pair for pair in self.pairs if (pair.a, pair.b) in ((a, b), (b, a))), None)
