"""Optimizers: which weights decay, what SGD is, and refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from rich.console import Console

from codegen.errors import TinySerError
from tinyser.hrf import expand
from tinyser.models import MODELS, build_model, preset_config
from tinyser.training.optimizer import new_optimizer, new_schedule
from tinyser.training.run import train
from tinyser.training.settings import TrainSettings

Settings = Callable[..., TrainSettings]


@pytest.mark.parametrize("model_name", list(MODELS))
# AdamW takes rate x decay off; SGD's decay is part of the gradient, which Nesterov's first step takes 1.9 times.
@pytest.mark.parametrize(("optimizer", "left"), [("adamw", 1 - 0.5 * 0.5), ("sgd", 1 - 0.5 * 0.5 * 1.9)])
def test_only_matrices_decay(tiny: Settings, model_name: str, optimizer: str, left: float) -> None:
    """A step without gradient shows it: what decays shrinks, nothing else moves."""
    config = preset_config(model_name, "small", context_frames=100, features=40, classes=4)
    model = expand(build_model(model_name, config), 2, ("ffn", "attention"), 2)
    settings = tiny(optimizer=optimizer, learning_rate=0.5, weight_decay=0.5)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    new_optimizer(model, settings).step()
    decayed = set()
    for name, parameter in model.named_parameters():
        if not torch.equal(parameter, before[name]):
            decayed.add(name)
            torch.testing.assert_close(parameter.detach(), before[name] * left)
    matrices = {name for name, parameter in model.named_parameters() if parameter.ndim > 1}
    assert decayed == matrices - {"positions"}
    assert ("positions" in matrices) == (model_name != "speechformer")


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_factors_have_their_own_rate(tiny: Settings, optimizer: str) -> None:
    """The cycle's peak of every parameter, found by the group that holds it."""
    config = preset_config("convtransformer", "small", context_frames=100, features=40, classes=4)
    model = expand(build_model("convtransformer", config), 2, ("ffn",), 2)
    settings = tiny(optimizer=optimizer, learning_rate=0.1, hrf_learning_rate=0.02)
    steps = new_optimizer(model, settings)
    schedule = new_schedule(steps, settings, 10)
    peaks = {id(p): 0.0 for p in model.parameters()}
    for _ in range(10):
        for group in steps.param_groups:
            peaks |= {id(p): max(peaks[id(p)], group["lr"]) for p in group["params"]}
        steps.step()
        schedule.step()
    for name, parameter in model.named_parameters():
        peak = 0.02 if any(part in name for part in ("inner", "outer")) else 0.1
        assert peaks[id(parameter)] == pytest.approx(peak, rel=0.05), name


def test_rate_of_factors_does_not_count_without_hrf(tiny: Settings) -> None:
    assert tiny(hrf_ratio=0, hrf_learning_rate=0.02).identity() == tiny(hrf_ratio=0).identity()
    assert tiny(hrf_ratio=4, hrf_learning_rate=0.02).identity() != tiny(hrf_ratio=4).identity()


def test_sgd_is_nesterovs(tiny: Settings) -> None:
    weight = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(weight.weight)
    optimizer = new_optimizer(weight, tiny(optimizer="sgd", learning_rate=0.1, weight_decay=0.0))
    schedule = new_schedule(optimizer, tiny(optimizer="sgd", learning_rate=0.1), 10)
    velocity, expected = 0.0, 0.0
    for _ in range(5):
        rate = optimizer.param_groups[0]["lr"]
        weight.weight.grad = torch.ones(1, 1)
        optimizer.step()
        schedule.step()
        velocity = 0.9 * velocity + 1
        expected -= rate * (1 + 0.9 * velocity)
    assert weight.weight.item() == pytest.approx(expected, rel=1e-5)


def test_run_with_sgd(tiny: Settings) -> None:
    result = train(tiny(optimizer="sgd", learning_rate=0.05), Console(quiet=True))
    state = torch.load(result.folder / "last.pt", weights_only=True)
    buffers = state["parts"]["optimizer"]["state"].values()
    assert buffers and all("momentum_buffer" in buffer for buffer in buffers)


def test_unknown_optimizer(tiny: Settings) -> None:
    with pytest.raises(TinySerError, match="training: optimizer: got 'adam', allowed are adamw, sgd"):
        tiny(optimizer="adam")
