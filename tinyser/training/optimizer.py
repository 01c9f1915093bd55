"""The optimizer, with weight decay only where it belongs, and the one-cycle schedule of its learning rate."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from tinyser.training.settings import TrainSettings

_WARM_UP = 0.2
_MOMENTUM = 0.9
# Learned positions (tinyser/models/front_end.py) are an offset like a bias, whatever their shape.
_POSITIONS = "positions"


def new_optimizer(model: nn.Module, settings: TrainSettings) -> Optimizer:
    """AdamW or SGD with Nesterov momentum; weight decay on matrices and kernels alone."""
    decayed: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (decayed if _decays(name, parameter) else others).append(parameter)
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if settings.optimizer == "sgd":
        return SGD(groups, lr=settings.learning_rate, momentum=_MOMENTUM, nesterov=True)
    return AdamW(groups, lr=settings.learning_rate, fused=True)


def _decays(name: str, parameter: nn.Parameter) -> bool:
    return parameter.ndim > 1 and name.rpartition(".")[2] != _POSITIONS


def new_schedule(optimizer: Optimizer, settings: TrainSettings, steps: int) -> OneCycleLR:
    """One cycle of the learning rate over `steps`, with its peak at `settings.learning_rate` (arXiv 1708.07120).

    AdamW's first beta falls as the rate rises; the momentum of SGD stays.
    """
    return OneCycleLR(
        optimizer,
        max_lr=settings.learning_rate,
        total_steps=steps,
        pct_start=_WARM_UP,
        cycle_momentum=settings.optimizer == "adamw",
    )
