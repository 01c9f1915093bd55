"""Training with features of one's own: the settings, the option, and what a run makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from rich.console import Console

from codegen.errors import OutputExistsError, TinySerError
from codegen.feature_spec import FeatureSpec
from tinyser.cli.train import command
from tinyser.features.context import log_mel_windows
from tinyser.models.checkpoint import load_checkpoint
from tinyser.sweep.plan import parse_experiment
from tinyser.training.augment import Augmenter
from tinyser.training.dataset import Clips, random_batches
from tinyser.training.run import train
from tinyser.training.settings import TrainSettings

Settings = Callable[..., TrainSettings]
EVERYTHING = {
    "sample_rate_hz": 8000, "high_hz": 4000, "window_length": 200, "hop_length": 80, "fft_size": 256,
    "dc_removal": True, "pre_emphasis": 0.97, "mel_norm": "slaney", "mel_bins": 24, "compression": "pcen",
    "mfcc": 12, "lifter": 22, "deltas": 2, "normalisation": "running",
}  # fmt: skip


def settings(**changed: Any) -> TrainSettings:
    return TrainSettings(corpus="spoken", output=Path("unused"), **changed)


def test_default_features() -> None:
    assert settings().spec() == FeatureSpec.unnormalised(mel_bins=40, context_frames=200, stride_frames=50)


def test_sizes_may_be_given_on_their_own() -> None:
    alone = settings(mel_bins=20, context_frames=100)
    within = settings(features={"mel_bins": 20}, context_frames=100)
    assert alone.spec() == within.spec() == settings(features=alone.spec().settings()).spec()
    assert alone.identity() == within.identity() != settings(mel_bins=20).identity()
    assert settings(features={"deltas": 1}).identity() != settings().identity()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"features": {"mel_bins": 20}, "mel_bins": 40}, "mel_bins: got 40, but the features say 20"),
        ({"features": {"stride_frames": 10}, "stride_frames": 9}, "stride_frames: got 9, but the features say 10"),
        ({"features": {"colour": 1}}, "colour: got an unknown field"),
        ({"features": {"mfcc": 41}}, "mfcc: got 41, allowed is at most mel_bins, 40"),
        ({"features": [1]}, r"features: got \[1\], allowed are fields of a feature spec"),
        ({"mel_bins": 0}, "mel_bins: got 0"),
    ],
)
def test_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(TinySerError, match=message):
        settings(**changed)


def test_experiments_take_features() -> None:
    text = (
        'corpus = "spoken"\nmodels = ["convtransformer"]\nhrf_ratios = [0]\nhrf_modules = ["ffn"]\nfolds = [0]\n'
        'seeds = [0]\n[training.features]\ncompression = "{}"\n'
    )
    (plain,), (pcen,) = (parse_experiment(text.format(kind), "x", "x").runs() for kind in ("log", "pcen"))
    assert pcen.settings(None, Path(), "cpu").spec().compression == "pcen" and pcen.id != plain.id
    with pytest.raises(TinySerError, match=r"x: \[training\] feature spec: compression: got 'cube'"):
        parse_experiment(text.format("cube"), "x", "x")


def test_a_run_with_every_option(tiny: Settings, recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps(EVERYTHING))
    arguments = {
        "--corpus": "folder", "--data": recordings, "--features": tmp_path / "spec.json", "--epochs": 2,
        "--preset": "small", "--batch-size": 4, "--context-frames": 64, "--stride-frames": 32, "-o": tmp_path / "run",
    }  # fmt: skip
    result = CliRunner().invoke(command, [str(word) for pair in arguments.items() for word in pair])
    assert result.exit_code == 0, result.output
    card = load_checkpoint(tmp_path / "run").card
    assert card.features is not None and card.features.features == 36
    wanted = settings(features=EVERYTHING, context_frames=64, stride_frames=32).spec()
    assert card.features.settings() == wanted.settings()
    assert np.load(tmp_path / "run" / "calibration.npy").shape[1:] == (64, 36)
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["test_familiar"]["clips"] == metrics["test"]["clips"]
    assert "once their voices are known" in result.output
    with pytest.raises(OutputExistsError, match=r"a run with another lifter \(22 there, 0 now\)"):
        train(tiny(epochs=2, calibration_windows=200, features={**EVERYTHING, "lifter": 0}), Console(quiet=True))


def test_augmentation_switched_off_gives_the_features_of_the_reference() -> None:
    """A window somewhere in a clip has the features that it has in the clip, whatever came before it."""
    silent = {"gain_db": 0, "tilt_db": 0, "masked": 0, "warp": 0, "tempo": 0}
    spec = FeatureSpec.unnormalised(context_frames=30, stride_frames=1, mel_bins=24, compression="pcen", deltas=2,
                                    normalisation="running", pcen_floor=1e-3)  # fmt: skip
    random = np.random.default_rng(0)
    clips = Clips(
        tuple(random.normal(-1, 1, (frames, 24)).astype(np.float32) for frames in (100, 20, 0, 31)),
        (0, 1, 2, 3), ("a",) * 4, spec,
    )  # fmt: skip
    (batch,) = random_batches(clips, 4, random)
    assert batch.log_mel.shape[1] > 30, "what came before travels along"
    found = Augmenter(clips, settings(**silent))(batch, torch.Generator().manual_seed(0))
    for label, window in zip(batch.labels.tolist(), found, strict=True):
        possible = torch.from_numpy(log_mel_windows(clips.log_mels[label], spec))
        # The faintest noise stays.
        assert (possible - window).abs().amax(dim=(1, 2)).min() < 1e-2
