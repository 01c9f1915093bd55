"""Folding of BatchNorm: exact, complete, in a copy, and sensitive to every number it folds."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from codegen.feature_spec import FeatureSpec
from codegen.model_card import ModelCard
from tests.converted import settle
from tinyser.convert.export_onnx import export_onnx
from tinyser.models import build_model, preset_config
from tinyser.models.batch_norm import fold_norms
from tinyser.models.checkpoint import Checkpoint, save_checkpoint
from tinyser.runtimes.onnx_model import OnnxRuntime

NORMALISED = ("convtransformer", "conformer")
SIZES = {"context_frames": 100, "features": 20, "classes": 4}


def trained_like(name: str, preset: str = "small") -> nn.Module:
    torch.manual_seed(0)
    model = build_model(name, preset_config(name, preset, **SIZES))
    settle(model, torch.randn(16, 100, 20) * torch.linspace(0.5, 2, 16)[:, None, None])
    return model


def norms(model: nn.Module) -> dict[str, nn.Module]:
    return {key: m for key, m in model.named_modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)}


def answers(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model(x)


@pytest.mark.parametrize("preset", ["small", "default"])
@pytest.mark.parametrize("name", NORMALISED)
def test_folded_logits_are_the_same(name: str, preset: str) -> None:
    model, x = trained_like(name, preset), torch.randn(8, 100, 20)
    before = copy.deepcopy(model.state_dict())
    folded = fold_norms(model)
    assert norms(model) and not norms(folded)
    expected = answers(model, x)
    assert expected.std() > 0.1
    torch.testing.assert_close(answers(folded, x), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(dict(model.state_dict()), dict(before), atol=0, rtol=0)


@pytest.mark.parametrize("name", NORMALISED)
def test_every_number_of_every_norm_counts(name: str) -> None:
    model, x = trained_like(name), torch.randn(4, 100, 20)
    expected = answers(fold_norms(model), x)
    for key in norms(model):
        for number in ("weight", "bias", "running_mean", "running_var"):
            other = copy.deepcopy(model)
            with torch.no_grad():
                getattr(other.get_submodule(key), number).mul_(1.5)
            assert (answers(fold_norms(other), x) - expected).abs().max() > 1e-4, f"{key}.{number}"


def test_in_double_precision_it_is_exact() -> None:
    model, x = trained_like("convtransformer").double(), torch.randn(4, 100, 20, dtype=torch.float64)
    torch.testing.assert_close(answers(fold_norms(model), x), answers(model, x), atol=1e-12, rtol=1e-12)


def test_a_model_without_norms_is_a_plain_copy() -> None:
    model, x = build_model("speechformer", preset_config("speechformer", "small", **SIZES)), torch.randn(2, 100, 20)
    folded = fold_norms(model)
    assert folded is not model
    torch.testing.assert_close(answers(folded, x), answers(model.eval(), x), atol=0, rtol=0)


@pytest.mark.parametrize("name", NORMALISED)
def test_nothing_is_left_in_onnx(name: str, tmp_path: Path) -> None:
    model = trained_like(name)
    spec = FeatureSpec.unnormalised(mel_bins=20, context_frames=100, stride_frames=50)
    card = ModelCard(name="small", labels=("a", "b", "c", "d"), features=spec)
    config = preset_config(name, "small", **SIZES)
    save_checkpoint(tmp_path / "merged.pt", Checkpoint(name, config, None, card, model.state_dict()))
    export_onnx(tmp_path / "merged.pt", tmp_path / "model.onnx")
    operators = {node.op_type for node in onnx.load(str(tmp_path / "model.onnx")).graph.node}
    assert "BatchNormalization" not in operators
    assert ("LayerNormalization" in operators) == (name == "conformer")
    x = torch.randn(4, 100, 20)
    found = OnnxRuntime(tmp_path / "model.onnx").run(x.numpy()).posteriors
    np.testing.assert_allclose(found, answers(model, x).softmax(-1), atol=1e-5)
