"""ConvTransformer: two strided convolutions over the log-mel image, then a pre-norm Transformer encoder.

The paper (arXiv 2411.09339) names a ConvTransformer without fixing it here: every detail is this project's
choice, made so that int8 conversion gives few and well-scaled operators (ReLU, separate q, k, v, no mask,
no transpose after the convolutions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from codegen.errors import ModelFormatError


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTransformerConfig:
    """Sizes. Raises ModelFormatError, naming the entry, what it holds and what is allowed."""

    context_frames: int
    mel_bins: int
    classes: int
    channels1: int = 16
    channels2: int = 32
    width: int = 64
    heads: int = 4
    blocks: int = 3
    ffn_width: int = 128
    dropout: float = 0.15

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "dropout":
                good, allowed = isinstance(value, int | float) and 0 <= value < 1, "a number 0..1, below 1"
            else:
                low = 4 if field.name in ("context_frames", "mel_bins") else 1
                good, allowed = type(value) is int and low <= value <= 10000, f"a whole number {low}..10000"
            if not good:
                raise _error(field.name, value, allowed)
        if self.width % self.heads:
            raise _error("heads", self.heads, f"a divisor of width, {self.width}")


# Sizes of the named variants; with 40 mel bins and 4 classes about 135 and 50 thousand parameters.
PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "small": {
        "channels1": 8,
        "channels2": 16,
        "width": 48,
        "heads": 3,
        "blocks": 2,
        "ffn_width": 96,
        "dropout": 0.1,
    },
}


class ConvTransformer(nn.Module):
    """(batch, context_frames, mel_bins) normalised log-mel features -> (batch, classes) logits."""

    # Which layers HRF may factor, by the names users give on the command line. The paper puts HRF before
    # the FFN, merged "with the following FFN layer": that is fc1. `ffn-out` adds the FFN's second layer.
    HRF_GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "ffn": ("blocks.*.ffn.fc1",),
        "ffn-out": ("blocks.*.ffn.fc2",),
        "attention": ("blocks.*.attention.*",),
        "conv": ("conv1", "conv2"),
    }

    def __init__(self, config: ConvTransformerConfig) -> None:
        super().__init__()
        self.frames, mels = (_halved(_halved(size)) for size in (config.context_frames, config.mel_bins))
        self.conv1 = nn.Conv2d(1, config.channels1, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(config.channels1, config.channels2, 3, stride=2, padding=1)
        self.project = nn.Linear(config.channels2 * mels, config.width)
        self.positions = nn.Parameter(0.02 * torch.randn(1, self.frames, config.width))
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config, self.frames) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, features: Tensor) -> Tensor:
        """Logits; export appends the softmax."""
        x = torch.relu(self.conv1(features.unsqueeze(1)))
        x = torch.relu(self.conv2(x))
        # Channels last, as TFLite stores them: the flattening is then only a reshape on the device.
        x = x.permute(0, 2, 3, 1).reshape(-1, self.frames, self.project.in_features)
        x = self.dropout(self.project(x) + self.positions)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(dim=1))


class Block(nn.Module):
    """Pre-norm encoder block, (batch, frames, width) in and out."""

    def __init__(self, config: ConvTransformerConfig, frames: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.attention = SelfAttention(config.width, config.heads, frames)
        self.norm2 = nn.LayerNorm(config.width)
        self.ffn = FeedForward(config.width, config.ffn_width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.ffn(self.norm2(x)))


class SelfAttention(nn.Module):
    """Multi-head self-attention in plain matrix products, (batch, frames, width) in and out.

    q, k and v are separate layers: each gets its own int8 scale.
    """

    def __init__(self, width: int, heads: int, frames: int) -> None:
        super().__init__()
        # Sizes as plain numbers: shapes taken from tensors would put shape arithmetic into the exported
        # graph.
        self.split_shape = (-1, frames, heads, width // heads)
        self.joined_shape = (-1, frames, width)
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
        """(batch, frames, width) -> (batch, heads, frames, width / heads)."""
        return x.reshape(self.split_shape).transpose(1, 2)


class FeedForward(nn.Module):
    """`fc2(relu(fc1 x))`, (batch, frames, width) in and out."""

    def __init__(self, width: int, ffn_width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, ffn_width)
        self.fc2 = nn.Linear(ffn_width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(torch.relu(self.fc1(x)))


def build(config: Mapping[str, Any]) -> ConvTransformer:
    """The model from a checkpoint's `config`. Raises ModelFormatError for entries it cannot be built from."""
    names = [field.name for field in fields(ConvTransformerConfig)]
    for name in config:
        if name not in names:
            raise ModelFormatError(f"convtransformer: unknown setting {name!r}; allowed are {', '.join(names)}")
    for name in ("context_frames", "mel_bins", "classes"):
        if name not in config:
            raise _error(name, "nothing", "a whole number")
    return ConvTransformer(ConvTransformerConfig(**config))


def _halved(size: int) -> int:
    """Output size of a convolution with kernel 3, stride 2, padding 1."""
    return (size - 1) // 2 + 1


def _error(name: str, got: object, allowed: str) -> ModelFormatError:
    return ModelFormatError(f"convtransformer: {name}: got {got}, allowed is {allowed}; change it")
