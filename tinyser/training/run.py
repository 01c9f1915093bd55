"""One training run, from corpus to training folder."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import nn

from codegen.atomic import new_file
from codegen.errors import OutputExistsError
from codegen.model_card import ModelCard
from tinyser.corpora import Corpus, load_corpus
from tinyser.folder_lock import hold_folder
from tinyser.hrf import expand, merge
from tinyser.models import build_model, preset_config
from tinyser.models.checkpoint import Checkpoint, HrfSettings, save_checkpoint
from tinyser.training.dataset import PARTS, FoldData, calibration_windows, load_fold
from tinyser.training.distributed import connect, launch
from tinyser.training.learning_curve import need_tensorboard
from tinyser.training.loop import Trainer, judge, posteriors
from tinyser.training.resume import LAST, Interrupted, Progression, read_last
from tinyser.training.settings import TrainSettings
from tinyser.training.start import start_from

MODEL, CALIBRATION, METRICS = "model.pt", "calibration.npy", "metrics.json"


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Where the training folder is, what `metrics.json` holds, and how long this call took."""

    folder: Path
    metrics: dict[str, Any]
    seconds: float


def train(settings: TrainSettings, console: Console | None = None) -> TrainResult:
    """Trains a model and writes the training folder; goes on with an interrupted run of the same settings.

    Raises DataError for the corpus, OutputExistsError when the folder holds something else or another run is at work
    in it, ToolError when TensorBoard is missing, TinySerError for bad settings. A KeyboardInterrupt leaves `last.pt`
    after the last whole epoch. With several `devices` the running program is started once more for each of the others,
    unless torchrun or a cluster did that; on all but the first `console` is made quiet, and the result is the same on
    all.
    """
    console = console or Console(stderr=True)
    started = time.monotonic()
    if settings.tensorboard:
        need_tensorboard()
    fabric = connect(settings)
    console.quiet = console.quiet or not fabric.is_global_zero
    torch.set_num_threads(settings.threads)
    with hold_folder(settings.output) if fabric.is_global_zero else nullcontext():
        metrics = _train(settings, fabric, console)
    return TrainResult(settings.output, metrics, time.monotonic() - started)


def _train(settings: TrainSettings, fabric: Fabric, console: Console) -> dict[str, Any]:
    """What `metrics.json` holds, on every rank."""
    start = launch(fabric, lambda: _prepare(settings, console))
    if fabric.world_size > 1:
        console.print(f"{fabric.world_size} processes share every batch")
    trainer = Trainer(start.model, start.data, start.corpus.labels, settings, fabric)
    if start.last is not None:
        trainer.resume(start.last, console)
    at = trainer.run(console)
    metrics = {}
    if fabric.is_global_zero:
        start.model.load_state_dict(at.best_state)
        start.model.cpu().eval()
        metrics = _metrics(settings, start, at)
        _write(settings, start, at, metrics)
    told: dict[str, Any] = fabric.broadcast(metrics)
    return told


@dataclass(frozen=True, slots=True)
class _Start:
    """What a run starts from; `last` is where it was left, if it was."""

    corpus: Corpus
    data: FoldData
    config: dict[str, Any]
    model: nn.Module
    last: Interrupted | None


def _prepare(settings: TrainSettings, console: Console) -> _Start:
    """All that can fail for what the user gave."""
    _refuse_other_model(settings.output)
    corpus = load_corpus(settings.corpus, settings.data, settings.seed)
    size = f"{len(corpus.utterances)} clips, {len(corpus.speakers)} speakers"
    console.print(f"{corpus.name}: {size}, {corpus.licence}", soft_wrap=True)
    console.print(f"seed {settings.seed}, fold {settings.fold} of 0..{len(corpus.folds) - 1}")
    data = load_fold(corpus, settings.fold, settings.spec(), console, validate=settings.validate)
    config, model = _new_model(settings, corpus)
    return _Start(corpus, data, config, model, read_last(settings, data))


def _refuse_other_model(folder: Path) -> None:
    """Raises OutputExistsError when the training folder has a model but no run to go on with."""
    if (folder / MODEL).exists() and not (folder / LAST).exists():
        raise OutputExistsError(f"{folder / MODEL}: exists already; choose another output folder or remove it")


def _new_model(settings: TrainSettings, corpus: Corpus) -> tuple[dict[str, Any], nn.Module]:
    spec = settings.spec()
    config = preset_config(
        settings.model,
        settings.preset,
        context_frames=spec.context_frames,
        features=spec.features,
        classes=len(corpus.labels),
    )
    torch.manual_seed(settings.seed)
    # The baseline first: runs with and without HRF start from the same function.
    model = build_model(settings.model, config)
    if settings.start is not None:
        start_from(settings.start, model, settings, corpus.labels)
    if settings.hrf_ratio == 0:
        return config, model
    return config, expand(model, settings.hrf_ratio, settings.hrf_modules, settings.hrf_factors)


def _metrics(settings: TrainSettings, start: _Start, at: Progression) -> dict[str, Any]:
    corpus, model, data = start.corpus, start.model, start.data
    parts = {}
    for part, clips in (("validation", data.validation), ("test", data.test), ("test_familiar", data.test.familiar())):
        if clips is not None and len(clips):
            per_clip = posteriors(model, clips, torch.device("cpu"))
            parts[part] = judge(per_clip, clips, corpus.labels).to_json()
    return {
        "corpus": corpus.name,
        "labels": list(corpus.labels),
        "fold": settings.fold,
        "speakers": {part: list(dict.fromkeys(getattr(data, part).speakers)) for part in PARTS},
        "seed": settings.seed,
        "epochs": at.epoch,
        "best_epoch": at.best_epoch,
        "parameters": {"trained": _parameters(model), "merged": _parameters(merge(model))},
        **parts,
    }


def _parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _write(settings: TrainSettings, start: _Start, at: Progression, metrics: dict[str, Any]) -> None:
    folder, ratio, corpus, data = settings.output, settings.hrf_ratio, start.corpus, start.data
    card = ModelCard(name=f"{settings.model}-{corpus.name}", labels=corpus.labels, features=data.spec)
    checkpoint = Checkpoint(
        model_name=settings.model,
        config=start.config,
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
