"""What a model costs: parameters with and without HRF, multiply-accumulates, bytes of its int8 weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tinyser.hrf import expand
from tinyser.models import MODELS, build_model, preset_config, preset_names
from tinyser.models.batch_norm import fold_norms

RATIOS = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class ModelSize:
    """`hrf_parameters`: ratio -> parameters in training, FFN factored in two; `macs`: of one inference."""

    model: str
    preset: str
    parameters: int
    hrf_parameters: dict[int, int]
    macs: int
    int8_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Plain values; ratios as text, as JSON wants keys."""
        ratios = {str(ratio): count for ratio, count in self.hrf_parameters.items()}
        return {**asdict(self), "hrf_parameters": ratios}


def list_sizes(*, context_frames: int, features: int, classes: int) -> tuple[ModelSize, ...]:
    """Every preset of every model. Raises ModelFormatError for sizes that a model cannot have."""
    sizes = []
    for name in MODELS:
        for preset in preset_names(name):
            config = preset_config(name, preset, context_frames=context_frames, features=features, classes=classes)
            # On the meta device nothing is computed: only shapes count.
            with torch.device("meta"):
                model = build_model(name, config).eval()
                window = torch.zeros(1, context_frames, features)
                expanded = {ratio: count_parameters(expand(model, ratio, "ffn")) for ratio in RATIOS}
            macs = count_macs(model, window)
            sizes.append(ModelSize(name, preset, count_parameters(model), expanded, macs, int8_bytes(model)))
    return tuple(sizes)


def count_parameters(model: nn.Module) -> int:
    """Trained numbers; a shared one counts once."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_macs(model: nn.Module, features: torch.Tensor) -> int:
    """Multiply-accumulates of matrix products and convolutions for `features`, (1, frames, mels)."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(features)
    return int(counter.get_total_flops()) // 2


def int8_bytes(model: nn.Module) -> int:
    """Estimate of the constants in flash: a byte a number, four for a bias of a linear layer or convolution.

    Of the model as export leaves it, with BatchNorms folded away. What a runtime adds per channel, such as
    scales, is not in it.
    """
    total = 0
    for module in fold_norms(model).modules():
        wide_bias = isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d)
        for constants in (module.named_parameters(recurse=False), module.named_buffers(recurse=False)):
            total += sum(number.numel() * (4 if wide_bias and name == "bias" else 1) for name, number in constants)
    return total
