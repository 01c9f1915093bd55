"""Convolutions are given other channels: the float graph stays the function it was, and int8 holds padding exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.converted import Converted
from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import Patches
from tinyser.convert.refit import refit
from tinyser.convert.settle import _joints, settle
from tinyser.convert.tflite_file import dequantized, load, read_tflite_file
from tinyser.runtimes.onnx_model import OnnxRuntime
from tinyser.runtimes.tflite_reference import run_reference


def settled(files: Converted, folder: Path) -> tuple[Path, Path]:
    paths = folder / "int8.tflite", folder / "floats.tflite"
    assert settle(files.tflite, files.float_tflite, np.load(files.calibration), *paths) == 5
    return paths


def test_the_function_stays(model_files: Converted, tmp_path: Path) -> None:
    _, floats = settled(model_files, tmp_path)
    windows = np.load(model_files.calibration)
    wanted = OnnxRuntime(model_files.onnx).run(windows).posteriors
    assert np.allclose(run_reference(floats, windows.reshape(len(windows), -1)), wanted, atol=1e-5)


def test_channels_are_alike_and_centred(model_files: Converted, tmp_path: Path) -> None:
    int8, floats = settled(model_files, tmp_path)
    windows = np.load(model_files.calibration)
    for joint in _joints(load(int8), load(floats)):
        before, after = (
            np.abs(inner_values(path, windows, [joint.values], 10**6)[joint.values][:, 0]).max(axis=0)
            for path in (model_files.float_tflite, floats)
        )
        assert after.min() / after.max() > 0.8 * min(1.0, 4 * before.min() / before.max())


def test_padding_is_exact(model_files: Converted, tmp_path: Path) -> None:
    """A window of padding alone: away from its rim every convolution gives a whole number of steps."""
    int8, floats = settled(model_files, tmp_path)
    windows = np.load(model_files.calibration)
    model, silence = load(int8), np.zeros_like(windows[:1])
    checked = 0
    for joint in _joints(model, load(floats)):
        values = inner_values(floats, silence, [joint.values], 10**6)[joint.values][:, 0]
        most = np.median(values, axis=0)
        steps = most / model.subgraphs[0].tensors[joint.moved[0]].quantization.scale[0]
        # In images as small as these, most of what deeper layers give is rim.
        steps = steps[(np.mean(np.abs(values - most) < 1e-5, axis=0) > 0.5) & (np.abs(steps) > 0.6)]
        assert np.abs(steps - np.rint(steps)).max(initial=0) < 0.02
        checked += len(steps)
    assert checked >= 4


def test_what_int8_gives_for_padding(model_files: Converted, tmp_path: Path) -> None:
    """The same after the fit, in the whole int8 graph."""
    windows = np.load(model_files.calibration)
    floats = OnnxRuntime(model_files.onnx).run(windows).posteriors
    paths = tmp_path / "int8.tflite", tmp_path / "floats.tflite"
    refit(model_files.tflite, model_files.float_tflite, windows, floats, *paths)
    model, twin = load(paths[0]), load(paths[1])
    rows = read_tflite_file(paths[0]).input.quantize(np.zeros_like(windows[:1]))
    first = _joints(model, twin)[0]
    quantization = model.subgraphs[0].tensors[first.moved[0]].quantization
    ours = Patches(first.moved[0], first.values.height, 1, first.values.channels)
    got = dequantized(inner_values(paths[0], rows, [ours])[ours], quantization)
    wanted = inner_values(paths[1], np.zeros_like(windows[:1]), [first.values])[first.values]
    assert np.abs(got - wanted).max() <= 1.5 * quantization.scale[0]
