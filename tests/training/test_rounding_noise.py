"""Noise behind layers: how wide it is, where it is, and that it is in training alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tinyser.hrf import expand
from tinyser.models import build_model, preset_config
from tinyser.training.rounding_noise import add_rounding_noise
from tinyser.training.settings import TrainSettings


def test_uniform_and_as_many_steps_wide_as_asked_for() -> None:
    layer, x = nn.Linear(8, 50), torch.randn(2000, 8)
    plain = layer(x).detach()
    step = float(plain.max() - plain.min()) / 255
    add_rounding_noise(layer, 6.0)
    noise = (layer(x).detach() - plain) / step
    assert 2.99 < float(noise.max()) <= 3.001 and -3.001 <= float(noise.min()) < -2.99
    assert float(noise.std()) == pytest.approx(6 / 12**0.5, rel=0.01)
    assert abs(float(noise.mean())) < 0.03


def test_none_in_evaluation_and_gradients_as_without() -> None:
    layer, x = nn.Linear(4, 3), torch.randn(5, 4)
    plain = layer(x)
    plain.sum().backward()
    expected = layer.weight.grad
    layer.weight.grad = None
    add_rounding_noise(layer, 6.0)
    layer(x).sum().backward()
    torch.testing.assert_close(layer.weight.grad, expected)
    torch.testing.assert_close(layer.eval()(x), plain)


@pytest.mark.parametrize("name", ["convtransformer", "conformer", "speechformer"])
def test_behind_every_layer_of_a_backbone(name: str) -> None:
    """A layer that HRF factors has it once, as its merged one will; dropout and lists of blocks have none."""
    config = preset_config(name, "small", context_frames=100, features=40, classes=4)
    model = expand(build_model(name, config), 2, ("ffn",), 2).train()
    noisy: list[str] = []
    add_rounding_noise(model, 6.0)
    for path, module in model.named_modules():
        if module._forward_hooks:
            module.register_forward_hook(lambda *_, path=path: noisy.append(path))
    model(torch.randn(2, 100, 40))
    layers = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm)
    expected = {
        path
        for path, module in model.named_modules()
        if isinstance(module, layers) and not path.endswith((".inner", ".outer"))
    }
    assert expected <= set(noisy)
    assert not any(path.endswith((".inner", ".outer")) or "dropout" in path for path in noisy)
    assert "head" in noisy and "" in noisy


def test_no_noise_is_no_setting(tiny: Callable[..., TrainSettings]) -> None:
    assert tiny(rounding_noise=0.0).identity() == tiny().identity()
    assert tiny(rounding_noise=6.0).identity() != tiny().identity()
