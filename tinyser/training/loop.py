"""The training loop on Lightning Fabric: stopped at any time, it goes on after the last whole epoch."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from codegen.atomic import new_file
from codegen.errors import OutputExistsError
from tinyser.models.checkpoint import load_tensors
from tinyser.training.augment import Augmenter
from tinyser.training.dataset import Clips, FoldData, all_windows, random_batches
from tinyser.training.metrics import Metrics, measure, vote
from tinyser.training.settings import TrainSettings

LAST = "last.pt"
LOG = "log.csv"
_CLIP_NORM = 1.0
_WARM_UP = 0.2
# Weights are averaged over some 50 steps: what a few validation speakers say of single steps is mostly noise.
_AVERAGING = 0.98


@dataclass(slots=True)
class Progression:
    """Where a run is: what `last.pt` holds besides optimiser and schedule."""

    epoch: int = 0
    best_epoch: int = 0
    best_score: tuple[float, float] = (-1.0, 0.0)
    best_state: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    finished: bool = False


def posteriors(model: nn.Module, clips: Clips, device: torch.device) -> Tensor:
    """Mean posteriors per clip by the context rule, (clips, classes)."""
    windows, owners = all_windows(clips)
    model.eval()
    with torch.no_grad():
        parts = [model(part.to(device)).softmax(-1).cpu() for part in windows.split(128)]
    per_window = torch.cat(parts)
    total = torch.zeros(len(clips), per_window.shape[1]).index_add_(0, owners, per_window)
    return total / torch.bincount(owners, minlength=len(clips)).unsqueeze(1)


def judge(per_clip: Tensor, clips: Clips, labels: tuple[str, ...]) -> Metrics:
    """Figures of the decisions that `per_clip` posteriors, (clips, classes), lead to; groups decide by vote."""
    truth, posteriors = clips.truth().numpy(), per_clip.numpy()
    if clips.groups:
        groups = np.array(clips.groups)
        truth, posteriors = truth[np.unique(groups, return_index=True)[1]], vote(posteriors, groups)
    return measure(truth, posteriors.argmax(axis=1), labels)


class Trainer:
    """Trains `model` on a fold; `run` returns when all epochs are done or validation stops improving.

    Every epoch draws its randomness from (seed, epoch) alone, so a run that was stopped and goes on gives
    the same model as one that was not.
    """

    def __init__(self, model: nn.Module, data: FoldData, labels: tuple[str, ...], settings: TrainSettings) -> None:
        self._data, self._labels, self._settings = data, labels, settings
        self._fabric = Fabric(accelerator=settings.device, devices=1)
        optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
        self.model, self._optimizer = self._fabric.setup(model, optimizer)
        self._average = AveragedModel(self.model.module, multi_avg_fn=get_ema_multi_avg_fn(_AVERAGING))
        batches = -(-len(data.train) // settings.batch_size)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.learning_rate,
            total_steps=batches * settings.epochs,
            pct_start=_WARM_UP,
        )
        self._augment = Augmenter(data.spec, settings)
        counts = torch.bincount(data.train.truth(), minlength=len(labels)).float()
        self._class_weights = (counts.mean() / counts).to(self._fabric.device)
        self.at = Progression()

    def run(self, console: Console) -> Progression:
        """Trains on from where `last.pt` in the output folder is, if there is one."""
        self._resume(console)
        if self.at.finished:
            return self.at
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("training", total=self._settings.epochs, completed=self.at.epoch)
            while not self.at.finished:
                row = self._epoch()
                text = f"loss {row['train_loss']:.3f}  validation UAR {row['validation_uar']:.3f}"
                progress.update(task, completed=self.at.epoch, description=text)
        return self.at

    def _epoch(self) -> dict[str, float]:
        started = time.monotonic()
        at, clips = self.at, self._data.validation
        loss = self._train_one_pass()
        per_clip = posteriors(self._average.module, clips, self._fabric.device)
        validation_loss = float(functional.nll_loss(per_clip.clamp_min(1e-9).log(), clips.truth()))
        figures = judge(per_clip, clips, self._labels)
        at.epoch += 1
        # The first half of a one-cycle schedule explores: a good epoch there is luck with a few validation
        # speakers. UAR of a few speakers is coarse: among equals the smaller loss wins.
        settings = self._settings
        settled = at.epoch > settings.epochs // 2
        if settled and (figures.uar, -validation_loss) > at.best_score:
            at.best_score, at.best_epoch = (figures.uar, -validation_loss), at.epoch
            at.best_state = {k: v.detach().cpu().clone() for k, v in self._average.module.state_dict().items()}
        stale = settled and 0 < settings.patience <= at.epoch - at.best_epoch
        at.finished = stale or at.epoch >= settings.epochs
        row = {
            "epoch": at.epoch,
            "learning_rate": self._schedule.get_last_lr()[0],
            "train_loss": loss,
            "validation_loss": validation_loss,
            "validation_wa": figures.wa,
            "validation_uar": figures.uar,
            "validation_wf1": figures.wf1,
            "seconds": round(time.monotonic() - started, 3),
        }
        at.history.append(row)
        self._save()
        return row

    def _train_one_pass(self) -> float:
        """Mean loss of one pass over the training clips."""
        settings, device = self._settings, self._fabric.device
        random = np.random.default_rng((settings.seed, self.at.epoch))
        generator = torch.Generator().manual_seed(int(random.integers(2**63)))
        torch.manual_seed(int(random.integers(2**63)))  # dropout
        self.model.train()
        losses = []
        for batch in random_batches(self._data.train, settings.batch_size, random):
            logits = self.model(self._augment(batch, generator).to(device))
            loss = functional.cross_entropy(
                logits,
                batch.labels.to(device),
                weight=self._class_weights,
                label_smoothing=settings.label_smoothing,
            )
            self._optimizer.zero_grad()
            self._fabric.backward(loss)
            self._fabric.clip_gradients(self.model, self._optimizer, max_norm=_CLIP_NORM)
            self._optimizer.step()
            self._schedule.step()
            self._average.update_parameters(self.model.module)
            losses.append(float(loss.detach()))
        return float(np.mean(losses))

    def _save(self) -> None:
        at, folder = self.at, self._settings.output
        content = {
            "format": "tinyser-run",
            "settings": self._settings.identity(),
            "clips": self._clip_counts(),
            "model": self.model.state_dict(),
            "average": self._average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "at": {name: getattr(at, name) for name in Progression.__slots__},
        }
        with new_file(folder / LAST) as partial:
            torch.save(content, partial)
        with new_file(folder / LOG) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(at.history[0]))
            writer.writeheader()
            writer.writerows(at.history)

    def _resume(self, console: Console) -> None:
        path = self._settings.output / LAST
        if not path.is_file():
            return
        content: Any = load_tensors(path)
        self._check_same_run(path, content)
        self.model.load_state_dict(content["model"])
        self._average.load_state_dict(content["average"])
        self._optimizer.load_state_dict(content["optimizer"])
        self._schedule.load_state_dict(content["schedule"])
        self.at = Progression(**content["at"])
        state = "finished already" if self.at.finished else "going on"
        console.print(
            f"{self._settings.output}: {state} after epoch {self.at.epoch} of {self._settings.epochs}", soft_wrap=True
        )

    def _clip_counts(self) -> list[int]:
        return [len(self._data.train), len(self._data.validation), len(self._data.test)]

    def _check_same_run(self, path: Path, content: Any) -> None:
        advice = "choose another output folder, or remove this one to start over"
        if not isinstance(content, dict) or content.get("format") != "tinyser-run":
            raise OutputExistsError(f"{path}: exists but is no interrupted run; {advice}")
        there, here = content["settings"], self._settings.identity()
        for name in here:
            if there.get(name) != here[name]:
                got = f"{there.get(name)!r} there, {here[name]!r} now"
                raise OutputExistsError(f"{path}: a run with another {name} ({got}); {advice}")
        if content["clips"] != self._clip_counts():
            got = f"{content['clips']} clips there, {self._clip_counts()} now"
            raise OutputExistsError(f"{path}: a run on other recordings ({got}); {advice}")
