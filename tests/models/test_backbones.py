"""Every backbone: shapes, sizes, HRF in each of its groups, and bad configs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from codegen.errors import ModelFormatError, TinySerError
from tests.hrf.test_merge import shaken
from tinyser.hrf import HighRank, expand, merge, prove_equal
from tinyser.models import MODELS, build_model, preset_config, preset_names
from tinyser.models.size import count_parameters

BUDGETS = {"small": 50_000, "default": 150_000, "large": 400_000}
GROUPS = ("ffn", "ffn-out", "attention", "conv")
SIZES = {"context_frames": 200, "features": 20, "classes": 4}


def small_model(name: str) -> nn.Module:
    torch.manual_seed(0)
    return build_model(name, preset_config(name, "small", **SIZES))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("frames", [200, 300])
@pytest.mark.parametrize("preset", BUDGETS)
def test_parameter_budget(name: str, preset: str, frames: int) -> None:
    config = preset_config(name, preset, context_frames=frames, features=40, classes=7)
    with torch.device("meta"):
        model = build_model(name, config)
    assert count_parameters(model) == pytest.approx(BUDGETS[preset], rel=0.15)


@pytest.mark.parametrize("name", MODELS)
def test_the_same_presets(name: str) -> None:
    assert preset_names(name) == tuple(BUDGETS)


@pytest.mark.parametrize("name", MODELS)
def test_logits_and_gradients(name: str) -> None:
    model = small_model(name)
    logits = model(torch.randn(3, 200, 20))
    assert logits.shape == (3, 4)
    logits.square().sum().backward()
    idle = [key for key, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # A key's bias moves every score of a row alike, which softmax does not see.
    assert all(key.endswith("attention.k.bias") for key in idle), idle


@pytest.mark.parametrize("name", MODELS)
def test_windows_of_a_batch_do_not_mix(name: str) -> None:
    model, x = small_model(name).eval(), torch.randn(3, 200, 20)
    alone = torch.cat([model(window) for window in x.split(1)])
    torch.testing.assert_close(model(x), alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("factors", [2, 3])
@pytest.mark.parametrize("group", [*GROUPS, "ffn,ffn-out,attention,conv"])
def test_hrf_and_its_merge(name: str, group: str, factors: int) -> None:
    model, x = small_model(name), torch.randn(8, 200, 20)
    expanded = expand(model, 2, group, factors)
    prove_equal(model, expanded, x)
    trained = shaken(expanded, by=0.05)
    merged = merge(trained)
    prove_equal(trained, merged, x)
    assert type(merged) is type(model)
    small_model(name).load_state_dict(merged.state_dict())


@pytest.mark.parametrize("name", MODELS)
def test_groups_are_disjoint(name: str) -> None:
    model = small_model(name)
    chosen = [
        {key for key, module in expand(model, 2, group).named_modules() if isinstance(module, HighRank)}
        for group in GROUPS
    ]
    assert all(chosen)
    assert len(set.union(*chosen)) == sum(map(len, chosen))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, r"width: got 0, allowed is a whole number 1\.\.10000"),
        ({"heads": 5}, "heads: got 5, allowed is a divisor of width"),
        ({"dropout": 1.0}, "dropout: got 1.0, allowed is a number 0..1, below 1"),
        ({"features": 3}, r"features: got 3, allowed is a whole number 4\.\."),
        ({"width": 32.0}, "width: got 32.0, allowed is a whole number"),
        ({"depth": 3}, "unknown setting 'depth'; allowed are context_frames, features"),
    ],
)
def test_bad_config(name: str, change: dict[str, Any], message: str) -> None:
    config = preset_config(name, "small", **SIZES)
    with pytest.raises(ModelFormatError, match=f"{name}: {message}"):
        build_model(name, {**config, **change})


@pytest.mark.parametrize("name", MODELS)
def test_missing_size(name: str) -> None:
    with pytest.raises(ModelFormatError, match=f"{name}: classes: got nothing"):
        build_model(name, {"context_frames": 200, "features": 20})


def test_unknown_names() -> None:
    with pytest.raises(ModelFormatError, match="allowed are convtransformer, conformer, speechformer"):
        build_model("perceptron", {})
    with pytest.raises(TinySerError, match="conformer: preset: got 'huge', allowed are small, default, large"):
        preset_config("conformer", "huge", **SIZES)
