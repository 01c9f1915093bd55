"""Conformer: the convolution module against PyTorch's own layers, its size, and a bad kernel."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from codegen.errors import ModelFormatError
from tests.converted import settle
from tinyser.models.conformer import ConformerConfig, ConvolutionModule
from tinyser.models.size import int8_bytes


def test_convolution_module_is_the_papers() -> None:
    """Pointwise to twice the width, GLU, depthwise, BatchNorm, SiLU, pointwise, all on (batch, width, frames)."""
    torch.manual_seed(0)
    module, x = ConvolutionModule(6, 5, frames=9), torch.randn(2, 9, 6)
    settle(module, x.flatten(0, 1))
    doubled = nn.Conv1d(6, 12, 1)
    doubled.weight.data = torch.cat([module.value.weight, module.gate.weight]).unsqueeze(2)
    doubled.bias.data = torch.cat([module.value.bias, module.gate.bias])
    y = functional.glu(doubled(x.transpose(1, 2)), dim=1)
    y = functional.silu(module.batch_norm(module.depthwise(y)))
    expected = functional.conv1d(y, module.pointwise.weight.unsqueeze(2), module.pointwise.bias)
    torch.testing.assert_close(module(x.flatten(0, 1)), expected.transpose(1, 2).flatten(0, 1), atol=1e-6, rtol=1e-5)


def test_size_counts_the_folded_bias() -> None:
    module = ConvolutionModule(8, 3, frames=9)
    linears = 3 * (8 * 8 + 4 * 8)
    assert int8_bytes(module) == linears + 8 * 3 + 4 * 8


def test_even_kernel() -> None:
    with pytest.raises(ModelFormatError, match="conformer: kernel: got 4, allowed is an odd number"):
        ConformerConfig(context_frames=32, features=16, classes=3, kernel=4)
