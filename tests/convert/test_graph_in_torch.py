"""The graph in PyTorch against TFLite's reference kernels."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.ops.agreement import truth
from tinyser.convert.graph_in_torch import Grid, TorchGraph, unknown_operators
from tinyser.convert.linear_layers import find_pairs, store
from tinyser.convert.operators_in_torch import OPERATORS
from tinyser.convert.tflite_file import dequantized, load, read_tflite_file
from tinyser.runtimes.integer_model import tflite_reference

ZOO = sorted(Path(__file__).parents[2].glob("examples/emodb-*/model.tflite"))


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_an_operator_gives_what_tflm_gives(operator: str, tmp_path: Path) -> None:
    case = import_module(f"tests.ops.test_{operator.lower()}").fixed_case()
    first, *others = case.rows[0]
    (tmp_path / "case.tflite").write_bytes(case.model)
    model = load(tmp_path / "case.tflite")
    graph = model.subgraphs[0]
    for tensor, values in zip(graph.inputs[1:], others, strict=True):
        store(model, int(tensor), values)
    given, made = (graph.tensors[int(side[0])].quantization for side in (graph.inputs, graph.outputs))
    real = torch.tensor(dequantized(first, given), dtype=torch.float32)
    found = TorchGraph(model)(real.unsqueeze(0))[0].numpy()
    steps = (found - dequantized(truth(case)[0][0], made).ravel()) / made.scale[0]
    # A step where a value lies half way between two.
    assert np.abs(steps).max() < 1.5 and np.mean(np.abs(steps) > 0.5) < 0.3, steps


@pytest.mark.parametrize("path", ZOO, ids=[path.parent.name for path in ZOO])
def test_a_model_gives_what_tflite_gives_to_a_few_steps(path: Path) -> None:
    model = read_tflite_file(path)
    windows = np.random.default_rng(0).normal(size=(4, *model.input.shape[1:])).astype(np.float32)
    with torch.no_grad():
        found = TorchGraph(load(path))(torch.from_numpy(windows)).numpy()
    steps = np.abs(found - tflite_reference(model).run(windows).posteriors) / model.output.scale
    assert steps.max() < 16 and steps.mean() < 2


def test_gradients_reach_all_that_is_trained_and_stop_where_a_value_is_cut_off() -> None:
    model = load(ZOO[0])
    layers = [layer for layer, _ in find_pairs(model, model)]
    graph = TorchGraph(model, layers)
    graph(torch.randn(4, 300, 40, generator=torch.Generator().manual_seed(0)))[:, 0].sum().backward()
    assert len(layers) > 20
    for parameter in (*graph.weights.values(), *graph.biases.values()):
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all()
    values = torch.tensor([-3.0, 0.26, 3.0], requires_grad=True)
    rounded = Grid(0.01, 0).round(values)
    rounded.sum().backward()
    torch.testing.assert_close(rounded.detach(), torch.tensor([-1.28, 0.26, 1.27]))
    assert values.grad is not None and values.grad.tolist() == [0, 1, 0]


def test_names_what_it_cannot_run(tmp_path: Path) -> None:
    case = import_module("tests.ops.test_arg_max").fixed_case()
    (tmp_path / "case.tflite").write_bytes(case.model)
    assert unknown_operators(load(tmp_path / "case.tflite")) == {"ARG_MAX"}
