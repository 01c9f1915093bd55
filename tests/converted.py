"""One small model taken through export and quantize, once per test session: conversion costs half a minute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

FRAMES, MELS, LABELS = 32, 16, ("calm", "glad", "sad")


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
    def tflite(self) -> Path:
        return self.folder / "model.tflite"


def save_model(path: Path, hrf_ratio: int | None = None, labels: tuple[str, ...] = LABELS) -> None:
    """A ConvTransformer with seeded random weights, factored when `hrf_ratio` is given."""
    import torch

    from codegen.feature_spec import FeatureSpec
    from codegen.model_card import ModelCard
    from tinyser.hrf import expand
    from tinyser.models import build_model
    from tinyser.models.checkpoint import Checkpoint, HrfSettings, save_checkpoint

    torch.manual_seed(7)
    sizes = {"channels1": 4, "channels2": 8, "width": 16, "heads": 2, "blocks": 1, "ffn_width": 24}
    config = {"context_frames": FRAMES, "mel_bins": MELS, "classes": len(LABELS), "dropout": 0.0, **sizes}
    model = build_model("convtransformer", config)
    # Fresh heads answer nearly the same for everything; larger weights make decisions differ.
    with torch.no_grad():
        model.head.weight.mul_(8.0)
    hrf = None
    if hrf_ratio is not None:
        hrf = HrfSettings(hrf_ratio, ("ffn",))
        model = expand(model, hrf.ratio, hrf.modules)
    spec = FeatureSpec.unnormalised(mel_bins=MELS, context_frames=FRAMES, stride_frames=FRAMES // 2)
    card = ModelCard(name="small", labels=labels, features=spec)
    save_checkpoint(path, Checkpoint("convtransformer", config, hrf, card, model.state_dict()))


@cache
def converted(base: Path) -> Converted:
    """All stages under `base`, which is the session's temporary folder."""
    from tinyser.convert.export_onnx import export_onnx
    from tinyser.convert.quantize import quantize

    files = Converted(base / "converted")
    files.folder.mkdir()
    save_model(files.checkpoint)
    windows = np.random.default_rng(3).standard_normal((40, FRAMES, MELS)).astype(np.float32)
    # Clips differ in level, as recordings do.
    np.save(files.calibration, windows + np.linspace(-1, 1, 40, dtype=np.float32)[:, None, None])
    export_onnx(files.checkpoint, files.onnx)
    quantize(files.onnx, files.calibration, files.tflite)
    return files
