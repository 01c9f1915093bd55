"""`last.pt`: everything that an interrupted run needs to go on after its last whole epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from codegen.errors import OutputExistsError
from tinyser.models.checkpoint import load_tensors, save_tensors
from tinyser.training.dataset import FoldData
from tinyser.training.settings import TrainSettings

LAST = "last.pt"


@dataclass(slots=True)
class Progression:
    """Where a run is: what `last.pt` holds besides the states of model, optimizer and schedule."""

    epoch: int = 0
    best_epoch: int = 0
    best_score: tuple[float, float] = (-1.0, 0.0)
    best_state: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Where a run was left, and the state dicts of its parts by their names."""

    at: Progression
    parts: Mapping[str, Any]


def write_last(settings: TrainSettings, data: FoldData, state: Interrupted) -> None:
    """Replaces `last.pt` in the output folder."""
    content = {
        "format": "tinyser-run",
        "settings": settings.identity(),
        "clips": _clip_counts(data),
        "parts": dict(state.parts),
        "at": {name: getattr(state.at, name) for name in Progression.__slots__},
    }
    save_tensors(settings.output / LAST, content)


def read_last(settings: TrainSettings, data: FoldData) -> Interrupted | None:
    """The run in the output folder, None where there is none.

    Raises OutputExistsError when it is another run: other settings or other recordings.
    """
    path = settings.output / LAST
    if not path.is_file():
        return None
    content: Any = load_tensors(path)
    _check_same_run(path, content, settings, data)
    return Interrupted(Progression(**content["at"]), content["parts"])


def _clip_counts(data: FoldData) -> list[int]:
    return [len(data.train), len(data.validation), len(data.test)]


def _flat(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Settings and the fields of the features side by side."""
    return {**identity, **identity.get("features", {}), "features": None}


def _check_same_run(path: Path, content: Any, settings: TrainSettings, data: FoldData) -> None:
    advice = "choose another output folder, or remove this one to start over"
    if not isinstance(content, dict) or content.get("format") != "tinyser-run":
        raise OutputExistsError(f"{path}: exists but is no interrupted run; {advice}")
    there, here = _flat(content["settings"]), _flat(settings.identity())
    for name in here:
        if there.get(name) != here[name]:
            got = f"{there.get(name)!r} there, {here[name]!r} now"
            raise OutputExistsError(f"{path}: a run with another {name} ({got}); {advice}")
    if content["clips"] != _clip_counts(data):
        got = f"{content['clips']} clips there, {_clip_counts(data)} now"
        raise OutputExistsError(f"{path}: a run on other recordings ({got}); {advice}")
