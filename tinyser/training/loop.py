"""The training loop on Lightning Fabric: stopped at any time, it goes on after the last whole epoch."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import torch
from lightning_fabric import Fabric
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.nn import functional

from tinyser.training.augment import Augmenter, mixup
from tinyser.training.average import new_average
from tinyser.training.dataset import Clips, FoldData, all_windows, random_batches
from tinyser.training.distributed import share
from tinyser.training.learning_curve import LearningCurve
from tinyser.training.metrics import Metrics, measure, vote
from tinyser.training.optimizer import new_optimizer, new_schedule
from tinyser.training.resume import Interrupted, Progression, write_last
from tinyser.training.rounding_noise import add_rounding_noise
from tinyser.training.settings import TrainSettings

_CLIP_NORM = 1.0


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
    the same model as one that was not. On every rank of `fabric`, which is launched, a trainer does the same
    steps.
    """

    def __init__(
        self, model: nn.Module, data: FoldData, labels: tuple[str, ...], settings: TrainSettings, fabric: Fabric
    ) -> None:
        self._data, self._labels, self._settings, self._fabric = data, labels, settings, fabric
        # Convolutions over images of few channels are a third faster so, on CPUs and GPUs.
        model = model.to(memory_format=torch.channels_last)
        if settings.rounding_noise:
            add_rounding_noise(model, settings.rounding_noise)
        optimizer = new_optimizer(model, settings)
        self.model, self._optimizer = fabric.setup(model, optimizer)
        self._average = new_average(self.model.module)
        batches = -(-len(data.train) // settings.batch_size)
        self._schedule = new_schedule(optimizer, settings, batches * settings.epochs)
        self._augment = Augmenter(data.train, settings)
        counts = torch.bincount(data.train.truth(), minlength=len(labels)).float()
        self._class_weights = (counts.mean() / counts).to(fabric.device)
        self._parts = {
            "model": self.model,
            "average": self._average,
            "optimizer": self._optimizer,
            "schedule": self._schedule,
        }
        self.at = Progression()

    def resume(self, last: Interrupted, console: Console) -> None:
        """Goes back to where an interrupted run was."""
        self.at = last.at
        for name, part in self._parts.items():
            part.load_state_dict(last.parts[name])
        state = "finished already" if self.at.finished else "going on"
        after = f"after epoch {self.at.epoch} of {self._settings.epochs}"
        console.print(f"{self._settings.output}: {state} {after}", soft_wrap=True)

    def run(self, console: Console) -> Progression:
        """Trains on to the end; rank 0 leaves `last.pt` and the learning curve after every epoch."""
        writes = self._fabric.is_global_zero
        curve = LearningCurve(self._settings.output, self._settings.tensorboard) if writes else None
        if curve is not None and self.at.history:
            curve.write(self.at.history)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("training", total=self._settings.epochs, completed=self.at.epoch)
            while not self.at.finished:
                row = self._epoch()
                if curve is not None:
                    self._save(curve)
                shown = {"loss": row["train_loss"], "validation UAR": row.get("validation_uar")}
                text = "  ".join(f"{name} {value:.3f}" for name, value in shown.items() if value is not None)
                progress.update(task, completed=self.at.epoch, description=text)
        if curve is not None:
            curve.close()
        return self.at

    def _epoch(self) -> dict[str, float]:
        started = time.monotonic()
        at, settings = self.at, self._settings
        loss = self._train_one_pass()
        found = self._fabric.broadcast(self._validate() if self._fabric.is_global_zero else {})
        at.epoch += 1
        at.finished = at.epoch >= settings.epochs
        if settings.validate:
            self._choose(found)
        elif at.finished:
            self._take()
        row = {
            "epoch": at.epoch,
            "learning_rate": self._schedule.get_last_lr()[0],
            "train_loss": loss,
            **found,
            "seconds": round(time.monotonic() - started, 3),
        }
        at.history.append(row)
        return row

    def _choose(self, found: Mapping[str, float]) -> None:
        """Takes the epoch's weights if they are the best so far, and ends a run that gains nothing any more."""
        at, patience = self.at, self._settings.patience
        # The first half of a one-cycle schedule explores: a good epoch there is luck with a few validation
        # speakers. UAR of a few speakers is coarse: among equals the smaller loss wins.
        if at.epoch <= self._settings.epochs // 2:
            return
        score = (found["validation_uar"], -found["validation_loss"])
        if score > at.best_score:
            at.best_score = score
            self._take()
        at.finished |= 0 < patience <= at.epoch - at.best_epoch

    def _take(self) -> None:
        self.at.best_epoch = self.at.epoch
        state = self._average.module.state_dict()
        self.at.best_state = {name: tensor.detach().cpu().clone() for name, tensor in state.items()}

    def _validate(self) -> dict[str, float]:
        """Figures of the averaged weights on the validation speakers; none where there are none."""
        clips = self._data.validation
        if not len(clips):
            return {}
        per_clip = posteriors(self._average.module, clips, self._fabric.device)
        figures = judge(per_clip, clips, self._labels)
        return {
            "validation_loss": float(functional.nll_loss(per_clip.clamp_min(1e-9).log(), clips.truth())),
            "validation_wa": figures.wa,
            "validation_uar": figures.uar,
            "validation_wf1": figures.wf1,
        }

    def _train_one_pass(self) -> float:
        """Mean loss of one pass over the training clips."""
        settings, fabric = self._settings, self._fabric
        random = np.random.default_rng((settings.seed, self.at.epoch))
        generator = torch.Generator().manual_seed(int(random.integers(2**63)))
        # Dropout and rounding noise: the only randomness in which ranks differ.
        torch.manual_seed(int(random.integers(2**63)) + fabric.global_rank)
        self.model.train()
        losses = []
        unfamiliar = settings.unfamiliar or 0.0
        for batch in random_batches(self._data.train, settings.batch_size, random, settings.tempo, unfamiliar):
            targets = functional.one_hot(batch.labels, len(self._labels)).float()
            loss = self._loss(*mixup(self._augment(batch, generator), targets, settings.mixup, random))
            self._optimizer.zero_grad()
            fabric.backward(loss)
            fabric.clip_gradients(self.model, self._optimizer, max_norm=_CLIP_NORM)
            self._optimizer.step()
            self._schedule.step()
            self._average.update_parameters(self.model.module)
            losses.append(float(loss.detach()))
        return float(fabric.all_reduce(torch.tensor(np.mean(losses), dtype=torch.float32)))

    def _loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of this rank's share of a batch, classes weighted; the mean over ranks is the batch's.

        `features` (batch, frames, features); `targets` (batch, classes), the share of each class in each clip.
        """
        rows, device = share(self._fabric), self._fabric.device
        targets = targets.to(device)
        loss = functional.cross_entropy(
            self.model(features[rows].to(device)),
            targets[rows],
            weight=self._class_weights,
            label_smoothing=self._settings.label_smoothing,
            reduction="sum",
        )
        return loss * self._fabric.world_size / (targets @ self._class_weights).sum()

    def _save(self, curve: LearningCurve) -> None:
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        write_last(self._settings, self._data, Interrupted(self.at, parts))
        curve.write(self.at.history)
