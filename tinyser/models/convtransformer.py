"""ConvTransformer: three strided convolutions over the log-mel image, pre-norm Transformer blocks, attention pooling.

The paper (arXiv 2411.09339) names a ConvTransformer without fixing it here: every detail is this project's
choice, made for recordings of few speakers (BatchNorm, attention pooling) and so that int8 conversion gives few
and well-scaled operators (ReLU, separate q, k, v, no mask, no transpose after the convolutions, no norm left).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from tinyser.models.attention import AttentionPooling, FeedForward, SelfAttention
from tinyser.models.config import check_entries, check_heads, read_config
from tinyser.models.front_end import CONVOLUTIONS, ConvFrontEnd

_NAME = "convtransformer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTransformerConfig:
    """Sizes. Raises ModelFormatError, naming the entry, what it holds and what is allowed."""

    context_frames: int
    features: int
    classes: int
    channels1: int = 16
    channels2: int = 32
    channels3: int = 64
    width: int = 64
    heads: int = 4
    blocks: int = 3
    ffn_width: int = 192
    dropout: float = 0.15
    edge_dropout: float = 0.2

    def __post_init__(self) -> None:
        check_entries(_NAME, self)
        check_heads(_NAME, self.heads, self.width)


# Sizes of the named variants; about 50, 150 and 400 thousand parameters.
PRESETS: dict[str, dict[str, Any]] = {
    "small": {"channels2": 24, "channels3": 48, "width": 48, "heads": 3, "blocks": 2, "ffn_width": 96},
    "default": {},
    "large": {"width": 96, "heads": 6, "blocks": 4, "ffn_width": 256},
}


class ConvTransformer(ConvFrontEnd):
    """(batch, context_frames, features) normalised features -> (batch, classes) logits."""

    # Which layers HRF may factor, by the names users give on the command line. The paper puts HRF before
    # the FFN, merged "with the following FFN layer": that is fc1. `ffn-out` adds the FFN's second layer.
    HRF_GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "ffn": ("blocks.*.ffn.fc1",),
        "ffn-out": ("blocks.*.ffn.fc2",),
        "attention": ("blocks.*.attention.*",),
        "conv": CONVOLUTIONS,
    }
    NORM_READERS: ClassVar[Mapping[str, tuple[str, ...]]] = {"norm": ("pool.score", "head")}

    def __init__(self, config: ConvTransformerConfig) -> None:
        super().__init__(
            context_frames=config.context_frames,
            features=config.features,
            channels=(config.channels1, config.channels2, config.channels3),
            width=config.width,
            dropout=config.dropout,
            edge_dropout=config.edge_dropout,
        )
        self.blocks = nn.ModuleList(Block(config, self.frames) for _ in range(config.blocks))
        self.norm = nn.BatchNorm1d(config.width)
        self.pool = AttentionPooling(config.width, self.frames)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, features: Tensor) -> Tensor:
        """Logits; export appends the softmax."""
        x = self.embed(features)
        for block in self.blocks:
            x = block(x)
        return self.head(self.edge_dropout(self.pool(self.norm(x))))


class Block(nn.Module):
    """Pre-norm encoder block, (batch * frames, width) in and out."""

    NORM_READERS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "norm1": ("attention.q", "attention.k", "attention.v"),
        "norm2": ("ffn.fc1",),
    }

    def __init__(self, config: ConvTransformerConfig, frames: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm1d(config.width)
        self.attention = SelfAttention(config.width, config.heads, frames)
        self.norm2 = nn.BatchNorm1d(config.width)
        self.ffn = FeedForward(config.width, config.ffn_width, dropout=config.dropout)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.ffn(self.norm2(x)))


def build(config: Mapping[str, Any]) -> ConvTransformer:
    """The model from a checkpoint's `config`. Raises ModelFormatError for entries it cannot be built from."""
    return ConvTransformer(read_config(ConvTransformerConfig, _NAME, config))
