"""Experiments of a few seconds, on the recordings of the training tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import cache, recordings  # noqa: F401 (fixtures)
from tinyser.sweep.plan import Experiment, parse_experiment

TINY = """
corpus = "folder"
models = ["convtransformer"]
hrf_ratios = [0, 4]
hrf_modules = ["ffn"]
folds = [0, 1]
seeds = [0]
{more}
[training]
epochs = {epochs}
batch_size = 4
context_frames = 64
stride_frames = 32
calibration_windows = 7
"""


@pytest.fixture
def tiny(require_module: Callable[..., None]) -> Callable[..., Experiment]:
    """An experiment of four runs; `more` and `features` are further entries, of the experiment and of its training."""
    require_module("torch", "lightning_fabric", "sklearn")

    def make(epochs: int = 2, more: str = "", features: str = "") -> Experiment:
        return parse_experiment(TINY.format(epochs=epochs, more=more) + features, "tiny", "tiny.toml")

    return make


@pytest.fixture
def options(recordings: Path, tmp_path: Path) -> Callable[..., Any]:  # noqa: F811
    """Options of a sweep into `tmp_path/sweep`, two runs at once."""
    from tinyser.sweep.run import SweepOptions

    def make(**changed: Any) -> SweepOptions:
        return SweepOptions(**{"output": tmp_path / "sweep", "data": recordings, "jobs": 2, **changed})

    return make
