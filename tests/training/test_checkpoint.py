"""Checkpoints: written and read whole, and wrong files refused with the reason."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from codegen.errors import ModelFormatError
from codegen.model_card import ModelCard
from tinyser.hrf import expand
from tinyser.models import build_model, preset_config
from tinyser.models.checkpoint import Checkpoint, HrfSettings, load_checkpoint, save_checkpoint

CONFIG = preset_config("convtransformer", "small", context_frames=16, features=8, classes=2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    model = expand(build_model("convtransformer", CONFIG), 2, "ffn")
    card = ModelCard(name="ser", labels=("a", "b"))
    hrf = HrfSettings(2, ("ffn",))
    save_checkpoint(tmp_path / "model.pt", Checkpoint("convtransformer", CONFIG, hrf, card, model.state_dict()))
    return tmp_path / "model.pt"


def test_read_back(path: Path) -> None:
    checkpoint = load_checkpoint(path)
    assert checkpoint.config == CONFIG and checkpoint.hrf == HrfSettings(2, ("ffn",), 2)
    assert checkpoint.build()(torch.zeros(3, 16, 8)).shape == (3, 2)
    assert set(torch.load(path, weights_only=True)) == {
        "format", "version", "model", "hrf", "card", "state_dict", "training",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "not a TinySER checkpoint"),
        ({"version": 2}, "version: got 2, allowed is 1"),
        ({"card": {}}, "model card: version: got nothing"),
        ({"hrf": {"ratio": 2, "modules": ["ffn"], "factors": 4}}, "factors: got 4, allowed are 2 and 3"),
        ({"model": {}}, "the file is damaged"),
    ],
)
def test_wrong_content(path: Path, change: dict[str, Any], message: str) -> None:
    torch.save({**torch.load(path, weights_only=True), **change}, path)
    with pytest.raises(ModelFormatError, match=message):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"name": "perceptron", "config": CONFIG}, "got 'perceptron', allowed are convtransformer"),
        ({"name": "convtransformer", "config": {**CONFIG, "heads": 5}}, "heads: got 5, allowed is a divisor"),
        ({"name": "convtransformer", "config": {**CONFIG, "dropout": 1}}, "dropout: got 1, allowed is a number"),
        ({"name": "convtransformer", "config": {**CONFIG, "depth": 1}}, "unknown setting 'depth'"),
        ({"name": "convtransformer", "config": {"classes": 2}}, "context_frames: got nothing"),
        ({"name": "convtransformer", "config": {**CONFIG, "classes": 3}}, "weights do not fit convtransformer"),
    ],
)
def test_model_that_cannot_be_built(path: Path, model: dict[str, Any], message: str) -> None:
    torch.save({**torch.load(path, weights_only=True), "model": model}, path)
    with pytest.raises(ModelFormatError, match=message):
        load_checkpoint(path).build()


def test_missing_key(path: Path) -> None:
    content = torch.load(path, weights_only=True)
    del content["state_dict"]
    torch.save(content, path)
    with pytest.raises(ModelFormatError, match="state_dict: missing"):
        load_checkpoint(path)


class Trap:
    """Runs code when unpickled without care."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("code ran",))


@pytest.mark.parametrize("kind", ["text", "empty", "truncated", "code", "array"])
def test_not_a_checkpoint(path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = path.read_bytes()
    content = {"text": b"hello", "empty": b"", "truncated": whole[: len(whole) // 2], "code": pickle.dumps(Trap())}
    if kind == "array":
        torch.save(torch.zeros(3), path)
    else:
        path.write_bytes(content[kind])
    with pytest.raises(ModelFormatError, match="not a (TinySER )?checkpoint"):
        load_checkpoint(path)
    assert "code ran" not in capsys.readouterr().out


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="no such file"):
        load_checkpoint(tmp_path / "absent.pt")
