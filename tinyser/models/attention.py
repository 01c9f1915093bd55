"""Self-attention, feed-forward network and pooling, formed so that int8 conversion gives few, well-scaled operators."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Multi-head self-attention in plain matrix products, (batch * frames, width) in and out.

    With a `window`, a divisor of the frames, frames attend only to those of their own window; the windows do not
    overlap, so that cutting into them is a reshape. q, k and v are separate layers, each with its own int8 scale.
    All frames are rows of one matrix: converters then see linear layers with a bias, and keep q, k and v apart;
    products of three axes they join, and put additions and slices behind them.
    """

    def __init__(self, width: int, heads: int, frames: int, window: int | None = None) -> None:
        super().__init__()
        # Sizes as plain numbers: shapes taken from tensors would put shape arithmetic into the exported
        # graph.
        self.split_shape = (-1, window or frames, heads, width // heads)
        self.joined_shape = (-1, width)
        self.scale = (width // heads) ** -0.5
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.v = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        # The scale sits right behind the linear layer, where converters fold it into the weights.
        q, k, v = self._split(self.q(x) * self.scale), self._split(self.k(x)), self._split(self.v(x))
        attention = torch.softmax(torch.matmul(q, k.transpose(2, 3)), dim=-1)
        mixed = torch.matmul(attention, v).transpose(1, 2).reshape(self.joined_shape)
        return self.out(mixed)

    def _split(self, x: Tensor) -> Tensor:
        """(batch * frames, width) -> (batch * windows, heads, window, width / heads)."""
        return x.reshape(self.split_shape).transpose(1, 2)


class FeedForward(nn.Module):
    """`fc2(activation(fc1 x))`, (..., width) in and out."""

    def __init__(
        self,
        width: int,
        ffn_width: int,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, ffn_width)
        self.fc2 = nn.Linear(ffn_width, width)
        self.activation = activation
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.dropout(self.activation(self.fc1(x))))


class AttentionPooling(nn.Module):
    """Mean over frames with weights that sum to 1, the softmax of a learned linear score.

    (batch * frames, width) -> (batch, width).
    """

    def __init__(self, width: int, frames: int) -> None:
        super().__init__()
        self.frames, self.width = frames, width
        # Softmax does not see a bias.
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.score(x).reshape(-1, 1, self.frames), dim=-1)
        return torch.matmul(weights, x.reshape(-1, self.frames, self.width)).reshape(-1, self.width)
