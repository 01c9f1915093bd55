"""The exponential moving average of a model in training, which is what training gives."""

from __future__ import annotations

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

# Weights are averaged over some 50 steps: what a few validation speakers say of single steps is mostly noise.
_DECAY = 0.98
_move_towards = get_ema_multi_avg_fn(_DECAY)


def new_average(model: nn.Module) -> AveragedModel:
    """The average of `model`, whose `update_parameters(model)` is called after every step.

    BatchNorm's statistics are those of the activations that the weights give, so they are averaged like weights;
    the current ones would belong to another model. Counters are taken over as they are.
    """
    return AveragedModel(model, multi_avg_fn=_update, use_buffers=True)


def _update(averages: list[Tensor], current: list[Tensor], steps: Tensor | int) -> None:
    # All of one type: AveragedModel sorts them.
    if averages[0].is_floating_point():
        _move_towards(averages, current, steps)
        return
    for average, now in zip(averages, current, strict=True):
        average.copy_(now)
