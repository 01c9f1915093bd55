"""What would help: the roundings that cost most, and what becomes of the posteriors where they are done otherwise.

Tried in the simulation of `rounding`. Half of the windows choose ranges, and everything is measured on the others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codegen.errors import QuantizationError
from tinyser.check.float_twin import float_twin
from tinyser.check.other_activation import OTHER_ACTIVATIONS
from tinyser.check.rounding import Rounding, Setting, Simulation, run_plain, write_simulation
from tinyser.check.rounding_child import RANGES
from tinyser.convert.tflite_file import read_tflite_file
from tinyser.runtimes.runtime import Floats
from tinyser.runtimes.tflite_reference import run_reference

REMEDY_WINDOWS = 128  # at most: half of them choose ranges
_SHOWN, _TRIED = 8, 3  # of the costliest roundings
_HEAD = ("FULLY_CONNECTED", "CONV_2D")
_LEAST_SCALE = 1e-12


@dataclass(frozen=True, slots=True)
class RoundingCost:
    """One rounding of the int8 graph, alone in float32: the mean square error of the posteriors that it makes.

    `index` of the operator, -1 for the model's input; `share`: of the sum over all roundings.
    """

    index: int
    operator: str
    tensor: str
    posterior_mse: float
    share: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What was tried; posteriors against those of the float graph, `decisions_equal` in 0..1."""

    what: str
    posterior_mse: float
    max_posterior_difference: float
    decisions_equal: float


