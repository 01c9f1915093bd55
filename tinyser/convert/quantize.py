"""ONNX -> fully int8 TFLite that carries its model card and a self-test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codegen.atomic import new_file
from codegen.errors import DataError, QuantizationError, ToolError, UnsupportedOperatorError
from codegen.model_card import SelfTest
from tinyser.convert.calibration import load_calibration
from tinyser.convert.converter import convert_int8
from tinyser.convert.free_ranges import AUTO
from tinyser.convert.onnx_file import OnnxFile, read_onnx
from tinyser.convert.refit import LEAST_WINDOWS, Refit, refit
from tinyser.convert.tflite_file import TfliteFile, read_tflite_file, write_with_card
from tinyser.runtimes.integer_model import tflite_reference
from tinyser.runtimes.onnx_model import OnnxRuntime
from tinyser.runtimes.runtime import Floats

# Evenly spaced: enough to tell what quantization did, without a long wait on a large calibration set.
_COMPARED_WINDOWS = 256


@dataclass(frozen=True, slots=True)
class Quantized:
    """What `quantize` made, and how far int8 is from float on calibration windows.

    `refit`: what fitting linear layers anew did to the posteriors' error; None where that was not possible.
    """

    path: Path
    bytes: int
    features: Path | None
    windows: int
    decision_agreement: float
    sqnr_db: float
    max_posterior_difference: float
    refit: Refit | None


def quantize(
    onnx: str | Path,
    calibration: str | Path,
    out: str | Path,
    float_tflite: str | Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
    ways: Sequence[str] = AUTO,
    qat_epochs: int = 0,
    seed: int = 0,
) -> Quantized:
    """Writes an int8 `.tflite` to `out`, and `features.json` beside it when the model card has features.

    `float_tflite`: where the same graph in float32 goes, for `tinyser check`. `progress` hears what is being fitted.
    `ways` to set ranges are tried, and the best on windows held out is kept; so is quantization-aware fine-tuning, of
    `qat_epochs` passes over the windows.

    `calibration` is a `.npy` of float32 (windows, *input shape without batch). Raises ModelFormatError,
    DataError, ToolError (onnx2tf failed) and QuantizationError (not int8 throughout, or the layout changed).
    """
    source, out = read_onnx(onnx), Path(out)
    if not out.parent.is_dir():
        raise DataError(f"{out}: folder {out.parent} does not exist; create it or choose another output path")
    if float_tflite is not None and not Path(float_tflite).parent.is_dir():
        raise DataError(
            f"{float_tflite}: folder {Path(float_tflite).parent} does not exist; create it or choose another path"
        )
    windows = load_calibration(calibration, source.input_shape[1:])
    if qat_epochs and len(windows) < LEAST_WINDOWS:
        raise DataError(
            f"{calibration}: got {len(windows)} windows, --qat needs {LEAST_WINDOWS}, as some judge what the others "
            "gave; give more, or leave --qat out"
        )
    with tempfile.TemporaryDirectory(prefix="tinyser-") as folder:
        plain, floats_file = convert_int8(source, Path(calibration).resolve(), Path(folder))
        _checked(plain, source)
        floats = OnnxRuntime(onnx).run(windows).posteriors
        fitted = Path(folder) / "fitted.tflite", Path(folder) / "fitted_float32.tflite"
        fit = refit(plain, floats_file, windows, floats, *fitted, progress, ways, _tune(qat_epochs, seed, progress))
        made, twin = fitted if fit is not None and fit.kept else (plain, floats_file)
        model = read_tflite_file(made)
        chosen = np.linspace(0, len(windows) - 1, min(len(windows), _COMPARED_WINDOWS)).astype(int)
        compared, floats = windows[chosen], floats[chosen]
        answer = tflite_reference(model).run(compared)
        assert answer.integers is not None
        given = model.input.quantize(compared[0])
        card = replace(source.card, selftest=SelfTest(given.tobytes(), _expected(made, given, answer.integers[0])))
        if float_tflite is not None:
            with new_file(float_tflite) as written:
                shutil.copyfile(twin, written)
        write_with_card(made, out, card, input_name=source.input_name, output_name=source.output_name)
    features = None
    if card.features is not None:
        features = out.parent / "features.json"
        card.features.save(features)
    return Quantized(
        path=out,
        bytes=out.stat().st_size,
        features=features,
        windows=len(compared),
        decision_agreement=float(np.mean(floats.argmax(axis=1) == answer.posteriors.argmax(axis=1))),
        sqnr_db=sqnr_db(floats, answer.posteriors),
        max_posterior_difference=float(np.abs(floats - answer.posteriors).max()),
        refit=fit,
    )


def _tune(epochs: int, seed: int, progress: Callable[[str], None]) -> Callable[[Path, Path, Floats], None] | None:
    """PyTorch takes its time to start: only where it is asked for."""
    if epochs == 0:
        return None
    from tinyser.convert.fine_tune import fine_tune

    return partial(fine_tune, epochs=epochs, seed=seed, progress=progress)


def _expected(model: Path, given: npt.NDArray[np.int8], by_tflite: npt.NDArray[np.int8]) -> bytes:
    """TFLM's bytes, which the firmware gives, where TFLM can run; else TFLite's, which a rounding tie may set apart."""
    from tinyser.emulator.tflm import run_model

    if find_spec("tflite_micro") is None:
        return by_tflite.tobytes()
    try:
        return run_model(model, given.reshape(1, -1))[0].tobytes()
    except (ToolError, UnsupportedOperatorError):
        return by_tflite.tobytes()


def sqnr_db(signal: npt.NDArray[np.float32], approximation: npt.NDArray[np.float32]) -> float:
    """Signal to quantization noise in dB: 10 log10(sum signal^2 / sum (signal - approximation)^2)."""
    noise = float(np.sum((signal.astype(np.float64) - approximation) ** 2))
    power = float(np.sum(signal.astype(np.float64) ** 2))
    return float(10 * np.log10(power / max(noise, 1e-30)))


def _checked(path: Path, source: OnnxFile) -> TfliteFile:
    """Reads onnx2tf's file. Raises QuantizationError unless it is int8 throughout and kept both shapes."""
    try:
        model = read_tflite_file(path)
    except QuantizationError as error:
        raise QuantizationError(str(error).replace(str(path), str(source.path), 1)) from error
    for got, wanted, what in (
        (model.input.shape, source.input_shape, "input"),
        (model.output.shape, source.output_shape, "output"),
    ):
        if got != wanted:
            raise QuantizationError(
                f"{source.path}: the int8 {what} became {got}, allowed is {wanted} as in ONNX; "
                f"reshape inside the model, so that its {what} keeps that layout"
            )
    return model
