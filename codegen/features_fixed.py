"""Integer tables of the fixed-point front end: the context of the templates in `features/fixed/`.

Every fixed-point format is chosen here from what the specification allows, so that no sum in the C code can
exceed 32 bits (64 where it says so) for any samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from codegen.errors import FeatureSpecError
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import SMALLEST_STD, cepstrum_matrix, delta_weights, mel_matrix, smoothing, window
from codegen.features_float import first_radix, input_order, stage_twiddles, turns
from codegen.mel_segments import mel_segments

Float64 = NDArray[np.float64]
Integers = NDArray[np.integer]

LN_FRACTION = 20  # fractional bits of logarithms, as SER_LN_FRACTION in ser_scaled.h
CURVE_BITS = 5
STATIC_BITS = 26  # of the largest value before deltas, whose weights add up to 8
CEPSTRUM_INPUT_BITS = 22  # of the largest value before the DCT: 256 products with 16-bit weights fit 32 bits
ROW_DEVIATIONS = 12.0  # what an int16 row value of an MFCC or a delta reaches, in standard deviations of the corpus
ROW_SHARE = 1 / 32  # of what such a value could ever be, which it reaches at least


def fixed_tables(spec: FeatureSpec, input_scale: float, input_zero_point: int) -> dict[str, object]:
    """Arrays and numbers, by the names that the templates use; `tables` are the C arrays in order."""
    value_bits = CEPSTRUM_INPUT_BITS if spec.mfcc else STATIC_BITS
    value_fraction = min(LN_FRACTION, value_bits - _bits(_largest_value(spec)))
    needs_exp = spec.compression == "pcen" or spec.normalisation != "corpus"
    needs_product = spec.compression == "pcen" or spec.normalisation == "running" or spec.mel_norm != "none"
    numbers: dict[str, object] = {
        "emphasis": spec.dc_removal or spec.pre_emphasis > 0,
        "first_radix": first_radix(spec.fft_size // 2),
        "padded_values": spec.window_length + 1 < spec.fft_size,
        "static_count": spec.mfcc or spec.mel_bins,
        "value_fraction": value_fraction,
        "curve_bits": CURVE_BITS,
        "needs_exp": needs_exp,
        "needs_product": needs_product,
        "level_kept": _mantissa_and_shift(1.0 - spec.pre_emphasis),
        "log_floor": c_scaled(spec.log_floor),
        "pcen": _pcen(spec, value_fraction),
        "running": _running(spec),
        "ln_input_scale": _fixed(math.log(input_scale), LN_FRACTION),
    }
    tables = _Tables()
    bins = _add_spectrum(tables, spec)
    _add_curve(tables, "ser_ln", np.log, LN_FRACTION, "uint16_t")
    if needs_exp:
        _add_curve(tables, "ser_exp", lambda x: np.exp2(x - 1.0), 31, "uint32_t")
    static_fraction = _add_cepstrum(tables, spec, value_fraction) if spec.mfcc else value_fraction
    _add_statistics(tables, spec, input_scale, static_fraction)
    return {**numbers, "first_bin": bins.start, "bins": len(bins), "tables": tables.entries}


class _Tables:
    """C arrays: type, name, values."""

    def __init__(self) -> None:
        self.entries: list[dict[str, object]] = []

    def add(self, c_type: str, name: str, values: Integers) -> None:
        info = np.iinfo(c_type.removesuffix("_t"))
        if values.min(initial=0) < info.min or values.max(initial=0) > info.max:
            raise FeatureSpecError(f"feature spec: {name} does not fit {c_type}; use less extreme numbers")
        self.entries.append({"type": c_type, "name": name, "values": values})


def _bits(largest: float) -> int:
    """Bits before the point of numbers up to `largest`; negative for small ones, 0 where all numbers are 0."""
    return math.frexp(largest)[1]


def _fixed(values: float | Float64, fraction: int) -> Integers:
    return np.rint(np.ldexp(values, fraction)).astype(np.int64)


def scaled(value: float) -> tuple[int, int]:
    """Mantissa of 32 bits with its top bit set, and exponent; (0, 0) for 0."""
    if value == 0:
        return 0, 0
    fraction, exponent = math.frexp(value)
    return min(round(math.ldexp(fraction, 32)), 2**32 - 1), exponent - 32


def c_scaled(value: float) -> str:
    """The initialiser of a ser_scaled_t."""
    mantissa, exponent = scaled(value)
    return f"{{{mantissa}u, {exponent}}}"


def _mantissa_and_shift(factor: float) -> tuple[int, int]:
    """Factor = mantissa / 2^(15 + shift), mantissa of 15 bits; a factor of 1 and more is the largest below 1."""
    if factor >= 1.0 - 2.0**-16:
        return 2**15 - 1, 0
    if factor < 2.0**-44:
        return 0, 0
    fraction, exponent = math.frexp(factor)
    mantissa, shift = round(math.ldexp(fraction, 15)), -exponent
    if mantissa == 2**15:
        mantissa, shift = 2**14, shift - 1
    return (mantissa, shift) if shift <= 30 else (mantissa >> (shift - 30), 30)


def _largest_mel(spec: FeatureSpec) -> float:
    """A bound of the mel power: every windowed sample at its limit and in phase."""
    sample = (2.0 if spec.dc_removal else 1.0) * (1.0 + spec.pre_emphasis)
    return float((sample * window(spec).sum()) ** 2 * mel_matrix(spec).sum(axis=1).max())


def _largest_value(spec: FeatureSpec) -> float:
    """A bound of the magnitude of compressed mel values."""
    mel = _largest_mel(spec)
    if spec.compression == "log":
        return max(abs(math.log(spec.log_floor)), abs(math.log(mel + spec.log_floor)))
    # The mean includes the newest frame, so that mel / mean is at most 1 / share.
    ratio = mel ** (1.0 - spec.pcen_gain) * smoothing(spec.pcen_seconds, spec) ** -spec.pcen_gain
    return float((max(ratio, 1.0) + spec.pcen_bias) ** spec.pcen_power)


def _largest_features(spec: FeatureSpec) -> Float64:
    """Bounds of the magnitude of features before normalisation, (features,)."""
    matrix = cepstrum_matrix(spec) if spec.mfcc else np.eye(spec.mel_bins)
    static = _largest_value(spec) * np.abs(matrix).sum(axis=1)
    return np.concatenate([static, *(static * np.abs(weights).sum() for weights in delta_weights(spec))])


def _pcen(spec: FeatureSpec, value_fraction: int) -> dict[str, object]:
    share = smoothing(spec.pcen_seconds, spec)
    return {
        "taken": c_scaled(share),
        "kept": c_scaled(1.0 - share),
        "floor": c_scaled(spec.pcen_floor),
        "bias": c_scaled(spec.pcen_bias),
        "gain": _fixed(spec.pcen_gain, 30),
        "power": _fixed(spec.pcen_power, 30),
        "offset": _fixed(spec.pcen_bias**spec.pcen_power, value_fraction),
    }


def _running(spec: FeatureSpec) -> dict[str, object]:
    share = smoothing(spec.running_seconds, spec)
    return {"taken_q24": _fixed(share, 24), "taken": c_scaled(share), "kept": c_scaled(1.0 - share)}


def _add_spectrum(tables: _Tables, spec: FeatureSpec) -> range:
    """Window, FFT and filterbank; returns the FFT bins that the filterbank takes."""
    taper = np.pad(window(spec), (0, spec.window_length % 2))
    points = spec.fft_size // 2
    split = turns(np.arange(1, points // 2 + 1) / spec.fft_size)
    tables.add("int32_t", "ser_features_taper", _fixed(taper, 30))
    tables.add("uint16_t", "ser_features_places", _places(points))
    tables.add("int32_t", "ser_features_twiddles", _fixed(stage_twiddles(points), 30))
    tables.add("int32_t", "ser_features_split_twiddles", _fixed(split, 30))
    segments = mel_segments(spec)
    tables.add("uint16_t", "ser_features_corner_bins", segments["segment_lengths"])
    rising = segments["rising"]
    tables.add("uint16_t", "ser_features_rising_weights", np.minimum(_fixed(rising, 16), 2**16 - 1))
    if spec.mel_norm != "none":
        mantissas, exponents = np.array([scaled(v) for v in segments["mel_scales"].tolist()]).T
        tables.add("uint32_t", "ser_features_norm_mantissas", mantissas)
        tables.add("int8_t", "ser_features_norm_exponents", exponents)
    first_bin = int(segments["first_bin"])
    return range(first_bin, first_bin + len(rising))


def _places(points: int) -> Integers:
    """Where in the order of the first stage each complex value goes: the inverse of reversing its digits."""
    radix = first_radix(points)
    taken = np.array(input_order(points))[:, None] + np.arange(radix) * (points // radix)
    return np.argsort(taken.ravel())


def _add_curve(tables: _Tables, name: str, curve: Callable[[Float64], Float64], fraction: int, c_type: str) -> None:
    """Parabolas through both ends and the middle of each segment of 1..2: value, slope, bend, rounded down.

    A logarithm's bend is subtracted (t - t^2), that of an exponential added.
    """
    ends = 1.0 + np.arange(2**CURVE_BITS + 1) / 2**CURVE_BITS
    start, end = curve(ends[:-1]), curve(ends[1:])
    middle = curve((ends[:-1] + ends[1:]) / 2)
    second = 2 * (start + end - 2 * middle)
    slope = end - start - second
    parts = {"values": (start, "uint32_t"), "slopes": (slope, c_type), "bends": (np.abs(second), c_type)}
    for part, (values, part_type) in parts.items():
        tables.add(part_type, f"{name}_{part}", np.floor(np.ldexp(values, fraction)).astype(np.int64))


def _add_cepstrum(tables: _Tables, spec: FeatureSpec, value_fraction: int) -> int:
    """Rows of 15-bit weights, each with a shift of its own; returns the fractional bits of the coefficients."""
    matrix = cepstrum_matrix(spec)
    largest = _largest_value(spec) * np.abs(matrix).sum(axis=1).max()
    fraction = min(LN_FRACTION, STATIC_BITS - _bits(largest))
    weight_fractions = np.array([15 - _bits(row.max()) for row in np.abs(matrix)])
    weights = [_rounded_with_sum(row) for row in np.ldexp(matrix, weight_fractions[:, None])]
    # The C code drops 8 bits of each sum.
    shifts = weight_fractions + value_fraction - 8 - fraction
    tables.add("int16_t", "ser_features_cepstrum_weights", np.minimum(weights, 2**15 - 1))
    tables.add("uint8_t", "ser_features_cepstrum_shifts", shifts)
    return fraction


def _rounded_with_sum(row: Float64) -> Integers:
    """Whole numbers next to a row's, with its sum: rows that add up to 0 stay blind to the level of all mel bins."""
    rounded = np.floor(row)
    missing = round(row.sum() - rounded.sum())
    rounded[np.argsort(rounded - row)[:missing]] += 1
    return rounded.astype(np.int64)


