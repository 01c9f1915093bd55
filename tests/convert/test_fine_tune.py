"""Fine-tuning takes back what damage did to an int8 graph, one way with one seed, and refuses what it cannot do."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from codegen.errors import DataError, QuantizationError
from tests.converted import Converted
from tinyser.convert.fine_tune import fine_tune
from tinyser.convert.linear_layers import find_pairs, store
from tinyser.convert.quantize import quantize
from tinyser.convert.refit import refit
from tinyser.convert.tflite_file import constant_bytes, load, read_tflite_file, write_model
from tinyser.runtimes.integer_model import tflite_reference
from tinyser.runtimes.onnx_model import OnnxRuntime


@pytest.fixture
def damaged(model_files: Converted, tmp_path: Path) -> Path:
    """All weights six steps off, up or down."""
    model = load(model_files.tflite)
    random = np.random.default_rng(0)
    for layer, _ in find_pairs(model, model):
        tensor = model.subgraphs[0].tensors[layer.weights]
        weights = np.frombuffer(constant_bytes(model, tensor), np.int8).astype(int)
        moved = np.clip(weights + random.choice([-6, 6], weights.size), -127, 127).astype(np.int8)
        store(model, layer.weights, moved)
    write_model(model, tmp_path / "damaged.tflite")
    return tmp_path / "damaged.tflite"


def test_damage_is_made_good_with_the_same_seed_in_the_same_way(
    model_files: Converted, damaged: Path, tmp_path: Path
) -> None:
    windows = np.load(model_files.calibration)
    before = _error(model_files, damaged, windows)
    copies = [Path(shutil.copy(damaged, tmp_path / f"{name}.tflite")) for name in ("one", "two")]
    heard: list[str] = []
    for copy in copies:
        fine_tune(copy, model_files.float_tflite, windows, 40, 7, heard.append)
    assert _error(model_files, copies[0], windows) < 0.5 * before
    assert copies[0].read_bytes() == copies[1].read_bytes()
    assert heard[:40] == [f"fine-tuning, epoch {epoch} of 40" for epoch in range(1, 41)]


@pytest.mark.parametrize("helps", [True, False])
def test_it_is_kept_where_it_helps(model_files: Converted, tmp_path: Path, helps: bool) -> None:
    """A `tune` that gives the model of `quantize`, or one without weights; a wrong float graph spoils the fit."""
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    heard: list[int] = []

    def tune(int8: Path, _: Path, given: np.ndarray) -> None:
        heard.append(len(given))
        model = load(model_files.tflite)
        if not helps:
            for layer, _other in find_pairs(model, model):
                store(model, layer.weights, np.zeros(model.subgraphs[0].tensors[layer.weights].shape, np.int8))
        write_model(model, int8)

    other = load(model_files.float_tflite)
    head = find_pairs(other, other)[-1][0]
    bias = np.frombuffer(constant_bytes(other, other.subgraphs[0].tensors[head.bias]), np.float32)
    store(other, head.bias, bias + np.float32([0.2 if helps else 0, 0, 0]))
    write_model(other, tmp_path / "other.tflite")
    targets = tmp_path / "right.tflite", tmp_path / "right_float32.tflite"
    found = refit(model_files.tflite, tmp_path / "other.tflite", windows, floats, *targets, ways=("minmax",), tune=tune)
    assert found is not None and found.fine_tuned is not None and found.fine_tuning_kept is helps
    assert found.after == min(found.tried["minmax"], found.fine_tuned)
    # Judged by the windows held out, and then, where it helps, made again of all.
    judged = heard.pop(0)
    assert judged < len(windows) and heard == ([len(windows)] if helps else [])
    assert (targets[0].read_bytes() == _written_anew(model_files.tflite, tmp_path)) is helps


def test_refuses_too_few_windows_before_converting(model_files: Converted, tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", np.load(model_files.calibration)[:24])
    with pytest.raises(DataError, match=r"few\.npy: got 24 windows, --qat needs 25"):
        quantize(model_files.onnx, tmp_path / "few.npy", tmp_path / "model.tflite", qat_epochs=1)


def test_names_an_operator_that_it_cannot_train_through(tmp_path: Path) -> None:
    path = tmp_path / "case.tflite"
    path.write_bytes(import_module("tests.ops.test_arg_max").fixed_case().model)
    with pytest.raises(QuantizationError, match="--qat cannot train through ARG_MAX, allowed are ABS, ADD"):
        fine_tune(path, path, np.zeros((25, 4), np.float32), 1, 0)


def _error(files: Converted, path: Path, windows: np.ndarray) -> float:
    truth = OnnxRuntime(files.onnx).run(windows).posteriors
    return float(np.mean((tflite_reference(read_tflite_file(path)).run(windows).posteriors - truth) ** 2))


def _written_anew(path: Path, folder: Path) -> bytes:
    write_model(load(path), folder / "anew.tflite")
    return (folder / "anew.tflite").read_bytes()
