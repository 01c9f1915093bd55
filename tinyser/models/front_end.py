"""The convolutional front end: an image of features to fewer frames, with learned positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

# The layers of a front end that HRF may factor: those that mix channels. A depthwise kernel has nine numbers a
# channel, and factoring it would widen the convolution with the largest image.
CONVOLUTIONS = ("stages.*.conv", "stages.*.pointwise")


class ConvFrontEnd(nn.Module):
    """Convolutions of stride 2, one a stage, a linear layer and learned absolute positions.

    Models derive from it, so that its layers are named without a prefix. The first stage is a plain convolution,
    the others, of which `channels` names as many as it has further entries, are depthwise separable.
    """

    def __init__(
        self,
        *,
        context_frames: int,
        features: int,
        channels: Sequence[int],
        width: int,
        dropout: float,
        edge_dropout: float,
    ) -> None:
        super().__init__()
        self.frames, columns = context_frames, features
        stages: list[nn.Module] = [Stage(channels[0])]
        stages += [SeparableStage(*pair) for pair in pairwise(channels)]
        for _ in stages:
            self.frames, columns = _halved(self.frames), _halved(columns)
        self.stages = nn.Sequential(*stages)
        self.edge_dropout = nn.Dropout(edge_dropout)
        self.project = nn.Linear(channels[-1] * columns, width)
        self.positions = nn.Parameter(0.02 * torch.randn(1, self.frames, width))
        self.dropout = nn.Dropout(dropout)

    def embed(self, features: Tensor) -> Tensor:
        """(batch, context_frames, features) -> (batch * frames, width)."""
        x = self.stages(features.unsqueeze(1))
        # Channels last, as TFLite stores them: the flattening is then only a reshape on the device.
        x = x.permute(0, 2, 3, 1).reshape(-1, self.project.in_features)
        x = self.project(self.edge_dropout(x)).reshape(-1, self.frames, self.project.out_features)
        return self.dropout(x + self.positions).reshape(-1, self.project.out_features)


class Stage(nn.Module):
    """3 x 3 convolution of stride 2, (batch, 1, frames, features) -> (batch, channels, frames / 2, features / 2)."""

    NORM_WRITERS: ClassVar[Mapping[str, str]] = {"norm": "conv"}

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(x)))


class SeparableStage(nn.Module):
    """Depthwise 3 x 3 convolution of stride 2, then a pointwise one.

    (batch, inputs, frames, features) -> (batch, outputs, frames / 2, features / 2).
    """

    NORM_WRITERS: ClassVar[Mapping[str, str]] = {"depthwise_norm": "depthwise", "norm": "pointwise"}

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride=2, padding=1, groups=inputs, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.depthwise_norm(self.depthwise(x))
        return torch.relu(self.norm(self.pointwise(x)))


def _halved(size: int) -> int:
    """Output size of a convolution with kernel 3, stride 2, padding 1."""
    return (size - 1) // 2 + 1
