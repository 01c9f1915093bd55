"""Fits linear layers anew to what int8 gives them.

What int8 did to all layers before, a linear layer can partly undo: much of the error in its input is the same for every
window, or goes with what the input says. Layer by layer from the input on, weights and bias are fitted by ridge
regression to give, from the int8 graph's own input of the layer, what the float graph has there. On the device nothing
changes but constants.

The idea is that of bias correction (Nagel et al., 2019, arXiv 1906.04721, section 4.2), for whole linear layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import Real, find_pairs, float_constant, real, write_bias, write_weights
from tinyser.convert.tflite_file import load, read_tflite_file, write_model
from tinyser.runtimes.int8_model import tflite_reference
from tinyser.runtimes.runtime import Floats

_FEWEST_WINDOWS = 20
# Every fifth of 25 runs of neighbouring windows, which often are of one clip, is held out.
_RUNS, _HELD_OUT = 25, 5
# Of the ridge, over the mean square of an input times the number of rows.
_PENALTIES = tuple(10.0**power for power in range(-6, 0))


@dataclass(frozen=True, slots=True)
class Refit:
    """Mean square of the posteriors' error on windows that had no part in the fit; `kept` when it became less."""

    layers: int
    before: float
    after: float

    @property
    def kept(self) -> bool:
        return self.after < self.before


def refit(int8: Path, floats: Path, windows: Floats, posteriors: Floats, target: Path) -> Refit | None:
    """Writes `int8` with its linear layers fitted anew to `target`, and says whether that helps.

    `floats` is the same graph in float32, `windows` float32 (windows, *input shape without batch), `posteriors`
    (windows, outputs) the float graph's. None, and no file, where there is nothing to fit, or too few windows. Raises
    ToolError when TFLite fails.
    """
    layers = len(find_pairs(load(int8), load(floats)))
    if not layers or len(windows) < _FEWEST_WINDOWS:
        return None
    held_out = np.arange(len(windows)) * _RUNS // len(windows) % _HELD_OUT == _HELD_OUT - 1
    _fit_layers(int8, floats, windows[~held_out], target)
    before, after = (
        float(np.mean((tflite_reference(read_tflite_file(path)).run(windows[held_out]).posteriors - wanted) ** 2))
        for wanted in [posteriors[held_out]]
        for path in (int8, target)
    )
    return Refit(layers, before, after)


def _fit_layers(int8: Path, floats: Path, windows: Floats, target: Path) -> None:
    """Each layer after those before it; layers that read one tensor at once."""
    model, twin = load(int8), load(floats)
    pairs = find_pairs(model, twin)
    write_model(model, target)
    rows = read_tflite_file(int8).input.quantize(windows).reshape(len(windows), -1)
    widths = {other.input: float_constant(twin, other.weights).shape[1] for _, other in pairs}
    heard = inner_values(floats, windows.reshape(len(windows), -1), widths)
    for source, group in groupby(pairs, key=lambda pair: pair[0].input):
        members = list(group)
        model = load(target)
        integers = inner_values(target, rows, {source: widths[members[0][1].input]})[source]
        given = real(model, source, integers)
        for mine, other in members:
            weights, bias = float_constant(twin, other.weights), float_constant(twin, other.bias)
            wanted = heard[other.input].astype(np.float64) @ weights.T + bias
            fitted = write_weights(model, mine, weights + _correction(given, wanted - (given @ weights.T + bias)))
            # The bias takes up what is left on average, the rounding of the weights with it.
            write_bias(model, mine, wanted.mean(axis=0) - fitted @ given.mean(axis=0))
        write_model(model, target)


def _correction(given: Real, missing: Real) -> Real:
    """What to add to the weights, (outputs, inputs), so that `given` (rows, inputs) gives what is missing."""
    from sklearn.linear_model import RidgeCV

    size = max(float(np.sum(given**2)) / given.shape[1], float(np.finfo(np.float32).tiny))
    found: Real = RidgeCV([size * penalty for penalty in _PENALTIES]).fit(given, missing).coef_
    return found
