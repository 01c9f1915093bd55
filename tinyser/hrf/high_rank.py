"""The factorised layer `y = W2 (W1 x + b1) + b2` and its merge into `W = W2 W1`, `b = W2 b1 + b2`.

Source: Zhang et al., "Re-Parameterization of Lightweight Transformer for On-Device Speech Emotion
Recognition", arXiv 2411.09339. The paper factors the linear layers of a Transformer; convolutions (k x k,
then 1 x 1), the inner width `ratio * out_features` for them, a third factor of that width on both sides,
`W = W3 W2 W1`, and the initialisation are this project's choices.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# Exactly these: a subclass may use its weights in another way than its forward, as nn.MultiheadAttention
# does.
FACTORABLE = (nn.Linear, nn.Conv1d, nn.Conv2d)


class HighRank(nn.Module):
    """Two or three linear layers of one kind with nothing in between; `outer(middle(inner(x)))`.

    For convolutions the k x k kernel is the inner layer: it alone pads, and it pads its input before its
    bias is added, so the merge is exact at the borders too.
    """

    middle: nn.Module | None

    def __init__(self, inner: nn.Module, outer: nn.Module, middle: nn.Module | None = None) -> None:
        super().__init__()
        self.inner = inner
        self.middle = middle
        self.outer = outer

    def forward(self, x: Tensor) -> Tensor:
        """Whatever shape the factored layer takes and gives.

        Evaluation goes through the factors, one after the other: that the merged layer equals them is proven
        by comparison (`prove_equal`). Training multiplies the factors first, which is the same function with the
        same gradients at about the cost of the layer that was factored.
        """
        if self.training:
            return _apply(self.inner, x, *self._product(self.inner.weight.dtype))
        x = self.inner(x)
        return self.outer(x if self.middle is None else self.middle(x))

    @property
    def weight(self) -> Tensor:
        """The merged weight, for modules that read a layer's weight, as nn.TransformerEncoderLayer does."""
        return self._product(torch.float64)[0].to(self.inner.weight.dtype)

    @property
    def bias(self) -> Tensor | None:
        """The merged bias; there is one when any factor has one: W2 b1 counts even where b2 does not exist."""
        bias = self._product(torch.float64)[1]
        return None if bias is None else bias.to(self.inner.weight.dtype)

    @classmethod
    def factor(cls, layer: nn.Module, ratio: int, factors: int = 2) -> HighRank:
        """Factors a layer so that the function it computes does not change at all.

        All factors are drawn as PyTorch draws them; then the least change (in the Frobenius norm) is made
        to W1 for which W2 W1, or W3 W2 W1, equals the layer's weight. So training with HRF starts where
        training without it starts, whatever the ratio, and a comparison of the two tells of the factors
        alone. Two layers as drawn would start with 0.58 of the weight's scale. The inner width is at least
        `out_features`, so a solution always exists.
        """
        factored = cls(*_blank_factors(layer, ratio, factors))
        inner, outer = factored.inner, factored.outer
        with torch.no_grad():
            weight, w1 = _matrices(layer, layer.weight.double()), _matrices(inner, inner.weight.double())
            rest, offset = factored._after_inner(torch.float64)
            w1 = w1 + torch.linalg.pinv(rest) @ (weight - rest @ w1)
            inner.weight.copy_(w1.reshape(inner.weight.shape))
            if layer.bias is not None:
                shift = rest @ _columns(inner, inner.bias.double()) + offset - _columns(outer, outer.bias.double())
                outer.bias.copy_((_columns(layer, layer.bias.double()) - shift).flatten())
        return factored

    def merge(self) -> Any:
        """The one layer equal to this, computed in float64 and cast once."""
        with torch.no_grad():
            weight, bias = self.weight, self.bias
            merged = _like(self.inner, out=_out_size(self.outer), bias=bias is not None)
            merged.weight.copy_(weight)
            if bias is not None:
                merged.bias.copy_(bias)
        return merged.train(self.training)

    def _product(self, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Weight and bias of the one layer equal to this, computed in `dtype`."""
        inner = self.inner
        rest, offset = self._after_inner(dtype)
        weight = (rest @ _matrices(inner, inner.weight.to(dtype))).reshape(-1, *inner.weight.shape[1:])
        if inner.bias is not None:
            offset = offset + rest @ _columns(inner, inner.bias.to(dtype))
        elif all(part is None or part.bias is None for part in (self.middle, self.outer)):
            return weight, None
        return weight, offset.flatten()

    def _after_inner(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """What follows the inner layer, as `rest @ y + offset`: W2 and b2, or W3 W2 and W3 b2 + b3."""
        rest = _matrices(self.outer, self.outer.weight.to(dtype))
        offset = rest.new_zeros(rest.shape[0], rest.shape[1], 1)
        if self.outer.bias is not None:
            offset = offset + _columns(self.outer, self.outer.bias.to(dtype))
        if self.middle is None:
            return rest, offset
        if self.middle.bias is not None:
            offset = offset + rest @ _columns(self.middle, self.middle.bias.to(dtype))
        return rest @ _matrices(self.middle, self.middle.weight.to(dtype)), offset


def _apply(layer: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """What a layer of the kind of `layer` gives with another weight and bias."""
    if isinstance(layer, nn.Linear):
        return functional.linear(x, weight, bias)
    return layer._conv_forward(x, weight, bias)


def _blank_factors(layer: Any, ratio: int, factors: int) -> tuple[Any, Any, Any]:
    """Inner, outer and, of three factors, middle layer of the right sizes, as PyTorch initialises them."""
    out, bias = _out_size(layer), layer.bias is not None
    wide = ratio * out
    inner = _like(layer, out=wide, bias=bias)
    middle = _pointwise(layer, wide, wide) if factors == 3 else None
    return inner, _pointwise(layer, wide, out), middle


def _pointwise(layer: Any, inputs: int, outputs: int) -> Any:
    """A linear layer, or a convolution of kernel 1, that may follow a layer of the kind of `layer`."""
    bias = layer.bias is not None
    place = {"device": layer.weight.device, "dtype": layer.weight.dtype}
    if isinstance(layer, nn.Linear):
        return nn.Linear(inputs, outputs, bias=bias, **place)
    kind: Any = type(layer)
    return kind(inputs, outputs, kernel_size=1, groups=layer.groups, bias=bias, **place)


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
    """A weight as (groups, outputs per group, inputs per group * taps)."""
    groups = _groups(layer)
    return weight.reshape(groups, weight.shape[0] // groups, -1)


def _columns(layer: Any, bias: Tensor) -> Tensor:
    """A bias as (groups, outputs per group, 1)."""
    return bias.reshape(_groups(layer), -1, 1)
