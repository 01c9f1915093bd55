"""ConvTransformer: two strided convolutions over the log-mel image, then a pre-norm Transformer encoder.

The paper (arXiv 2411.09339) names a ConvTransformer without fixing it here: every detail is this project's
choice, made so that int8 conversion gives few and well-scaled operators (ReLU, separate q, k, v, no mask,
no transpose after the convolutions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from tinyser.models.attention import FeedForward, SelfAttention
from tinyser.models.config import check_entries, check_heads, read_config
from tinyser.models.front_end import ConvFrontEnd

_NAME = "convtransformer"


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
        check_entries(_NAME, self)
        check_heads(_NAME, self.heads, self.width)


# Sizes of the named variants; about 50, 150 and 400 thousand parameters.
PRESETS: dict[str, dict[str, Any]] = {
    "small": {"channels1": 8, "channels2": 16, "width": 48, "heads": 3, "blocks": 2, "ffn_width": 96, "dropout": 0.1},
    "default": {},
    "large": {"width": 96, "blocks": 4, "ffn_width": 256},
}


class ConvTransformer(ConvFrontEnd):
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
        super().__init__(
            context_frames=config.context_frames,
            mel_bins=config.mel_bins,
            channels1=config.channels1,
            channels2=config.channels2,
            width=config.width,
            dropout=config.dropout,
        )
        self.blocks = nn.ModuleList(Block(config, self.frames) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, features: Tensor) -> Tensor:
        """Logits; export appends the softmax."""
        x = self.embed(features)
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


def build(config: Mapping[str, Any]) -> ConvTransformer:
    """The model from a checkpoint's `config`. Raises ModelFormatError for entries it cannot be built from."""
    return ConvTransformer(read_config(ConvTransformerConfig, _NAME, config))
