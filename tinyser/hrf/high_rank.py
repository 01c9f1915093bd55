"""The factorised layer `y = W2 (W1 x + b1) + b2` and its merge into `W = W2 W1`, `b = W2 b1 + b2`.

Source: Zhang et al., "Re-Parameterization of Lightweight Transformer for On-Device Speech Emotion
Recognition", arXiv 2411.09339. The paper factors the linear layers of a Transformer; convolutions (k x k,
then 1 x 1), the inner width `ratio * out_features` for them, and the initialisation are this project's
choices.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

# Exactly these: a subclass may use its weights in another way than its forward, as nn.MultiheadAttention
# does.
FACTORABLE = (nn.Linear, nn.Conv1d, nn.Conv2d)


class HighRank(nn.Module):
    """Two linear layers of one kind with nothing in between; `outer(inner(x))`.

    For convolutions the k x k kernel is the inner layer: it alone pads, and it pads its input before its
    bias is added, so the merge is exact at the borders too.
    """

    def __init__(self, inner: nn.Module, outer: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.outer = outer

    def forward(self, x: Tensor) -> Tensor:
        """Whatever shape the factored layer takes and gives."""
        return self.outer(self.inner(x))

    @classmethod
    def factor(cls, layer: nn.Module, ratio: int) -> HighRank:
        """Factors a layer so that the function it computes does not change at all.

        Both factors are drawn as PyTorch draws them; then the least change (in the Frobenius norm) is made
        to W1 for which W2 W1 equals the layer's weight. So training with HRF starts where training without
        it starts, whatever the ratio, and a comparison of the two tells of the factors alone. Two layers as
        drawn would start with 0.58 of the weight's scale. The inner width is at least `out_features`, so a
        solution always exists.
        """
        inner, outer = _blank_factors(layer, ratio)
        with torch.no_grad():
            w1, w2, weight = (_matrices(part, part.weight) for part in (inner, outer, layer))
            w1 = w1 + torch.linalg.pinv(w2) @ (weight - w2 @ w1)
            inner.weight.copy_(_kernel(inner, w1))
            if layer.bias is not None:
                b1 = _columns(inner, inner.bias)
                outer.bias.copy_((_columns(layer, layer.bias) - w2 @ b1).flatten())
        return cls(inner, outer)

    def merge(self) -> nn.Module:
        """The one layer equal to this, computed in float64 and cast once.

        It has a bias when either factor has one: W2 b1 counts even where b2 does not exist.
        """
        inner, outer = self.inner, self.outer
        w1, w2 = _matrices(inner, inner.weight), _matrices(outer, outer.weight)
        bias = None
        if inner.bias is not None or outer.bias is not None:
            bias = torch.zeros(w2.shape[0], w2.shape[1], 1, dtype=torch.float64, device=w2.device)
            if inner.bias is not None:
                bias = bias + w2 @ _columns(inner, inner.bias)
            if outer.bias is not None:
                bias = bias + _columns(outer, outer.bias)
        merged = _like(inner, out=_out_size(outer), bias=bias is not None)
        with torch.no_grad():
            merged.weight.copy_(_kernel(merged, w2 @ w1))
            if bias is not None:
                merged.bias.copy_(bias.flatten())
        return merged.train(self.training)


def _blank_factors(layer: Any, ratio: int) -> tuple[Any, Any]:
    """Inner and outer layer of the right sizes, as PyTorch initialises them."""
    out, bias = _out_size(layer), layer.bias is not None
    inner = _like(layer, out=ratio * out, bias=bias)
    place = {"device": layer.weight.device, "dtype": layer.weight.dtype}
    if isinstance(layer, nn.Linear):
        return inner, nn.Linear(ratio * out, out, bias=bias, **place)
    kind: Any = type(layer)
    return inner, kind(ratio * out, out, kernel_size=1, groups=layer.groups, bias=bias, **place)


def _like(layer: Any, *, out: int, bias: bool) -> Any:
    """A layer of the same kind and input with `out` outputs."""
    place = {"device": layer.weight.device, "dtype": layer.weight.dtype}
    if isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, out, bias=bias, **place)
    kind: Any = type(layer)
    settings = {k: getattr(layer, k) for k in ("kernel_size", "stride", "padding", "dilation", "groups")}
    return kind(layer.in_channels, out, bias=bias, padding_mode=layer.padding_mode, **settings, **place)


def _out_size(layer: Any) -> int:
    return int(layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels)


def _groups(layer: Any) -> int:
    return 1 if isinstance(layer, nn.Linear) else int(layer.groups)


def _matrices(layer: Any, weight: Tensor) -> Tensor:
    """A weight as float64 (groups, outputs per group, inputs per group * taps)."""
    groups = _groups(layer)
    return weight.detach().double().reshape(groups, weight.shape[0] // groups, -1)


def _columns(layer: Any, bias: Tensor) -> Tensor:
    """A bias as float64 (groups, outputs per group, 1)."""
    return bias.detach().double().reshape(_groups(layer), -1, 1)


def _kernel(layer: Any, matrices: Tensor) -> Tensor:
    """The inverse of `_matrices`, in the layer's shape."""
    return matrices.reshape(layer.weight.shape)
