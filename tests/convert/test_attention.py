"""Attention's layers are given other constants: the function stays, and scores lie where softmax tells them apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.convert.lopsided import lopsided, posteriors
from tests.converted import Converted
from tinyser.convert.attention import _DEPTH, _every_place, even_attention
from tinyser.convert.attention_graph import Attention, Side, find_attention
from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import Real
from tinyser.convert.paired_tensors import int8_tensors
from tinyser.convert.tflite_file import dequantized, load


@pytest.fixture(scope="module")
def evened(model_files: Converted, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The float graph before; then the int8 and the float one after."""
    folder = tmp_path_factory.mktemp("attention")
    int8, floats = lopsided(model_files, folder)
    before = shutil.copyfile(floats, folder / "before.tflite")
    assert even_attention(int8, floats, np.load(model_files.calibration)) == 1
    return before, int8, floats


def attention_of(floats: Path) -> Attention:
    (found,) = find_attention(load(floats))
    return found


def inner(floats: Path, tensor: int, files: Converted) -> Real:
    """(windows, values) of a tensor."""
    windows = np.load(files.calibration)
    place = _every_place(load(floats), tensor)
    return np.asarray(inner_values(floats, windows, [place], 10**6)[place], np.float64).reshape(len(windows), -1)


def of_heads(floats: Path, side: Side, files: Converted) -> Real:
    return np.asarray(inner(floats, side.tensor, files)[:, side.places])


def test_the_function_stays(model_files: Converted, evened: tuple[Path, Path, Path]) -> None:
    before, _, floats = evened
    windows = np.load(model_files.calibration)
    assert np.allclose(posteriors(floats, windows), posteriors(before, windows), atol=1e-5)


def test_heads_are_found(model_files: Converted) -> None:
    """What the places of queries and keys give is what the graph has as scores."""
    floats = model_files.float_tflite
    found = attention_of(floats)
    queries, keys = (of_heads(floats, side, model_files) for side in (found.query, found.key))
    scores = queries @ keys.swapaxes(2, 3)
    assert queries.shape[1] == 2
    assert np.allclose(inner(floats, found.scores, model_files).reshape(scores.shape), scores, atol=1e-3)
    values, mixed = of_heads(floats, found.value, model_files), inner(floats, found.mixed, model_files)
    weights = np.exp(scores - scores.max(axis=3, keepdims=True))
    weights /= weights.sum(axis=3, keepdims=True)
    assert np.allclose(mixed.reshape(values.shape), weights @ values, atol=1e-3)
    assert np.allclose(of_heads(floats, found.out, model_files), weights @ values, atol=1e-3)


def test_scores_are_near_where_they_matter(model_files: Converted, evened: tuple[Path, Path, Path]) -> None:
    before, int8, floats = evened
    tops = []
    for path in (before, floats):
        found = attention_of(path)
        frames = found.query.places.shape[1]
        tops.append(inner(path, found.scores, model_files).reshape(-1, frames).max(axis=1))
    assert np.mean(tops[1] ** 2) < 0.5 * np.mean(tops[0] ** 2)
    model = load(int8)
    about = model.subgraphs[0].tensors[int8_tensors(model, load(floats))[found.scores]]
    low, high = dequantized(np.array([-128, 127]), about.quantization)
    step = float(about.quantization.scale[0])
    assert low < tops[1].min() - _DEPTH + step and high > tops[1].max() - step


def test_values_are_centred_and_alike(model_files: Converted, evened: tuple[Path, Path, Path]) -> None:
    before, int8, floats = evened
    ratios = []
    for path in (before, floats):
        values = of_heads(path, attention_of(path).value, model_files)
        largest = np.abs(values).max(axis=(0, 2))
        ratios.append(largest.max() / largest.min())
    assert ratios[1] < 1.01 < ratios[0]
    assert np.abs(values.mean(axis=(0, 2))).max() < 1e-3 * largest.max()
    model = load(int8)
    for tensor in (attention_of(floats).value.tensor, attention_of(floats).mixed):
        about = model.subgraphs[0].tensors[int8_tensors(model, load(floats))[tensor]]
        made = inner(floats, tensor, model_files)
        low, high = dequantized(np.array([-128, 127]), about.quantization)
        step = float(about.quantization.scale[0])
        assert low - step < made.min() and made.max() < high + step
        assert high - low < 1.25 * (made.max() - made.min()) + step
