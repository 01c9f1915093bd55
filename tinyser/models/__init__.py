"""Models by name. A new one is a module with `PRESETS` and `build(config)`, and a line in MODELS."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from codegen.errors import ModelFormatError, TinySerError

if TYPE_CHECKING:
    from torch import nn

# name -> module; imported on use, since they import torch.
MODELS = {
    "convtransformer": "tinyser.models.convtransformer",
    "conformer": "tinyser.models.conformer",
    "speechformer": "tinyser.models.speechformer",
}


def build_model(name: str, config: Mapping[str, Any]) -> nn.Module:
    """An untrained model, (batch, context_frames, features) -> (batch, classes) logits.

    Raises ModelFormatError for an unknown name or a bad config.
    """
    model: nn.Module = importlib.import_module(_module(name)).build(config)
    return model


def preset_config(name: str, preset: str, *, context_frames: int, features: int, classes: int) -> dict[str, Any]:
    """The config for `build_model` from a named variant. Raises TinySerError for an unknown preset."""
    presets = importlib.import_module(_module(name)).PRESETS
    if preset not in presets:
        raise TinySerError(f"{name}: preset: got {preset!r}, allowed are {', '.join(presets)}; choose one of these")
    sizes = {"context_frames": context_frames, "features": features, "classes": classes}
    return {**presets[preset], **sizes}


def preset_names(name: str) -> tuple[str, ...]:
    """The named variants of a model, the smallest first."""
    return tuple(importlib.import_module(_module(name)).PRESETS)


def _module(name: str) -> str:
    if name not in MODELS:
        raise ModelFormatError(f"model: got {name!r}, allowed are {', '.join(MODELS)}; choose one of these")
    return MODELS[name]