def _row_reach(spec: FeatureSpec, means: Integers, deviations: Float64, unit: Float64) -> Float64:
    """The distance from the mean at which an int16 row value saturates; compressed mel values never do."""
    # At least a bit: a lifter can make a coefficient 0 whatever is heard.
    reach = np.maximum(_largest_features(spec) / unit + np.abs(means), 1.0)
    usual = np.maximum(ROW_DEVIATIONS * deviations, ROW_SHARE * reach)
    whole = np.arange(spec.features) < (0 if spec.mfcc else spec.mel_bins)
    return np.where(whole, reach, np.minimum(reach, usual))


def _add_statistics(tables: _Tables, spec: FeatureSpec, input_scale: float, static_fraction: int) -> None:
    units = np.ones(1 + spec.deltas)
    if spec.deltas:
        slopes = delta_weights(spec)
        units[1:] = np.abs(slopes).min(axis=1, initial=1.0, where=slopes != 0)
        tables.add("int8_t", "ser_features_delta_weights", np.rint(slopes / units[1:, None]).astype(np.int64))
    unit = np.repeat(np.ldexp(units, -static_fraction), spec.mfcc or spec.mel_bins)  # of each feature's last bit
    deviations = np.clip(np.asarray(spec.std) / unit, 2.0**-20, 2.0**40)
    means = np.clip(np.rint(np.asarray(spec.mean) / unit), -(2**29), 2**29).astype(np.int64)
    tables.add("int32_t", "ser_features_means", means)
    least = SMALLEST_STD / unit
    if spec.normalisation == "running":
        mantissas, exponents = np.array([scaled(v) for v in (deviations**2).tolist()]).T
        tables.add("uint32_t", "ser_features_variance_mantissas", mantissas)
        tables.add("int8_t", "ser_features_variance_exponents", exponents)
    else:
        steps = deviations * input_scale
        if spec.normalisation == "utterance":
            steps = _row_reach(spec, means, deviations, unit) / (2**15 - 1)
            least = least / steps
        gains, shifts = np.array([_mantissa_and_shift(1.0 / step) for step in steps.tolist()]).T
        tables.add("uint16_t", "ser_features_gains", gains)
        tables.add("uint8_t", "ser_features_gain_shifts", shifts)
    if spec.normalisation != "corpus":
        logarithms = np.rint(np.ldexp(np.log(least), LN_FRACTION)).astype(np.int64)
        tables.add("int32_t", "ser_features_ln_least_deviations", logarithms)
