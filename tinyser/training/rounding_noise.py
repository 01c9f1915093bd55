"""Noise behind layers in training, so that what a model decides hangs less on how int8 rounds."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

_INT8_STEPS = 255
# What they give is another module's output, or no tensor of the quantized model.
_SKIPPED = (nn.Sequential, nn.ModuleList, nn.Dropout, nn.Identity)


def add_rounding_noise(model: nn.Module, steps: float) -> None:
    """From now on every layer and block of `model` adds noise to its output while it trains; evaluation has none.

    It is uniform, `steps` int8 steps wide in all; a step is a 255th of what the output reaches in that batch, from its
    least value to its largest. Rounding to int8 is noise of one step. As a layer that HRF factors gives one
    tensor, it gets noise once.
    """
    for module in model.modules():
        if not isinstance(module, _SKIPPED):
            module.register_forward_hook(partial(_noisy, steps))


def _noisy(steps: float, module: nn.Module, _: object, output: Tensor) -> Tensor:
    if not module.training:
        return output
    values = output.detach()
    width = steps * (values.amax() - values.amin()) / _INT8_STEPS
    return output + width * (torch.rand_like(values) - 0.5)
