"""Conformer: encoder blocks of two half-step FFNs around self-attention and a convolution module.

Source: Gulati et al., "Conformer: Convolution-augmented Transformer for Speech Recognition", 2020 (arXiv
2005.08100): the block, its order, SiLU, GLU, BatchNorm, and the front end of two strided convolutions. This
project's choices, for size and for int8: learned absolute positions instead of relative ones, which would
need a gather or a shifted reshape per head; the GLU's two halves as two linear layers, each with its own
int8 scale and without a split; the front end's second convolution depthwise separable; attention pooling; a
kernel of 15 (600 ms, at a quarter of the frames) instead of 32; FFNs of three times the width instead of four.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from tinyser.models.attention import AttentionPooling, FeedForward, SelfAttention
from tinyser.models.config import check_entries, check_heads, config_error, read_config
from tinyser.models.front_end import CONVOLUTIONS, ConvFrontEnd

_NAME = "conformer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformerConfig:
    """Sizes. Raises ModelFormatError, naming the entry, what it holds and what is allowed."""

    context_frames: int
    features: int
    classes: int
    channels1: int = 16
    channels2: int = 32
    width: int = 48
    heads: int = 4
    blocks: int = 3
    ffn_width: int = 144
    kernel: int = 15
    dropout: float = 0.15
    edge_dropout: float = 0.2

    def __post_init__(self) -> None:
        check_entries(_NAME, self)
        check_heads(_NAME, self.heads, self.width)
        if self.kernel % 2 == 0:
            raise config_error(_NAME, "kernel", self.kernel, "an odd number, so that frames stay in place")


# Sizes of the named variants; about 50, 150 and 400 thousand parameters.
PRESETS: dict[str, dict[str, Any]] = {
    "small": {"channels1": 8, "channels2": 16, "width": 32, "blocks": 2, "ffn_width": 96, "dropout": 0.1},
    "default": {},
    "large": {"width": 80, "ffn_width": 240},
}


class Conformer(ConvFrontEnd):
    """(batch, context_frames, features) normalised features -> (batch, classes) logits."""

    # `conv` holds all convolutions, pointwise ones included: those of the front end and of the modules.
    HRF_GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "ffn": ("blocks.*.ffn1.fc1", "blocks.*.ffn2.fc1"),
        "ffn-out": ("blocks.*.ffn1.fc2", "blocks.*.ffn2.fc2"),
        "attention": ("blocks.*.attention.*",),
        "conv": (*CONVOLUTIONS, "blocks.*.convolution.*"),
    }

    def __init__(self, config: ConformerConfig) -> None:
        super().__init__(
            context_frames=config.context_frames,
            features=config.features,
            channels=(config.channels1, config.channels2),
            width=config.width,
            dropout=config.dropout,
            edge_dropout=config.edge_dropout,
        )
        self.blocks = nn.ModuleList(Block(config, self.frames) for _ in range(config.blocks))
        self.pool = AttentionPooling(config.width, self.frames)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, features: Tensor) -> Tensor:
        """Logits; export appends the softmax."""
        x = self.embed(features)
        for block in self.blocks:
            x = block(x)
        return self.head(self.edge_dropout(self.pool(x)))


class Block(nn.Module):
    """Half-step FFN, attention, convolution, half-step FFN, each pre-norm with a residual, then LayerNorm.

    (batch * frames, width) in and out.
    """

    def __init__(self, config: ConformerConfig, frames: int) -> None:
        super().__init__()
        width = config.width
        self.norm1 = nn.LayerNorm(width)
        self.ffn1 = FeedForward(width, config.ffn_width, functional.silu)
        self.norm2 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, config.heads, frames)
        self.norm3 = nn.LayerNorm(width)
        self.convolution = ConvolutionModule(width, config.kernel, frames)
        self.norm4 = nn.LayerNorm(width)
        self.ffn2 = FeedForward(width, config.ffn_width, functional.silu)
        self.norm5 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        # The half sits right behind a linear layer, where converters fold it into the weights.
        x = x + self.dropout(0.5 * self.ffn1(self.norm1(x)))
        x = x + self.dropout(self.attention(self.norm2(x)))
        x = x + self.dropout(self.convolution(self.norm3(x)))
        x = x + self.dropout(0.5 * self.ffn2(self.norm4(x)))
        return self.norm5(x)


class ConvolutionModule(nn.Module):
    """Pointwise with GLU, depthwise over frames, BatchNorm, SiLU, pointwise; (batch * frames, width) in and out.

    Pointwise convolutions are linear layers over the last axis: no transposes on the device. Export folds
    the BatchNorm, whose statistics are fixed by then, into the depthwise convolution.
    """

    NORM_WRITERS: ClassVar[Mapping[str, str]] = {"batch_norm": "depthwise"}

    def __init__(self, width: int, kernel: int, frames: int) -> None:
        super().__init__()
        self.split_shape, self.joined_shape = (-1, frames, width), (-1, width)
        self.value = nn.Linear(width, width)
        self.gate = nn.Linear(width, width)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width, bias=False)
        self.batch_norm = nn.BatchNorm1d(width)
        self.pointwise = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.value(x) * torch.sigmoid(self.gate(x))
        x = self.batch_norm(self.depthwise(x.reshape(self.split_shape).transpose(1, 2)))
        return self.pointwise(functional.silu(x).transpose(1, 2).reshape(self.joined_shape))


def build(config: Mapping[str, Any]) -> Conformer:
    """The model from a checkpoint's `config`. Raises ModelFormatError for entries it cannot be built from."""
    return Conformer(read_config(ConformerConfig, _NAME, config))
