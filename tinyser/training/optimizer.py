"""The optimizer, with weight decay only where it belongs, and the one-cycle schedule of its learning rate."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from tinyser.hrf import HighRank
from tinyser.training.settings import TrainSettings

_WARM_UP = 0.2
_MOMENTUM = 0.9
# Learned positions (tinyser/models/front_end.py) are an offset like a bias, whatever their shape.
_POSITIONS = "positions"


def new_optimizer(model: nn.Module, settings: TrainSettings) -> Optimizer:
    """AdamW or SGD with Nesterov momentum; weight decay on matrices and kernels alone, HRF's factors at their own rate.

    The first group's rate is `settings.learning_rate`.
    """
    factors = {id(p) for module in model.modules() if isinstance(module, HighRank) for p in module.parameters()}
    rate, decay = settings.learning_rate, settings.weight_decay
    # What shares both is one group: (rate, decay) -> parameters.
    groups: dict[tuple[float, float], list[nn.Parameter]] = {(rate, decay): [], (rate, 0.0): []}
    for name, parameter in model.named_parameters():
        own_rate = settings.hrf_learning_rate or rate if id(parameter) in factors else rate
        groups.setdefault((own_rate, decay if _decays(name, parameter) else 0.0), []).append(parameter)
    options = [{"params": params, "lr": lr, "weight_decay": decay} for (lr, decay), params in groups.items()]
    if settings.optimizer == "sgd":
        return SGD(options, lr=rate, momentum=_MOMENTUM, nesterov=True)
    return AdamW(options, lr=rate, fused=True)


def _decays(name: str, parameter: nn.Parameter) -> bool:
    return parameter.ndim > 1 and name.rpartition(".")[2] != _POSITIONS


def new_schedule(optimizer: Optimizer, settings: TrainSettings, steps: int) -> OneCycleLR:
    """One cycle of the learning rate over `steps`, the peak being each group's own rate (arXiv 1708.07120).

    AdamW's first beta falls as the rate rises; the momentum of SGD stays.
    """
    return OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in optimizer.param_groups],
        total_steps=steps,
        pct_start=_WARM_UP,
        cycle_momentum=settings.optimizer == "adamw",
    )
