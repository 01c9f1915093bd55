"""Runs the simulation of an int8 graph with its roundings set one way and another.

`python -m tinyser.check.rounding_child run|ranges|plain MODEL.tflite PLAN.npz OUT.npz` is a child process, because a
bad model aborts the interpreter. All files are float32 throughout, so that TFLite's fast kernels serve; `plain` runs
one as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# How `ranges` chooses what a tensor's scale holds: all values, all but the farthest, the least square error.
RANGES = ("min-max", "percentile", "least error")
_PERCENTILE = 0.05  # at each end
_SAMPLES = 1024  # of a tensor, in a window
_SHARES = np.linspace(0.2, 1.0, 17)  # of the whole range, of which the one with the least error is kept
_TYPE_FIELD = 6  # of Tensor in schema.fbs: its offset in the table of fields


class Switches:
    """The bytes of a simulation, in which roundings are set without packing it anew."""

    def __init__(self, content: bytes, tensors: npt.NDArray[np.int64]) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.content = bytearray(content)
        self._schema = schema
        self._graph = schema.Model.GetRootAs(self.content, 0).Subgraphs(0)
        self._tensors = tensors
        readers = [self._graph.Operators(index).InputsAsNumpy() for index in range(self._graph.OperatorsLength())]
        self._readers = [*readers, self._graph.OutputsAsNumpy()[:1]]

    def set(self, setting: npt.NDArray[np.float64]) -> bytes:
        """The file with the roundings as set: (roundings, 3) of bits, scale, zero point."""
        instead = {}
        for (written, rounded, read), (bits, scale, zero_point) in zip(self._tensors, setting, strict=True):
            instead[read], instead[written] = (written, written) if bits == 0 else (read, read)
            if bits:
                self._quantize(int(rounded), int(bits), scale, int(zero_point))
        quantizes = set(self._tensors[:, 1].tolist())
        for index, reader in enumerate(self._readers):
            if index == len(self._readers) - 1 or int(self._graph.Operators(index).Outputs(0)) not in quantizes:
                reader[:] = [instead.get(int(tensor), int(tensor)) for tensor in reader]
        return bytes(self.content)

    def _quantize(self, index: int, bits: int, scale: float, zero_point: int) -> None:
        tensor = self._graph.Tensors(index)
        quantization = tensor.Quantization()
        quantization.ScaleAsNumpy()[0] = scale
        quantization.ZeroPointAsNumpy()[0] = zero_point
        kind = self._schema.TensorType.INT8 if bits == 8 else self._schema.TensorType.INT16
        self.content[tensor._tab.Pos + tensor._tab.Offset(_TYPE_FIELD)] = kind


def best_range(values: npt.NDArray[np.float32], bits: int = 8) -> tuple[float, float]:
    """Least and largest value of the scale of so many bits with the least square error on these values."""
    least, largest = min(0.0, float(values.min())), max(0.0, float(values.max()))
    errors = []
    for share in _SHARES:
        step = max((largest - least) * share / (2**bits - 1), 1e-12)
        clipped = np.clip(values, least * share, largest * share)
        errors.append(np.mean((np.rint(clipped / step) * step - values) ** 2))
    share = _SHARES[int(np.argmin(errors))]
    return least * share, largest * share


def _interpreter(content: bytes, **options: Any) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1, **options)
    interpreter.allocate_tensors()
    return interpreter


def _invoke(interpreter: Any, window: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    (entry,), (result, *_) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.reset_all_variables()
    interpreter.set_tensor(entry["index"], window.reshape(entry["shape"]))
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(result["index"])).reshape(-1)


def _run(path: Path, plan: Any) -> dict[str, npt.NDArray[Any]]:
    switches = Switches(path.read_bytes(), plan["tensors"])
    posteriors = []
    for setting in plan["settings"]:
        interpreter = _interpreter(switches.set(setting))
        posteriors.append([_invoke(interpreter, window) for window in plan["windows"]])
    return {"posteriors": np.array(posteriors)}


def _plain(path: Path, plan: Any) -> dict[str, npt.NDArray[Any]]:
    interpreter = _interpreter(path.read_bytes())
    return {"outputs": np.array([_invoke(interpreter, row) for row in plan["rows"]])}


def _ranges(path: Path, plan: Any) -> dict[str, npt.NDArray[Any]]:
    tensors = plan["tensors"]
    content = Switches(path.read_bytes(), tensors).set(np.zeros((len(tensors), 3)))
    interpreter = _interpreter(content, experimental_preserve_all_tensors=True)
    random = np.random.default_rng(0)
    samples: list[list[npt.NDArray[np.float32]]] = [[] for _ in tensors]
    extremes = np.tile([0.0, 0.0], (len(tensors), 1))
    for window in plan["windows"]:
        _invoke(interpreter, window)
        for row, written in enumerate(tensors[:, 0]):
            values = interpreter.get_tensor(written).ravel()
            extremes[row] = min(extremes[row, 0], values.min()), max(extremes[row, 1], values.max())
            samples[row].append(values if values.size <= _SAMPLES else random.choice(values, _SAMPLES, replace=False))
    drawn = [np.concatenate(parts) for parts in samples]
    ends = (_PERCENTILE, 100 - _PERCENTILE)
    percentiles = [np.percentile(values, ends) for values in drawn]
    return {
        "ranges": np.array([extremes, percentiles, [best_range(*of) for of in zip(drawn, plan["bits"], strict=True)]])
    }


if __name__ == "__main__":
    with np.load(sys.argv[3], allow_pickle=False) as plan:
        found = {"run": _run, "ranges": _ranges, "plain": _plain}[sys.argv[1]](Path(sys.argv[2]), plan)
    np.savez(sys.argv[4], **found)
