"""The convolutional front end: log-mel image to a quarter of the frames, with learned positions."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvFrontEnd(nn.Module):
    """Two 3 x 3 convolutions of stride 2, a linear layer and learned absolute positions.

    Models derive from it, so that its layers are named without a prefix.
    """

    def __init__(
        self, *, context_frames: int, mel_bins: int, channels1: int, channels2: int, width: int, dropout: float
    ) -> None:
        super().__init__()
        self.frames, mels = (_halved(_halved(size)) for size in (context_frames, mel_bins))
        self.conv1 = nn.Conv2d(1, channels1, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(channels1, channels2, 3, stride=2, padding=1)
        self.project = nn.Linear(channels2 * mels, width)
        self.positions = nn.Parameter(0.02 * torch.randn(1, self.frames, width))
        self.dropout = nn.Dropout(dropout)

    def embed(self, features: Tensor) -> Tensor:
        """(batch, context_frames, mel_bins) -> (batch, frames, width)."""
        x = torch.relu(self.conv1(features.unsqueeze(1)))
        x = torch.relu(self.conv2(x))
        # Channels last, as TFLite stores them: the flattening is then only a reshape on the device.
        x = x.permute(0, 2, 3, 1).reshape(-1, self.frames, self.project.in_features)
        return self.dropout(self.project(x) + self.positions)


def _halved(size: int) -> int:
    """Output size of a convolution with kernel 3, stride 2, padding 1."""
    return (size - 1) // 2 + 1
