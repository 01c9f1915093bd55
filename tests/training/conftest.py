"""A spoken corpus small enough to train on in seconds, and caches that stay in the test's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinyser.corpora.spoken import SpokenSettings, make
from tinyser.training.settings import TrainSettings


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 clips of 3 voices in the layout of the folder corpus."""
    spoken = make(tmp_path_factory.mktemp("spoken") / "corpus", SpokenSettings(voices=3, sentences=2))
    folder = tmp_path_factory.mktemp("recordings")
    for utterance in spoken.utterances:
        (folder / utterance.label).mkdir(exist_ok=True)
        (folder / utterance.label / f"{utterance.id}.wav").write_bytes(utterance.path.read_bytes())
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def tiny(recordings: Path, tmp_path: Path) -> Callable[..., TrainSettings]:
    """Settings of a run of a few steps."""

    def settings(**changed: Any) -> TrainSettings:
        defaults: dict[str, Any] = {
            "corpus": "folder",
            "data": recordings,
            "output": tmp_path / "run",
            "preset": "small",
            "epochs": 3,
            "batch_size": 4,
            "context_frames": 64,
            "stride_frames": 32,
            "calibration_windows": 7,
            "device": "cpu",
        }
        return TrainSettings(**{**defaults, **changed})

    return settings
