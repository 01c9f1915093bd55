"""BatchNorm is for training alone: export folds it into the layers around it, and nothing of it is left in int8."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval


def fold_norms(model: nn.Module) -> nn.Module:
    """A copy of `model` in evaluation mode without the BatchNorms that its modules declare; it computes the same.

    A module declares its own ones by their names within it: `NORM_WRITERS`, norm -> the convolution whose output
    it normalises, and `NORM_READERS`, norm -> all linear layers that read what it gives. A reader may see the
    frames one by one or a mean of them whose weights sum to 1; a convolution that pads must not be one, for the
    zeros around its input are not normalised. The folding is exact: in float64, rounded once.
    """
    folded = copy.deepcopy(model).eval()
    for module in folded.modules():
        writers: Mapping[str, str] = getattr(module, "NORM_WRITERS", {})
        readers: Mapping[str, tuple[str, ...]] = getattr(module, "NORM_READERS", {})
        for name, writer in writers.items():
            convolution = module.get_submodule(writer)
            dtype = convolution.weight.dtype
            fused = fuse_conv_bn_eval(convolution.double(), module.get_submodule(name).double())
            _replace(module, writer, fused.to(dtype))
            _replace(module, name, nn.Identity())
        for name, layers in readers.items():
            norm = module.get_submodule(name)
            for layer in layers:
                _replace(module, layer, _behind(norm, module.get_submodule(layer)))
            _replace(module, name, nn.Identity())
    return folded


def _behind(norm: Any, linear: Any) -> nn.Linear:
    """The linear layer that gives for `x` what `linear` gives for `norm(x)`."""
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    shift = norm.bias.double() - norm.running_mean.double() * scale
    weight = linear.weight.double()
    offset = weight @ shift
    folded = nn.Linear(linear.in_features, linear.out_features, device=weight.device, dtype=linear.weight.dtype)
    with torch.no_grad():
        folded.weight.copy_(weight * scale)
        folded.bias.copy_(offset if linear.bias is None else offset + linear.bias.double())
    return folded


def _replace(module: nn.Module, name: str, new: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(module.get_submodule(parent), last, new)
