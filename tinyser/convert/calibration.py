"""The calibration set: real, normalised feature windows that fix the int8 ranges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from codegen.errors import DataError


def load_calibration(path: str | Path, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Reads float32 (windows, *shape) from a `.npy`. Raises DataError naming what is wrong."""
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise DataError(f"{path}: cannot read it ({error.strerror}); give the calibration.npy of a training") from error
    except ValueError as error:
        raise DataError(f"{path}: not a .npy array ({error}); give the calibration.npy of a training") from error
    wanted = ", ".join(("windows", *map(str, shape)))
    if not isinstance(array, np.ndarray) or array.ndim != len(shape) + 1 or array.shape[1:] != shape:
        raise DataError(f"{path}: got shape {np.shape(array)}, allowed is ({wanted}), as the model takes it")
    if array.dtype != np.float32:
        raise DataError(f"{path}: got {array.dtype}, allowed is float32; save it with .astype('float32')")
    if len(array) == 0:
        raise DataError(f"{path}: got no window, allowed is at least one; give windows of real recordings")
    finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if not finite.all():
        raise DataError(f"{path}: window {int(np.argmin(finite))} holds NaN or infinity; remove such windows")
    return array
