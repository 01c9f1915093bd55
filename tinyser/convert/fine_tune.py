"""Quantization-aware fine-tuning: an int8 graph learns to give what its float graph gives, from windows alone.

Weights and biases of linear layers and convolutions move, every rounding of the file in place, so that what is learnt
holds for the roundings that the device will do. The teacher is the float graph (distillation: Hinton et al., 2015,
arXiv 1503.02531): no labels are needed, and blends of windows serve as well as windows do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from codegen.errors import QuantizationError
from tinyser.convert.graph_in_torch import TorchGraph, unknown_operators
from tinyser.convert.linear_layers import LARGEST_INT8, find_pairs, store, write_bias
from tinyser.convert.operators_in_torch import OPERATORS
from tinyser.convert.tflite_file import load, write_model
from tinyser.runtimes.runtime import Floats

_BATCH = 32
# At the peak of the cycle, in steps of a weight's scale and of an output's.
_LEARNING_RATE = 0.05


def fine_tune(
    int8: Path,
    floats: Path,
    windows: Floats,
    epochs: int,
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Rewrites the constants of `int8`, whose float graph is `floats`, after `epochs` passes over the windows.

    `windows` is float32 (windows, *input shape without batch). Scales stay as they are. The same seed gives the same
    file on one machine. Raises QuantizationError when the graph has operators that gradients cannot pass.
    """
    model, twin = load(int8), load(floats)
    if unknown := unknown_operators(model) | unknown_operators(twin):
        raise QuantizationError(
            f"{int8}: --qat cannot train through {', '.join(sorted(unknown))}, allowed are {', '.join(OPERATORS)}; "
            "leave --qat out"
        )
    layers = [mine for mine, _ in find_pairs(model, twin)]
    student, teacher = TorchGraph(model, layers), TorchGraph(twin)
    steps = {str(layer.bias): float(model.subgraphs[0].tensors[layer.output].quantization.scale[0]) for layer in layers}
    _train(student, teacher, steps, torch.from_numpy(windows), epochs, seed, progress)
    for layer in layers:
        weights = student.weights[str(layer.weights)].detach().numpy()
        integers = np.clip(np.rint(weights), -LARGEST_INT8, LARGEST_INT8)
        store(model, layer.weights, integers.astype(np.int8))
        bias = student.biases[str(layer.bias)].detach().numpy()
        write_bias(model, layer, bias.astype(np.float64).reshape(layer.shape[:2]))
    write_model(model, int8)


def _train(
    student: TorchGraph,
    teacher: nn.Module,
    bias_steps: dict[str, float],
    windows: Tensor,
    epochs: int,
    seed: int,
    progress: Callable[[str], None],
) -> None:
    """`bias_steps`: of the scale of what each bias is added to."""
    groups = [{"params": list(student.weights.values()), "lr": _LEARNING_RATE}]
    groups += [{"params": [bias], "lr": _LEARNING_RATE * bias_steps[name]} for name, bias in student.biases.items()]
    optimizer = torch.optim.Adam(groups)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [group["lr"] for group in groups], total_steps=epochs * -(-len(windows) // _BATCH)
    )
    random = np.random.default_rng(seed)
    for epoch in range(epochs):
        progress(f"fine-tuning, epoch {epoch + 1} of {epochs}")
        for batch in _blends(windows, random):
            with torch.no_grad():
                wanted = teacher(batch)
            # The mean square of the posteriors' error is what the file is judged by.
            loss = functional.mse_loss(student(batch), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def _blends(windows: Tensor, random: np.random.Generator) -> Iterator[Tensor]:
    """Every window once, each blended with another one by a share of its own, (batch, *window)."""
    for chosen in torch.from_numpy(random.permutation(len(windows))).split(_BATCH):
        partners = windows[torch.from_numpy(random.integers(len(windows), size=len(chosen)))]
        shares = torch.from_numpy(random.random(len(chosen), np.float32)).view(-1, *[1] * (windows.dim() - 1))
        yield partners.lerp(windows[chosen], shares)
