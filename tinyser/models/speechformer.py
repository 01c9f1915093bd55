"""SpeechFormer: four stages that follow the structure of speech: frame, phoneme, word, utterance.

Source: Chen et al., "SpeechFormer: A Hierarchical Efficient Framework Incorporating the Characteristics of
Speech", Interspeech 2022 (arXiv 2203.03812). Its own: the stages and their layers (2, 2, 4, 4), attention
within windows of 50, 400 and 2000 ms and then over everything, merging of 50, 250 and 1000 ms, post-norm
layers with an FFN of half the width, sinusoidal positions on the attention branch of the first stage, the
head of three layers.

Here the windows do not overlap. The original slides one of 5, 9 and 9 frames and gives each frame its own
keys, which needs a gather and 9 times the products; a reshape needs neither. Each stage is cut into equal
windows, as long as the original's allow: 5, 8 and 8 for 200 frames, 5, 6 and 6 for 300. Frames at a window's
edge thus see one side only, as in the first layer of a Swin Transformer; what lies beyond meets in the next
stage. No frame is padded, so the weight that the original gives to zeros is gone too. Also this project's
choice: a linear layer from mel bins to the width, separate q, k and v, smaller sizes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tinyser.models.attention import FeedForward, SelfAttention
from tinyser.models.config import check_entries, check_heads, config_error, read_config

_NAME = "speechformer"

# At a hop of 10 ms: the longest windows of the first three stages, and how many frames each merge joins.
WINDOWS = (5, 9, 9)
MERGES = (5, 5, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechFormerConfig:
    """Sizes. Raises ModelFormatError, naming the entry, what it holds and what is allowed."""

    context_frames: int
    features: int
    classes: int
    width: int = 48
    heads: int = 4
    ffn_width: int = 24
    frame_layers: int = 2
    phoneme_layers: int = 2
    word_layers: int = 4
    utterance_layers: int = 4
    dropout: float = 0.1

    def __post_init__(self) -> None:
        check_entries(_NAME, self)
        check_heads(_NAME, self.heads, self.width)
        joined = math.prod(MERGES)
        if self.context_frames % joined:
            allowed = f"a multiple of {joined}, which the merges {' x '.join(map(str, MERGES))} join to one"
            raise config_error(_NAME, "context_frames", self.context_frames, allowed)
        if self.width < 4:
            raise config_error(_NAME, "width", self.width, "4 or more, since the head halves it twice")


# Sizes of the named variants; about 50, 150 and 400 thousand parameters.
PRESETS: dict[str, dict[str, Any]] = {
    "small": {"width": 32, "ffn_width": 16, "word_layers": 2, "utterance_layers": 2},
    "default": {},
    "large": {"width": 80, "ffn_width": 40},
}


class SpeechFormer(nn.Module):
    """(batch, context_frames, features) normalised features -> (batch, classes) logits."""

    # It has no convolutions: `conv` stands for what shortens the sequence, as convolutions do elsewhere.
    HRF_GROUPS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "ffn": ("*.layers.*.ffn.fc1",),
        "ffn-out": ("*.layers.*.ffn.fc2",),
        "attention": ("*.layers.*.attention.*",),
        "conv": ("to_*.linear",),
    }

    def __init__(self, config: SpeechFormerConfig) -> None:
        super().__init__()
        width, frames = config.width, config.context_frames
        phonemes = frames // MERGES[0]
        words = phonemes // MERGES[1]
        utterances = words // MERGES[2]
        self.rows_shape, self.ends_shape = (-1, config.features), (-1, utterances, width)
        self.project = nn.Linear(config.features, width)
        self.dropout = nn.Dropout(config.dropout)
        self.frame = Stage(config, config.frame_layers, frames, WINDOWS[0], sinusoids(frames, width))
        self.to_phonemes = MergeBlock(width, MERGES[0])
        self.phoneme = Stage(config, config.phoneme_layers, phonemes, WINDOWS[1])
        self.to_words = MergeBlock(width, MERGES[1])
        self.word = Stage(config, config.word_layers, words, WINDOWS[2])
        self.to_utterance = MergeBlock(width, MERGES[2])
        self.utterance = Stage(config, config.utterance_layers, utterances, utterances)
        self.fc1 = nn.Linear(width, width // 2)
        self.fc2 = nn.Linear(width // 2, width // 4)
        self.head = nn.Linear(width // 4, config.classes)

    def forward(self, features: Tensor) -> Tensor:
        """Logits; export appends the softmax."""
        x = self.frame(self.project(features.reshape(self.rows_shape)))
        x = self.phoneme(self.to_phonemes(x))
        x = self.word(self.to_words(x))
        x = self.utterance(self.to_utterance(x)).reshape(self.ends_shape).mean(dim=1)
        x = self.dropout(torch.relu(self.fc1(x)))
        x = self.dropout(torch.relu(self.fc2(x)))
        return self.head(x)


class Stage(nn.Module):
    """LayerNorm, then encoder layers with attention within windows, (batch * frames, width) in and out."""

    positions: Tensor | None

    def __init__(
        self, config: SpeechFormerConfig, layers: int, frames: int, window: int, positions: Tensor | None = None
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        window = longest_window(frames, window)
        self.layers = nn.ModuleList(Layer(config, frames, window) for _ in range(layers))
        self.register_buffer("positions", positions, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, self.positions)
        return x


class Layer(nn.Module):
    """Post-norm encoder layer, (batch * frames, width) in and out; positions do not enter the residual."""

    def __init__(self, config: SpeechFormerConfig, frames: int, window: int) -> None:
        super().__init__()
        self.split_shape, self.joined_shape = (-1, frames, config.width), (-1, config.width)
        self.attention = SelfAttention(config.width, config.heads, frames, window)
        self.norm1 = nn.LayerNorm(config.width)
        self.ffn = FeedForward(config.width, config.ffn_width)
        self.norm2 = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, positions: Tensor | None) -> Tensor:
        placed = x if positions is None else (x.reshape(self.split_shape) + positions).reshape(self.joined_shape)
        x = self.norm1(x + self.dropout(self.attention(placed)))
        return self.norm2(x + self.dropout(self.ffn(x)))


class MergeBlock(nn.Module):
    """Mean, linear layer, LayerNorm: (batch * frames * joined, width) -> (batch * frames, width)."""

    def __init__(self, width: int, joined: int) -> None:
        super().__init__()
        self.grouped_shape = (-1, joined, width)
        self.linear = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.linear(x.reshape(self.grouped_shape).mean(dim=1)))


def longest_window(frames: int, allowed: int) -> int:
    """The largest divisor of `frames` that is at most `allowed`: windows of one size, without a rest."""
    return max(size for size in range(1, min(frames, allowed) + 1) if frames % size == 0)


def sinusoids(frames: int, width: int) -> Tensor:
    """Sinusoidal positions, (1, frames, width): sine in even columns, cosine in odd ones."""
    column = torch.arange(width)
    angles = torch.arange(frames).unsqueeze(1) / 10000 ** (2 * (column // 2) / width)
    return torch.where(column % 2 == 0, angles.sin(), angles.cos()).unsqueeze(0)


def build(config: Mapping[str, Any]) -> SpeechFormer:
    """The model from a checkpoint's `config`. Raises ModelFormatError for entries it cannot be built from."""
    return SpeechFormer(read_config(SpeechFormerConfig, _NAME, config))
