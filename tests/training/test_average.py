"""The averaged model: weights and BatchNorm's statistics by hand, and statistics that fit the averaged weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

from tinyser.training.average import new_average


def test_weights_and_statistics_by_hand() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3)).train()
    average = new_average(model)
    expected: dict[str, torch.Tensor] = {}
    for step in range(6):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
            model(torch.randn(8, 5) + step)
        average.update_parameters(model)
        for name, now in copy.deepcopy(model.state_dict()).items():
            old = expected.get(name, now)
            expected[name] = old + 0.02 * (now - old) if now.is_floating_point() else now
    found = average.module.state_dict()
    torch.testing.assert_close(dict(found), expected)
    assert found["1.num_batches_tracked"] == 6
    assert not torch.allclose(found["1.running_mean"], model[1].running_mean), "not the current ones"


def test_statistics_fit_the_averaged_weights() -> None:
    """The weight grows, the inputs stay: normalised by its own statistics, the average still has variance 1."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1, affine=False)).train()
    average, x = new_average(model), torch.randn(4096, 1)
    for step in range(400):
        nn.init.constant_(model[0].weight, 1 + step / 100)
        model(x)
        average.update_parameters(model)
    with torch.no_grad():
        own = average.module.eval()(x).std()
        average.module[1].load_state_dict(model[1].state_dict())
        current = average.module(x).std()
    assert abs(own - 1) < 0.05 < abs(current - 1)
