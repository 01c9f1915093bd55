"""Training each further backbone with HRF in all its groups, and the exact merge of what comes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from rich.console import Console

from codegen.errors import TinySerError
from tinyser.hrf import HighRank
from tinyser.hrf.merge_file import merge_file
from tinyser.models import build_model
from tinyser.models.checkpoint import load_checkpoint
from tinyser.training.run import train
from tinyser.training.settings import TrainSettings

Settings = Callable[..., TrainSettings]


@pytest.mark.parametrize("name", ["conformer", "speechformer"])
def test_train_and_merge(name: str, tiny: Settings, tmp_path: Path) -> None:
    modules = ("ffn", "attention", "conv")
    settings = tiny(model=name, epochs=2, context_frames=100, hrf_ratio=2, hrf_modules=modules, hrf_factors=3)
    run = train(settings, Console(quiet=True)).folder
    trained = load_checkpoint(run)
    assert trained.hrf is not None and trained.hrf.factors == 3
    factored = [module for module in trained.build().modules() if isinstance(module, HighRank)]
    assert factored and all(module.middle is not None for module in factored)
    proof = merge_file(run, tmp_path / "merged.pt")
    assert proof.parameters_after < proof.parameters_before / 2
    merged = load_checkpoint(tmp_path / "merged.pt")
    build_model(name, merged.config).load_state_dict(merged.state_dict)
    assert merged.hrf is None and torch.isfinite(merged.build()(torch.zeros(1, 100, 40))).all()


def test_bad_factors(tiny: Settings) -> None:
    with pytest.raises(TinySerError, match=r"hrf_factors: got 4, allowed is 2\.\.3"):
        tiny(hrf_factors=4)
