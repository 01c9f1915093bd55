"""Fits linear layers and convolutions anew to what int8 gives them.

What int8 did to all layers before, a linear layer can partly undo: much of the error in its input is the same for every
window, or goes with what the input says. Layer by layer from the input on, weights and bias are fitted by ridge
regression to give, from the int8 graph's own input of the layer, what the float graph has there. Weights are then
rounded one input after the other, and what an input's rounding adds on average to the outputs is taken up by those
that are still to be rounded. On the device nothing changes but constants.

The ideas are those of bias correction (Nagel et al., 2019, arXiv 1906.04721, section 4.2), for whole linear layers, and
of GPTQ (Frantar et al., 2022, arXiv 2210.17323).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.attention import even_attention
from tinyser.convert.free_ranges import AUTO, MINMAX, set_free_ranges
from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import (
    LARGEST_INT8,
    LinearLayer,
    Real,
    find_pairs,
    float_bias,
    float_weights,
    grouped_rows,
    weight_scales,
    write_bias,
    write_weights,
)
from tinyser.convert.logits import shift_logits
from tinyser.convert.settle import settle
from tinyser.convert.stream import even_streams
from tinyser.convert.tflite_file import dequantized, load, read_tflite_file, write_model
from tinyser.convert.values_by_part import values_by_part
from tinyser.runtimes.integer_model import tflite_reference
from tinyser.runtimes.runtime import Floats

# Windows to fit and to judge, as many as runs of neighbours that are held out or not.
LEAST_WINDOWS, _FIFTH = 25, 5
# Of the ridge, over the mean sum of squares of an input.
_PENALTIES = tuple(10.0**power for power in range(-4, 2))
# Of the mean variance of a layer's inputs: what rounding takes every input to vary by at least.
_DAMPING = 0.01


@dataclass(frozen=True, slots=True)
class Refit:
    """Mean square of the posteriors' error on windows that had no part in the fit; `kept` when it became less.

    `ranges`: the way to choose them that it is; `tried`: the error of each way; `fine_tuned`: that of the best way
    after fine-tuning, None without. What is kept is fitted to all windows.
    """

    layers: int
    before: float
    after: float
    ranges: str
    tried: Mapping[str, float]
    fine_tuned: float | None

    @property
    def fine_tuning_kept(self) -> bool:
        """Whether the file is the fine-tuned one."""
        return self.fine_tuned is not None and self.fine_tuned == self.after

    @property
    def kept(self) -> bool:
        return self.after < self.before


def refit(
    int8: Path,
    floats: Path,
    windows: Floats,
    posteriors: Floats,
    target: Path,
    target_floats: Path,
    progress: Callable[[str], None] = lambda _: None,
    ways: Sequence[str] = AUTO,
    tune: Callable[[Path, Path, Floats], None] | None = None,
) -> Refit | None:
    """Writes `int8`, its channels evened and its layers fitted anew, to `target`, and says whether that helps.

    `floats` is the same graph in float32, `windows` float32 (windows, *input shape without batch), `posteriors`
    (windows, outputs) the float graph's. Of `ways` to set ranges (`free_ranges`) it is the one with the least error on
    windows that had no part in the fit; that is then made of all windows. `target_floats` becomes the float graph whose
    tensors are those of `target`. `progress` hears what is being done. `tune` fine-tunes a file, given its float
    graph and windows, which is kept where the error becomes less. None, and no file, where there is nothing to fit, or
    too few windows. Raises ToolError when TFLite fails.
    """
    if not find_pairs(load(int8), load(floats)) or len(windows) < LEAST_WINDOWS:
        return None
    held_out = _held_out(len(windows))
    tried = {}
    for way in ways:
        layers = _make(int8, floats, windows[~held_out], target, target_floats, way, progress)
        tried[way] = _error(target, windows[held_out], posteriors[held_out])
    best = min(tried, key=lambda way: tried[way])
    after, tuned = tried[best], None
    if tune is not None:
        _make(int8, floats, windows[~held_out], target, target_floats, best, progress)
        tune(target, target_floats, windows[~held_out])
        tuned = _error(target, windows[held_out], posteriors[held_out])
    _make(int8, floats, windows, target, target_floats, best, progress)
    if tune is not None and tuned is not None and tuned < after:
        tune(target, target_floats, windows)
        after = tuned
    return Refit(layers, _error(int8, windows[held_out], posteriors[held_out]), after, best, tried, tuned)


def _make(
    int8: Path,
    floats: Path,
    windows: Floats,
    target: Path,
    target_floats: Path,
    way: str,
    progress: Callable[[str], None],
) -> int:
    """Writes both targets; how many layers were fitted."""
    progress(f"{way} ranges, channels of convolutions")
    ranged = set_free_ranges(int8, floats, windows, way, target)
    settle(ranged, floats, windows, target, target_floats, cut_off=way != MINMAX)
    progress(f"{way} ranges, channels of attention and of sums")
    even_streams(target, target_floats, windows)
    even_attention(target, target_floats, windows)
    shift_logits(target, target_floats, windows)
    return _fit_all(target, target_floats, windows, partial(_tell, progress, way))


def _tell(progress: Callable[[str], None], way: str, part: str) -> None:
    progress(f"{way} ranges, {part}")


def _fit_all(target: Path, floats: Path, windows: Floats, progress: Callable[[str], None]) -> int:
    """Fits the layers of `target` in place; how many."""
    model, twin = load(target), load(floats)
    pairs = find_pairs(model, twin)
    rows = read_tflite_file(target).input.quantize(windows)
    heard = inner_values(floats, windows, [other.patches for _, other in pairs])
    done = 0
    with values_by_part(model, rows) as values:
        # Each layer after those before it; layers that read one tensor at once.
        for source, group in groupby(pairs, key=lambda pair: pair[0].patches):
            progress(f"layer {done + 1} of {len(pairs)}")
            quantization = model.subgraphs[0].tensors[source.tensor].quantization
            given = dequantized(values(source), quantization)
            for mine, other in group:
                _fit(model, mine, twin, other, given, heard[other.patches])
                done += 1
    write_model(model, target)
    return done


def _held_out(windows: int) -> npt.NDArray[np.bool_]:
    """Every fifth of 25 runs of neighbouring windows, which often are of one clip."""
    return np.asarray(np.arange(windows) * LEAST_WINDOWS // windows % _FIFTH == _FIFTH - 1)


def _fit(model: Any, mine: LinearLayer, twin: Any, other: LinearLayer, given: Real, heard: Floats) -> None:
    """One layer: `given` are the patches that int8 gives it, `heard` those that its twin in the float graph has."""
    weights, bias = float_weights(twin, other), float_bias(twin, other)
    ours, theirs = grouped_rows(given, mine), grouped_rows(heard, other)
    wanted = theirs @ weights.swapaxes(1, 2) + bias[:, np.newaxis]
    missing = wanted - (ours @ weights.swapaxes(1, 2) + bias[:, np.newaxis])
    fitted = weights + np.stack([_correction(*group) for group in zip(ours, missing, strict=True)])
    scales = weight_scales(model, mine, fitted)
    integers = np.stack([_rounded(*group) for group in zip(fitted / scales, ours, strict=True)])
    write_weights(model, mine, integers, scales)
    # The bias takes up what is left on average, the rounding of the weights with it.
    stand_for = integers * scales.astype(np.float64)
    write_bias(model, mine, wanted.mean(axis=1) - (stand_for @ ours.mean(axis=1)[..., np.newaxis])[..., 0])


def _rounded(wanted: Real, given: Real) -> npt.NDArray[np.int8]:
    """(outputs, inputs) over their scales -> int8, so that outputs vary as they should with `given`, (rows, inputs)."""
    covariance = np.cov(given, rowvar=False).reshape(given.shape[1], -1)
    damping = max(_DAMPING * float(np.trace(covariance)) / len(covariance), float(np.finfo(np.float32).tiny))
    inverse = np.linalg.inv(covariance + damping * np.eye(len(covariance)))
    factor = np.linalg.cholesky(inverse).T  # upper triangle
    left, integers = wanted.copy(), np.empty(wanted.shape, np.int8)
    for index in range(wanted.shape[1]):
        integers[:, index] = np.clip(np.rint(left[:, index]), -LARGEST_INT8, LARGEST_INT8)
        error = (left[:, index] - integers[:, index]) / factor[index, index]
        left[:, index + 1 :] -= np.outer(error, factor[index, index + 1 :])
    return integers


def _error(path: Path, windows: Floats, posteriors: Floats) -> float:
    """Mean square of what TFLite's reference kernels give against `posteriors`."""
    given = tflite_reference(read_tflite_file(path)).run(windows).posteriors
    return float(np.mean((given - posteriors) ** 2))