@dataclass(frozen=True, slots=True)
class Remedies:
    """`windows` measured, others chose ranges. `int8`: the file itself in TFLite's reference kernels; `simulated`: the
    same in the simulation, which `trials` are to be compared with; `no_rounding`: the weights alone are rounded."""

    reference: str
    windows: int
    costs: tuple[RoundingCost, ...]
    int8: Trial
    simulated: Trial
    no_rounding: Trial
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The trial with the least error, where it is less than without."""
        best = min(self.trials, key=lambda trial: trial.posterior_mse, default=self.simulated)
        return best if best.posterior_mse < self.simulated.posterior_mse else None


def find_remedies(int8: Path, float_tflite: Path | None, windows: Floats) -> Remedies:
    """Measures float32 windows (n, *input shape without batch), n at least 4.

    The truth is `float_tflite`, the file before quantization, or else the int8 file's twin in float32. Raises
    ModelFormatError and QuantizationError when there is no simulation, ToolError when TFLite refuses or aborts.
    """
    if len(windows) < 4:
        raise QuantizationError(f"{int8}: {len(windows)} windows to try remedies on, needed are 4; give more inputs")
    choosing, measuring = windows[::2], windows[1::2]
    with tempfile.TemporaryDirectory(prefix="tinyser-") as scratch:
        simulation = write_simulation(int8, Path(scratch) / "simulation.tflite")
        roundings, quantized = simulation.roundings, simulation.as_quantized()
        nowhere = np.zeros_like(quantized)
        alone = [_with(nowhere, [row], quantized) for row in range(len(roundings))]
        twin, *single = simulation.run([nowhere, *alone], measuring)
        for name, posteriors in zip(("rounded weights", *map(_name, roundings)), (twin, *single), strict=True):
            _need_finite(int8, f"{name} alone", posteriors)
        errors = np.array([np.mean((posteriors - twin) ** 2, dtype=np.float64) for posteriors in single])
        order = np.argsort(-errors)
        plans = [
            (what, setting)
            for what, setting in _plans(simulation, quantized, order[:_TRIED], simulation.ranges(choosing))
            if not np.array_equal(setting, quantized)
        ]
        simulated, *tried = simulation.run([quantized, *(setting for _, setting in plans)], measuring)
        _need_finite(int8, "all roundings", simulated)
        others = list(_other_activations(int8, Path(scratch) / "other.tflite", choosing, measuring))
    rows = measuring.reshape(len(measuring), -1)
    truth = twin if float_tflite is None else run_plain(float_tflite, rows)
    model = read_tflite_file(int8)
    real = model.output.dequantize(run_reference(int8, model.input.quantize(rows)))
    return Remedies(
        reference="the same graph in float32, weights as they are rounded"
        if float_tflite is None
        else float_tflite.name,
        windows=len(measuring),
        costs=tuple(_cost(roundings[row], errors[row], errors.sum()) for row in order[:_SHOWN]),
        int8=_trial("the file itself", real, truth),
        simulated=_trial("as it is", simulated, truth),
        no_rounding=_trial("no activation rounded", twin, truth),
        trials=tuple(
            _trial(what, posteriors, truth)
            for what, posteriors in (*zip((what for what, _ in plans), tried, strict=True), *others)
            if np.isfinite(posteriors).all()
        ),
    )


def _other_activations(int8: Path, scratch: Path, choosing: Floats, measuring: Floats) -> Iterator[tuple[str, Floats]]:
    """What was put in place of what, and the posteriors then; ranges are those with the least square error."""
    for what, change in OTHER_ACTIVATIONS.items():
        twin = float_twin(int8)
        if change(twin):
            simulation = write_simulation(int8, scratch, twin)
            ends = simulation.ranges(choosing)[RANGES.index("least error")]
            (posteriors,) = simulation.run([_ranged(simulation.roundings, simulation.as_quantized(), ends)], measuring)
            yield f"{what}, ranges with the least square error, not trained", posteriors


def _need_finite(int8: Path, cause: str, posteriors: Floats) -> None:
    if not np.isfinite(posteriors).all():
        raise QuantizationError(
            f"{int8}: with {cause}, posteriors are not finite in a simulation; look for a division by zero or a root "
            "of a negative number in the model"
        )


def _plans(
    simulation: Simulation, quantized: Setting, costliest: npt.NDArray[np.int64], ranges: npt.NDArray[np.float64]
) -> Iterator[tuple[str, Setting]]:
    """What to try, in words, and as a setting of the simulation."""
    roundings = simulation.roundings
    in_float, in_int16 = np.zeros_like(quantized), np.array([_in_int16(*row) for row in quantized])
    ranged = {way: _ranged(roundings, quantized, ends) for way, ends in zip(RANGES, ranges, strict=True)}
    yield "int16 activations everywhere", in_int16
    if head := _head(roundings):
        yield f"the head in float, from {_name(roundings[head[0]])} on", _with(quantized, head, in_float)
    yield "ranges of other windows, all values", ranged["min-max"]
    yield "ranges of other windows, without 0.1 % of the values", ranged["percentile"]
    yield "ranges of other windows, with the least square error", ranged["least error"]
    for row in costliest.tolist():
        yield f"{_name(roundings[row])} alone in float", _with(quantized, [row], in_float)
        yield f"{_name(roundings[row])} alone in int16", _with(quantized, [row], in_int16)
        if roundings[row].has_free_scale:
            yield f"{_name(roundings[row])} alone with such a range", _with(quantized, [row], ranged["least error"])
    several = costliest.tolist()
    yield f"the {len(several)} costliest in int16", _with(quantized, several, in_int16)


def _with(setting: Setting, rows: list[int], other: Setting) -> Setting:
    """The setting with these rows of the other one."""
    mixed = setting.copy()
    mixed[rows] = other[rows]
    return mixed


def _in_int16(bits: float, scale: float, zero_point: float) -> tuple[float, float, float]:
    """The same range, symmetrical, in 16 bits; int16 as it is."""
    if bits == 16:
        return bits, scale, zero_point
    half = 2 ** (bits - 1)
    return 16, scale * max(half + zero_point, half - 1 - zero_point) / 32767, 0


def _ranged(roundings: tuple[Rounding, ...], quantized: Setting, ranges: npt.NDArray[np.float64]) -> Setting:
    """As many bits with these ranges (roundings, 2), where the scale is free."""
    setting = quantized.copy()
    for row, (rounding, (least, largest)) in enumerate(zip(roundings, ranges, strict=True)):
        if rounding.has_free_scale and rounding.bits == 8:
            scale = max((max(largest, 0.0) - min(least, 0.0)) / 255, _LEAST_SCALE)
            setting[row] = 8, scale, np.clip(np.rint(-128 - min(least, 0.0) / scale), -128, 127)
        elif rounding.has_free_scale:
            setting[row] = 16, max(largest, -least, 32767 * _LEAST_SCALE) / 32767, 0
    return setting


def _head(roundings: tuple[Rounding, ...]) -> list[int]:
    """Roundings from the last layer with weights on; none where there is no such layer."""
    layers = [row for row, rounding in enumerate(roundings) if rounding.operator in _HEAD]
    return list(range(layers[-1], len(roundings))) if layers else []


def _name(rounding: Rounding) -> str:
    return "the input" if rounding.index < 0 else f"{rounding.operator} {rounding.index}"


def _cost(rounding: Rounding, error: float, total: float) -> RoundingCost:
    share = float(error / total) if total else 0.0
    return RoundingCost(rounding.index, rounding.operator, rounding.tensor, float(error), share)


def _trial(what: str, posteriors: Floats, truth: Floats) -> Trial:
    difference = np.abs(posteriors.astype(np.float64) - truth)
    equal = np.mean(posteriors.argmax(axis=1) == truth.argmax(axis=1))
    return Trial(what, float(np.mean(difference**2)), float(difference.max()), float(equal))
