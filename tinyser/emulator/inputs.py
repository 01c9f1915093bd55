"""Model inputs from `.npy` files, quantized as TFLite does where they are float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codegen.errors import DataError
from tinyser.emulator.emulation import Int8s
from tinyser.emulator.project_folder import Project, TensorEntry


def load_rows(project: Project, path: str | Path) -> Int8s:
    """Bytes of inputs, int8 (runs, input bytes), from an array of the inputs' type or of float32: the model's shape, or
    a batch of it.

    Raises DataError for a missing or damaged file, another type or shape, or values that are not finite.
    """
    path = Path(path)
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); give a .npy file") from error
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: not a .npy array ({error}); write it with numpy.save") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: got an archive of arrays, allowed is one array; write it with numpy.save")
    rows = _rows(project, array, path)
    given = {entry.dtype for entry in project.inputs}
    if {str(array.dtype)} == given:
        return np.ascontiguousarray(rows).view(np.int8)
    if array.dtype != np.float32:
        allowed = " and ".join([*(given if len(given) == 1 else ()), "float32"])
        raise DataError(f"{path}: got {array.dtype}, allowed are {allowed}; convert the array first")
    if not np.isfinite(rows).all():
        raise DataError(f"{path}: holds values that are not finite; mend the recording or its features")
    ends = np.cumsum([entry.size for entry in project.inputs])[:-1]
    parts = np.split(rows.astype(np.float32), ends, axis=1)
    quantized = [quantize(part, entry).view(np.int8) for part, entry in zip(parts, project.inputs, strict=True)]
    return np.ascontiguousarray(np.concatenate(quantized, axis=1))


def quantize(values: npt.NDArray[np.float32], entry: TensorEntry) -> npt.NDArray[np.signedinteger[Any]]:
    """float32 to the entry's type: divided by the scale in float32, halves away from zero, plus zero point (TFLite
    QUANTIZE)."""
    scaled = (values / np.float32(entry.scale)).astype(np.float64)
    rounded = np.trunc(scaled + np.copysign(0.5, scaled)) + entry.zero_point
    limits = np.iinfo(entry.dtype)
    return np.clip(rounded, limits.min, limits.max).astype(entry.dtype)


def zero_row(project: Project) -> Int8s:
    """One input of real value 0, int8 (1, input bytes)."""
    zeros = [np.full((1, entry.size), entry.zero_point, entry.dtype).view(np.int8) for entry in project.inputs]
    return np.concatenate(zeros, axis=1)


def _rows(project: Project, array: npt.NDArray[np.generic], path: Path) -> npt.NDArray[np.generic]:
    """(runs, elements) of an array that has the model's shape, or a leading batch axis before it."""
    elements = sum(entry.size for entry in project.inputs)
    shapes = [without_batch(entry.shape) for entry in project.inputs]
    single = shapes[0] if len(shapes) == 1 else (elements,)
    exact = [single] + ([project.inputs[0].shape] if len(shapes) == 1 else [])
    if array.shape in exact:
        return array.reshape(1, -1)
    batches = (single, (elements,))
    if array.ndim > 1 and array.shape[1:] in batches and len(array) > 0:
        return array.reshape(len(array), -1)
    allowed = " or ".join(dict.fromkeys([_show("runs", *single), *(_show(*shape) for shape in exact)]))
    raise DataError(f"{path}: got shape {array.shape}, allowed is {allowed}; give what the model's input takes")


def without_batch(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A model's shape without its leading batch axis of 1."""
    return shape[1:] if len(shape) > 1 and shape[0] == 1 else shape


def _show(*extents: object) -> str:
    return f"({', '.join(map(str, extents))})"


def batch_outputs(project: Project, outputs: Int8s) -> npt.NDArray[np.generic]:
    """Rows (runs, output bytes) in the model's shape and type, (runs, *shape); bytes of several outputs."""
    if len(project.outputs) != 1:
        return outputs
    (entry,) = project.outputs
    return np.ascontiguousarray(outputs).view(entry.dtype).reshape(len(outputs), *without_batch(entry.shape))
