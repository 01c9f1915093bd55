"""Whole networks, looked into: every tensor that an operator makes has TFLM's bytes, not only the last one.

A tensor can be looked at when it is an output. With all of them as outputs every operator runs on its own; with some
of them in turn the rest disappears into row regions, tables and views, which then begin and end at other places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.convert.public_networks import NETWORKS, convert
from tests.generated import run_direct
from tests.reference_runtimes import run_tflm
from tests.test_bench_models import MODELS
from tests.tflite_builder import edited

ROWS = 2
TURNS = 4


@pytest.fixture(scope="module", autouse=True)
def compiler_and_reference_runtime(require_tool: Callable[..., None], require_module: Callable[..., None]) -> None:
    require_tool("gcc")
    require_module("tflite_micro")


def made_tensors(model: bytes) -> dict[int, str]:
    """Index -> name of every tensor that an operator makes, in the order of the operators."""
    subgraph = schema.ModelT.InitFromPackedBuf(bytearray(model), 0).subgraphs[0]
    return {int(i): subgraph.tensors[i].name.decode() for op in subgraph.operators for i in op.outputs}


def with_outputs(model: bytes, outputs: Sequence[int]) -> bytes:
    """The same network with other outputs."""

    def change(parsed: schema.ModelT) -> None:
        parsed.subgraphs[0].outputs = list(outputs)
        parsed.signatureDefs = None

    return edited(model, change)


def wrong_tensors(model: bytes, rows: Sequence[Sequence[np.ndarray]]) -> list[str]:
    """Names of the tensors that differ from TFLM's, looked at all at once and in turns."""
    names = made_tensors(model)
    everything = list(names)
    truth = run_tflm(with_outputs(model, everything), rows)
    expected = [dict(zip(everything, row, strict=True)) for row in truth]
    wrong = []
    for outputs in (everything, *(everything[turn::TURNS] for turn in range(min(TURNS, len(everything))))):
        for row, got in zip(expected, run_direct(with_outputs(model, outputs), rows), strict=True):
            pairs = zip(outputs, got, strict=True)
            wrong += [names[i] for i, tensor in pairs if not np.array_equal(tensor.ravel(), row[i].ravel())]
    return wrong


@pytest.mark.parametrize("name", MODELS)
def test_models_of_bench(name: str, bench_dir: Path) -> None:
    inputs = np.load(bench_dir / f"{name}.input.npy")[:ROWS]
    assert wrong_tensors((bench_dir / f"{name}.tflite").read_bytes(), [[row[np.newaxis]] for row in inputs]) == []


@pytest.mark.parametrize(
    ("name", "activations"),
    [*((name, "int8") for name in NETWORKS), ("keyword_spotting", "int16"), ("denoiser", "int16")],
)
def test_public_networks(name: str, activations: str, require_module: Callable[..., None]) -> None:
    require_module("tensorflow")
    model = convert(name, activations=activations)
    (index,) = schema.ModelT.InitFromPackedBuf(bytearray(model), 0).subgraphs[0].inputs
    shape = schema.Model.GetRootAs(model).Subgraphs(0).Tensors(index).ShapeAsNumpy()
    limits = np.iinfo(activations)
    random = np.random.default_rng(5)
    rows = [[random.integers(limits.min, limits.max, shape, activations, endpoint=True)] for _ in range(ROWS)]
    assert wrong_tensors(model, rows) == []


def test_a_wrong_inner_tensor_is_seen(bench_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of the first tensor: named when all are looked at, and in every turn."""
    from tests import test_inner_tensors as this

    def one_off(model: bytes, rows: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
        outputs = run_tflm(model, rows)
        outputs[0][0].flat[0] ^= 1
        return outputs

    monkeypatch.setattr(this, "run_direct", one_off)
    inputs = np.load(bench_dir / "micro_speech.input.npy")[:1]
    model = (bench_dir / "micro_speech.tflite").read_bytes()
    names = list(made_tensors(model).values())
    assert wrong_tensors(model, [[inputs[0][np.newaxis]]]) == [names[0], *names[:TURNS]]
