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
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.convert.inner_values import inner_values
from tinyser.convert.linear_layers import LinearLayer, Real, find_pairs, float_constant, write_bias, write_weights
from tinyser.convert.tflite_file import dequantized, load, read_tflite_file, write_model
from tinyser.runtimes.int8_model import tflite_reference
from tinyser.runtimes.runtime import Floats

_RUNS, _FIFTH = 25, 5
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
    model, twin = load(int8), load(floats)
    pairs = find_pairs(model, twin)
    if not pairs or len(windows) < _RUNS:
        return None
    held_out = _held_out(len(windows))
    write_model(model, target)
    rows = read_tflite_file(int8).input.quantize(windows[~held_out])
    widths = {other.input: float_constant(twin, other.weights).shape[1] for _, other in pairs}
    heard = inner_values(floats, windows[~held_out], widths)
    # Each layer after those before it; layers that read one tensor at once.
    for source, group in groupby(pairs, key=lambda pair: pair[0].input):
        members = list(group)
        integers = inner_values(target, rows, {source: widths[members[0][1].input]})[source]
        given = dequantized(integers, model.subgraphs[0].tensors[source].quantization)
        for mine, other in members:
            _fit(model, mine, twin, other, given, heard[other.input])
        write_model(model, target)
    before, after = (_error(path, windows[held_out], posteriors[held_out]) for path in (int8, target))
    return Refit(len(pairs), before, after)


def _held_out(windows: int) -> npt.NDArray[np.bool_]:
    """Every fifth of 25 runs of neighbouring windows, which often are of one clip."""
    return np.asarray(np.arange(windows) * _RUNS // windows % _FIFTH == _FIFTH - 1)


def _fit(model: Any, layer: LinearLayer, twin: Any, other: LinearLayer, given: Real, heard: Floats) -> None:
    """One layer: `given` is what int8 gives it, `heard` what its twin in the float graph has, both (rows, inputs)."""
    weights, bias = float_constant(twin, other.weights), float_constant(twin, other.bias)
    wanted = heard.astype(np.float64) @ weights.T + bias
    fitted = write_weights(model, layer, weights + _correction(given, wanted - (given @ weights.T + bias)))
    # The bias takes up what is left on average, the rounding of the weights with it.
    write_bias(model, layer, wanted.mean(axis=0) - fitted @ given.mean(axis=0))


def _error(path: Path, windows: Floats, posteriors: Floats) -> float:
    """Mean square of what TFLite's reference kernels give against `posteriors`."""
    given = tflite_reference(read_tflite_file(path)).run(windows).posteriors
    return float(np.mean((given - posteriors) ** 2))


def _correction(given: Real, missing: Real) -> Real:
    """What to add to the weights, (outputs, inputs), so that `given` (rows, inputs) gives what is missing."""
    from sklearn.linear_model import RidgeCV

    size = max(float(np.sum(given**2)) / given.shape[1], float(np.finfo(np.float32).tiny))
    found: Real = RidgeCV([size * penalty for penalty in _PENALTIES]).fit(given, missing).coef_
    return found