def _correction(given: Real, missing: Real) -> Real:
    """What to add to the weights, (outputs, inputs), so that `given` (rows, inputs) gives what is missing.

    By ridge regression; the penalty, or no correction at all, is chosen by what a fifth of the rows say of a fit to the
    others. Each fifth is of neighbouring rows: those of one window are too much alike to judge each other.
    """
    fifths = np.array_split(np.arange(len(given)), _FIFTH)
    given, missing = given - given.mean(axis=0), missing - missing.mean(axis=0)
    squares = [given[rows].T @ given[rows] for rows in fifths]
    products = [given[rows].T @ missing[rows] for rows in fifths]
    ridge = np.eye(given.shape[1]) * max(np.trace(sum(squares)) / given.shape[1], float(np.finfo(np.float32).tiny))
    least, best = 0.0, None
    for penalty in _PENALTIES:
        change = 0.0  # of the sum of squares that are left, against no correction
        for square, by_missing in zip(squares, products, strict=True):
            found = np.linalg.solve(sum(squares) - square + penalty * ridge, sum(products) - by_missing)
            change += float(np.sum(found * (square @ found - 2 * by_missing)))
        if change < least:
            least, best = change, penalty
    if best is None:
        return np.zeros((missing.shape[1], given.shape[1]))
    return np.asarray(np.linalg.solve(sum(squares) + best * ridge, sum(products)).T)
