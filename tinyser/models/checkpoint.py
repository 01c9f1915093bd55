"""Checkpoints, `model.pt` and `merged.pt`: plain containers and tensors, loaded with `weights_only=True`."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codegen.atomic import new_file
from codegen.errors import ModelFormatError, TinySerError
from codegen.model_card import ModelCard
from tinyser.hrf import FACTORS, expand
from tinyser.models import build_model

FORMAT = "tinyser"
VERSION = 1
_LAYERS = ("blocks", "layers")  # how settings end that say how many
_CALL = re.compile(r"GLOBAL ([\w.]+)")  # in the weights-only unpickler's message
_KEYS = ("format", "version", "model", "hrf", "card", "state_dict", "training")


@dataclass(frozen=True, slots=True)
class HrfSettings:
    """How the model is factored: inner width over output width, groups or patterns, and factors per layer."""

    ratio: int
    modules: tuple[str, ...]
    factors: int = 2


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model with all that later stages need. `training` says how it came about (plain values)."""

    model_name: str
    config: Mapping[str, Any]
    hrf: HrfSettings | None
    card: ModelCard
    state_dict: Mapping[str, Tensor]
    training: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> nn.Module:
        """The model with its weights, in evaluation mode. Raises ModelFormatError when they do not fit."""
        self._refuse_oversized()
        model = build_model(self.model_name, self.config)
        if self.hrf is not None:
            model = expand(model, self.hrf.ratio, self.hrf.modules, self.hrf.factors)
        try:
            model.load_state_dict(dict(self.state_dict))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            message = f"checkpoint: weights do not fit {self.model_name} ({reason}); train the model again"
            raise ModelFormatError(message) from error
        return model.eval()

    def _refuse_oversized(self) -> None:
        """A config can ask for any size, memory goes by the file: layers by its tensors, weights by its bytes.

        Raises ModelFormatError.
        """
        layers = sum(count for name, count in self.config.items() if name.endswith(_LAYERS) and isinstance(count, int))
        stores = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage() for tensor in self.state_dict.values()}
        available = sum(store.nbytes() for store in stores.values())
        if layers <= len(self.state_dict):
            with torch.device("meta"):  # sizes without memory
                needed = sum(weight.numel() for weight in build_model(self.model_name, self.config).parameters())
            if needed <= available:
                return
        raise ModelFormatError(
            f"checkpoint: weights do not fit {self.model_name} (its settings ask for more than the {available} bytes "
            "of weights); train the model again"
        )


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint, whole or not at all."""
    hrf = None if checkpoint.hrf is None else asdict(checkpoint.hrf)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "model": {"name": checkpoint.model_name, "config": dict(checkpoint.config)},
        "hrf": None if hrf is None else {**hrf, "modules": list(hrf["modules"])},
        "card": checkpoint.card.to_json(),
        "state_dict": {k: v.detach().cpu().clone() for k, v in checkpoint.state_dict.items()},
        "training": dict(checkpoint.training),
    }
    save_tensors(path, content)


def save_tensors(path: str | Path, content: Mapping[str, Any]) -> None:
    """Writes what `torch.save` takes, whole or not at all. Raises DataError where that cannot be written."""
    # torch's own writer has no words for a full disk.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with new_file(path) as partial:
        partial.write_bytes(buffer.getbuffer())


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Reads a checkpoint file, or `model.pt` of a training folder.

    Raises ModelFormatError when there is none, or when it is not one of ours.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "model.pt"
    content = load_tensors(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelFormatError(f"{path}: not a TinySER checkpoint; give a .pt that train or merge wrote")
    if content.get("version") != VERSION:
        got = content.get("version")
        raise ModelFormatError(f"{path}: version: got {got!r}, allowed is {VERSION}; use a matching TinySER")
    for key in _KEYS:
        if key not in content:
            raise ModelFormatError(f"{path}: {key}: missing; the file is damaged, write it again")
    try:
        return _checkpoint(content)
    except (KeyError, TypeError, AttributeError, TinySerError) as error:
        raise ModelFormatError(f"{path}: {error}; the file is damaged, write it again") from error


def _checkpoint(content: dict[str, Any]) -> Checkpoint:
    model, hrf = content["model"], content["hrf"]
    _check_type("model.name", model["name"], str)
    for name, mapping in (
        ("model.config", model["config"]),
        *((key, content[key]) for key in ("state_dict", "training")),
    ):
        _check_type(name, mapping, dict)
        for key in mapping:
            _check_type(f"a key of {name}", key, str)
    for name, weight in content["state_dict"].items():
        _check_type(f"state_dict[{name!r}]", weight, Tensor)
    settings = None
    if hrf is not None:
        settings = HrfSettings(hrf["ratio"], tuple(hrf["modules"]), hrf["factors"])
        if settings.factors not in FACTORS:
            allowed = " and ".join(map(str, FACTORS))
            raise ModelFormatError(f"hrf: factors: got {settings.factors}, allowed are {allowed}")
    card = ModelCard.from_json(content["card"])
    return Checkpoint(model["name"], model["config"], settings, card, content["state_dict"], content["training"])


def _check_type(name: str, value: object, wanted: type) -> None:
    if not isinstance(value, wanted):
        raise ModelFormatError(f"{name}: got {type(value).__name__}, allowed is {wanted.__name__}")


def load_tensors(path: Path) -> Any:
    """What `torch.save` wrote, if it is only containers and tensors. Raises ModelFormatError otherwise."""
    if not path.is_file():
        raise ModelFormatError(f"{path}: no such file; give a .pt file or a folder that train wrote")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of protocols and stores: an error says it all
            return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError as error:
        raise ModelFormatError(f"{path}: its tensors do not fit into memory; give a .pt that train wrote") from error
    except Exception as error:  # torch's reader raises whatever a damaged file makes it stumble over
        if called := _CALL.search(str(error)):
            raise ModelFormatError(
                f"{path}: refused: reading it would call {called[1]}, allowed are only tensors and plain values; a "
                "file that holds code is not a checkpoint, whoever gave it to you"
            ) from error
        reason = _reason(error)
        raise ModelFormatError(f"{path}: not a checkpoint ({reason}); give a .pt that train or merge wrote") from error


def _reason(error: Exception) -> str:
    """Of the unpickler's several paragraphs, the one on this file."""
    own = str(error).rpartition("WeightsUnpickler error:")[2].partition("Check the documentation")[0]
    return " ".join(own.split())[:100] or type(error).__name__
