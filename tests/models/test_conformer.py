"""Conformer: the convolution module against PyTorch's own layers, and the folding of its BatchNorm."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

from codegen.errors import ModelFormatError
from tests.converted import settle
from tinyser.models.conformer import Conformer, ConformerConfig, ConvolutionModule
from tinyser.models.size import int8_bytes


def small_conformer(blocks: int = 1) -> Conformer:
    torch.manual_seed(0)
    config = ConformerConfig(context_frames=32, mel_bins=16, classes=3, width=16, heads=2, blocks=blocks, ffn_width=24)
    model = Conformer(config).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            settle(module)
    return model


def test_convolution_module_is_the_papers() -> None:
    """Pointwise to twice the width, GLU, depthwise, BatchNorm, SiLU, pointwise, all on (batch, width, frames)."""
    torch.manual_seed(0)
    module, x = ConvolutionModule(6, 5).eval(), torch.randn(2, 9, 6)
    settle(module.batch_norm)
    doubled = nn.Conv1d(6, 12, 1)
    doubled.weight.data = torch.cat([module.value.weight, module.gate.weight]).unsqueeze(2)
    doubled.bias.data = torch.cat([module.value.bias, module.gate.bias])
    y = functional.glu(doubled(x.transpose(1, 2)), dim=1)
    y = functional.silu(module.batch_norm(module.depthwise(y)))
    expected = functional.conv1d(y, module.pointwise.weight.unsqueeze(2), module.pointwise.bias)
    torch.testing.assert_close(module(x), expected.transpose(1, 2), atol=1e-6, rtol=1e-5)


def exported(model: Conformer, path: Path) -> onnx.ModelProto:
    torch.onnx.export(model, (torch.zeros(1, 32, 16),), str(path), opset_version=17, dynamo=False, verbose=False)
    return onnx.load(str(path))


@pytest.mark.filterwarnings("ignore")
def test_batch_norm_is_folded_in_export(tmp_path: Path) -> None:
    model = small_conformer()
    graph = exported(model, tmp_path / "m.onnx").graph
    assert not [node for node in graph.node if node.op_type == "BatchNormalization"]
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    depthwise = next(node for node in graph.node if node.op_type == "Conv" and constants[node.input[1]].ndim == 3)
    norm = model.blocks[0].convolution.batch_norm.double()
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
    weight = model.blocks[0].convolution.depthwise.weight.detach().double() * scale[:, None, None]
    bias = (norm.bias - norm.running_mean * scale).detach()
    np.testing.assert_allclose(constants[depthwise.input[1]], weight, rtol=1e-6)
    np.testing.assert_allclose(constants[depthwise.input[2]], bias, rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore")
def test_folded_model_answers_the_same(tmp_path: Path) -> None:
    model = small_conformer(blocks=2)
    exported(model, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    x = torch.randn(1, 32, 16)
    (answer,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    np.testing.assert_allclose(answer, model(x).detach(), atol=1e-5)
    other = copy.deepcopy(model)
    other.blocks[1].convolution.batch_norm.running_mean += 0.1
    assert np.abs(answer - other(x).detach().numpy()).max() > 1e-4, "the statistics must matter"


def test_size_counts_the_folded_bias() -> None:
    module = ConvolutionModule(8, 3)
    linears = 3 * (8 * 8 + 4 * 8)
    assert int8_bytes(module) == linears + 8 * 3 + 4 * 8


def test_even_kernel() -> None:
    with pytest.raises(ModelFormatError, match="conformer: kernel: got 4, allowed is an odd number"):
        ConformerConfig(context_frames=32, mel_bins=16, classes=3, kernel=4)
