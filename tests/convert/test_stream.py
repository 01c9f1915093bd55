"""A residual stream is given other channels: the float graph stays the function it was, and ranges become small."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.convert.lopsided import lopsided, posteriors
from tests.converted import Converted
from tinyser.convert.linear_layers import Real, find_pairs
from tinyser.convert.paired_tensors import int8_tensors
from tinyser.convert.stream import _find, _Stream, _values, even_streams
from tinyser.convert.tflite_file import constant_bytes, dequantized, load, operator_name, write_model


@pytest.fixture(scope="module")
def evened(model_files: Converted, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The float graph before; then the int8 and the float one after."""
    folder = tmp_path_factory.mktemp("stream")
    int8, floats = lopsided(model_files, folder)
    before = shutil.copyfile(floats, folder / "before.tflite")
    assert even_streams(int8, floats, np.load(model_files.calibration)) == 1
    return before, int8, floats


def stream_of(floats: Path, files: Converted) -> tuple[_Stream, dict[int, Real]]:
    (stream,) = _find(load(floats))
    return stream, _values(load(floats), stream, floats, np.load(files.calibration))


def test_the_function_stays(model_files: Converted, evened: tuple[Path, Path, Path]) -> None:
    before, _, floats = evened
    windows = np.load(model_files.calibration)
    assert np.allclose(posteriors(floats, windows), posteriors(before, windows), atol=1e-5)


def test_all_of_the_stream_is_found(model_files: Converted) -> None:
    """One block: projection, attention and FFN write; q, k, v, FFN, pooling's score and head read."""
    (stream,) = _find(load(model_files.float_tflite))
    assert (len(stream.writers), len(stream.readers), len(stream.constants)) == (3, 6, 1)
    assert len(stream.pooled) >= 1


def test_channels_are_alike_and_centred(model_files: Converted, evened: tuple[Path, Path, Path]) -> None:
    before, _, floats = evened
    unevenness = []
    for path in (before, floats):
        stream, values = stream_of(path, model_files)
        largest = [np.abs(of).max(axis=0) for tensor, of in values.items() if tensor not in stream.constants]
        unevenness.append(np.mean([of.max() / of.min() for of in largest]))
    assert unevenness[1] < 0.5 * unevenness[0]
    for tensor in stream.pooled:
        assert np.abs(values[tensor].mean(axis=0)).max() < 0.05 * np.abs(values[tensor]).max()


def test_ranges_hold_what_is_there_and_little_more(model_files: Converted, evened: tuple[Path, Path, Path]) -> None:
    _, int8, floats = evened
    model, twin = load(int8), load(floats)
    stream, values = stream_of(floats, model_files)
    for theirs, of in values.items():
        about = model.subgraphs[0].tensors[int8_tensors(model, twin)[theirs]]
        low, high = dequantized(np.array([-128, 127]), about.quantization)
        assert np.mean((of < low - 1e-3) | (of > high + 1e-3)) < 1e-2
        assert high - low < 1.3 * (max(float(of.max()), 0.0) - min(float(of.min()), 0.0))
        if theirs in stream.constants:
            integers = np.frombuffer(constant_bytes(model, about), np.int8).reshape(of.shape)
            clipped = np.clip(of, low, high)
            assert (
                np.abs(dequantized(integers, about.quantization) - clipped).max() < 0.51 * about.quantization.scale[0]
            )


def test_a_stream_that_something_else_reads_stays(model_files: Converted, tmp_path: Path) -> None:
    """As a norm does that is not part of a layer."""
    int8, floats = lopsided(model_files, tmp_path)
    twin = load(floats)
    layers = {layer.output for layer, _ in find_pairs(twin, twin)}
    added = next(op for op in twin.subgraphs[0].operators if operator_name(twin, op) == "ADD")
    assert {*map(int, added.inputs)} & layers
    twin.subgraphs[0].outputs = [*twin.subgraphs[0].outputs, int(added.outputs[0])]
    write_model(twin, floats)
    content = int8.read_bytes(), floats.read_bytes()
    assert even_streams(int8, floats, np.load(model_files.calibration)) == 0
    assert (len(int8.read_bytes()), floats.read_bytes()) == (len(content[0]), content[1])
