"""Small models taken through export and quantize, each once per test session: conversion costs half a minute."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

FRAMES, MELS, LABELS = 32, 16, ("calm", "glad", "sad")

# The smallest of each model that still has every part of it. Speechformer joins 100 frames to one.
SIZES = {
    "convtransformer": {
        "channels1": 4, "channels2": 8, "channels3": 8, "width": 16, "heads": 2, "blocks": 1, "ffn_width": 24,
    },
    "conformer": {"channels1": 4, "channels2": 8, "width": 16, "heads": 2, "blocks": 1, "ffn_width": 24, "kernel": 7},
    "speechformer": {
        "context_frames": 200, "width": 32, "heads": 4, "ffn_width": 16,
        "frame_layers": 1, "phoneme_layers": 1, "word_layers": 1, "utterance_layers": 1,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Converted:
    """Files of every stage, in one folder."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        return self.folder / "merged.pt"

    @property
    def onnx(self) -> Path:
        return self.folder / "model.onnx"

    @property
    def calibration(self) -> Path:
        return self.folder / "calibration.npy"

    @property
    def float_tflite(self) -> Path:
        return self.folder / "model_float32.tflite"

    @property
    def tflite(self) -> Path:
        return self.folder / "model.tflite"


def save_model(
    path: Path,
    hrf_ratio: int | None = None,
    labels: tuple[str, ...] = LABELS,
    name: str = "convtransformer",
) -> None:
    """A model with seeded random weights, factored when `hrf_ratio` is given."""
    import torch

    from codegen.feature_spec import FeatureSpec
    from codegen.model_card import ModelCard
    from tinyser.hrf import expand
    from tinyser.models import build_model
    from tinyser.models.checkpoint import Checkpoint, HrfSettings, save_checkpoint

    torch.manual_seed(7)
    config = {"context_frames": FRAMES, "features": MELS, "classes": len(LABELS), "dropout": 0.0, **SIZES[name]}
    model = build_model(name, config)
    settle(model, torch.from_numpy(windows(name)))
    with torch.no_grad():
        # Fresh heads answer nearly the same for everything: these weights make decisions differ.
        model.head.weight.div_(model.eval()(torch.from_numpy(windows(name))).std(dim=0).mean())
        model.head.bias.sub_(model(torch.from_numpy(windows(name))).mean(dim=0))
    hrf = None
    if hrf_ratio is not None:
        hrf = HrfSettings(hrf_ratio, ("ffn",))
        model = expand(model, hrf.ratio, hrf.modules)
    frames = config["context_frames"]
    spec = FeatureSpec.unnormalised(mel_bins=MELS, context_frames=frames, stride_frames=frames // 2)
    card = ModelCard(name="small", labels=labels, features=spec)
    save_checkpoint(path, Checkpoint(name, config, hrf, card, model.state_dict()))


def windows(name: str) -> np.ndarray:
    """Calibration windows for a model, float32 (40, frames, MELS); they differ in level, as recordings do."""
    frames = SIZES[name].get("context_frames", FRAMES)
    noise = np.random.default_rng(3).standard_normal((40, frames, MELS)).astype(np.float32)
    return noise + np.linspace(-1, 1, 40, dtype=np.float32)[:, None, None]


def settle(model: torch.nn.Module, inputs: torch.Tensor) -> None:
    """BatchNorms as training leaves them: statistics of `inputs`, scales and offsets that are not 1 and 0.

    The model is left in evaluation mode.
    """
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.3)
            module.reset_running_stats()
            module.momentum = None  # the plain mean over passes
    with torch.no_grad():
        model.train()(inputs)
    model.eval()


@cache
def converted(base: Path, name: str) -> Converted:
    """All stages under `base`, the session's temporary folder; processes that share a session make them once."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    files = Converted(base / "converted" / name)
    files.folder.mkdir(parents=True, exist_ok=True)
    with (files.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (files.folder / "done").exists():
            _convert(files, name)
            (files.folder / "done").touch()
    return files


def _convert(files: Converted, name: str) -> None:
    from tinyser.convert.export_onnx import export_onnx
    from tinyser.convert.quantize import quantize

    save_model(files.checkpoint, name=name)
    np.save(files.calibration, windows(name))
    export_onnx(files.checkpoint, files.onnx)
    quantize(files.onnx, files.calibration, files.tflite, files.float_tflite)
