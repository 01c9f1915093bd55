"""One training run, from corpus to training folder."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from torch import nn

from codegen.atomic import new_file
from codegen.errors import DataError, OutputExistsError
from codegen.feature_spec import FeatureSpec
from codegen.model_card import ModelCard
from tinyser.corpora import Corpus, load_corpus
from tinyser.hrf import expand, merge
from tinyser.models import build_model, preset_config
from tinyser.models.checkpoint import Checkpoint, HrfSettings, save_checkpoint
from tinyser.training.dataset import FoldData, calibration_windows, load_fold
from tinyser.training.loop import LAST, Progression, Trainer, judge, posteriors
from tinyser.training.settings import TrainSettings

MODEL, CALIBRATION, METRICS = "model.pt", "calibration.npy", "metrics.json"


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Where the training folder is, what `metrics.json` holds, and how long this call took."""

    folder: Path
    metrics: dict[str, Any]
    seconds: float


def train(settings: TrainSettings, console: Console | None = None) -> TrainResult:
    """Trains a model and writes the training folder; goes on with an interrupted run of the same settings.

    Raises DataError for the corpus, OutputExistsError when the folder holds something else, TinySerError
    for bad settings. A KeyboardInterrupt leaves `last.pt` after the last whole epoch.
    """
    console = console or Console(stderr=True)
    started = time.monotonic()
    _need_folder(settings.output)
    corpus = load_corpus(settings.corpus, settings.data, settings.seed)
    size = f"{len(corpus.utterances)} clips, {len(corpus.speakers)} speakers"
    console.print(f"{corpus.name}: {size}, {corpus.licence}", soft_wrap=True)
    console.print(f"seed {settings.seed}, fold {settings.fold} of 0..{len(corpus.folds) - 1}")
    blank = FeatureSpec.unnormalised(
        mel_bins=settings.mel_bins,
        context_frames=settings.context_frames,
        stride_frames=settings.stride_frames,
    )
    data = load_fold(corpus, settings.fold, blank, console)
    torch.set_num_threads(settings.threads)
    model, config = _new_model(settings, corpus)
    trainer = Trainer(model, data, corpus.labels, settings)
    at = trainer.run(console)
    model.load_state_dict(at.best_state)
    model.cpu().eval()
    metrics = _metrics(settings, corpus, data, model, at)
    _write(settings, corpus, data, at, config, metrics)
    return TrainResult(settings.output, metrics, time.monotonic() - started)


def _need_folder(folder: Path) -> None:
    """Makes the training folder. Raises OutputExistsError when it has a model but no run to go on with."""
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(f"{folder}: is a file, a folder is needed; choose another output folder")
    if (folder / MODEL).exists() and not (folder / LAST).exists():
        raise OutputExistsError(f"{folder / MODEL}: exists already; choose another output folder or remove it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot create it ({error.strerror}); choose another output folder") from error


def _new_model(settings: TrainSettings, corpus: Corpus) -> tuple[nn.Module, dict[str, Any]]:
    config = preset_config(
        settings.model,
        settings.preset,
        context_frames=settings.context_frames,
        mel_bins=settings.mel_bins,
        classes=len(corpus.labels),
    )
    torch.manual_seed(settings.seed)
    # The baseline first: runs with and without HRF start from the same function.
    model = build_model(settings.model, config)
    if settings.hrf_ratio == 0:
        return model, config
    return expand(model, settings.hrf_ratio, settings.hrf_modules, settings.hrf_factors), config


def _metrics(
    settings: TrainSettings, corpus: Corpus, data: FoldData, model: nn.Module, at: Progression
) -> dict[str, Any]:
    fold = corpus.fold(settings.fold)
    parts = {}
    for part, clips in (("validation", data.validation), ("test", data.test)):
        per_clip = posteriors(model, clips, torch.device("cpu"))
        parts[part] = judge(per_clip, clips, corpus.labels).to_json()
    return {
        "corpus": corpus.name,
        "labels": list(corpus.labels),
        "fold": settings.fold,
        "speakers": {"train": fold.train, "validation": fold.validation, "test": fold.test},
        "seed": settings.seed,
        "epochs": at.epoch,
        "best_epoch": at.best_epoch,
        "parameters": {"trained": _parameters(model), "merged": _parameters(merge(model))},
        **parts,
    }


def _parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _write(
    settings: TrainSettings,
    corpus: Corpus,
    data: FoldData,
    at: Progression,
    config: Mapping[str, Any],
    metrics: dict[str, Any],
) -> None:
    folder, ratio = settings.output, settings.hrf_ratio
    card = ModelCard(name=f"{settings.model}-{corpus.name}", labels=corpus.labels, features=data.spec)
    checkpoint = Checkpoint(
        model_name=settings.model,
        config=config,
        hrf=HrfSettings(ratio, settings.hrf_modules, settings.hrf_factors) if ratio else None,
        card=card,
        state_dict=at.best_state,
        training={**settings.identity(), "best_epoch": at.best_epoch, "test_uar": metrics["test"]["uar"]},
    )
    random = np.random.default_rng(settings.seed)
    calibration = calibration_windows(data.train, settings.calibration_windows, random)
    with new_file(folder / CALIBRATION) as partial:
        np.save(partial, calibration)
    with new_file(folder / METRICS) as partial:
        partial.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    save_checkpoint(folder / MODEL, checkpoint)
