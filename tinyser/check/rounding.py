"""A simulation of the int8 graph in float32, in which each tensor can be rounded or left alone.

It is the graph's float32 twin with QUANTIZE and DEQUANTIZE after each tensor that rounds. Integer kernels round inside,
too, and what only changes scales is left out: how near it comes to the int8 graph is for the report to say.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyser.check import rounding_child
from tinyser.check.float_twin import float_twin
from tinyser.check.layers import MOVES, has_scale, quantization_of, tensor_name
from tinyser.convert.tflite_file import load, operator_name, write_model
from tinyser.emulator.child import run_child
from tinyser.runtimes.runtime import Floats
from tinyser.runtimes.tflite_reference import QUIET

# Whose output scale TFLite's kernels prescribe.
_FIXED_SCALE = ("SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "TANH", "L2_NORMALIZATION")
# (roundings, 3): bits, scale, zero point; bits of 0: not rounded.
Setting = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rounding:
    """Where the int8 graph rounds: the output of an operator, or with `index` -1 the model's input.

    `written`, `rounded`, `read`: tensors of the simulation before QUANTIZE, after it, and after DEQUANTIZE.
    """

    index: int
    operator: str
    tensor: str
    written: int
    rounded: int
    read: int
    bits: int
    scale: float
    zero_point: int

    @property
    def has_free_scale(self) -> bool:
        return self.operator not in _FIXED_SCALE


@dataclass(frozen=True, slots=True)
class Simulation:
    """A file in a folder of its own, and where it rounds."""

    path: Path
    roundings: tuple[Rounding, ...]

    def as_quantized(self) -> Setting:
        """Every tensor rounded as in the int8 graph."""
        return np.array([(one.bits, one.scale, one.zero_point) for one in self.roundings])

    def run(self, settings: list[Setting], windows: Floats) -> Floats:
        """Posteriors (settings, windows, labels) of float32 windows. Raises ToolError."""
        return self._child("run", windows, settings=np.array(settings))["posteriors"]

    def ranges(self, windows: Floats) -> npt.NDArray[np.float64]:
        """(ways, roundings, 2): least and largest value by each of `rounding_child.RANGES`. Raises ToolError."""
        return self._child("ranges", windows, bits=np.array([one.bits for one in self.roundings]))["ranges"]

    def _child(self, task: str, windows: Floats, **more: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        tensors = np.array([(one.written, one.rounded, one.read) for one in self.roundings])
        return _child(task, self.path, tensors=tensors, windows=windows, **more)


def run_plain(path: Path, rows: Floats) -> Floats:
    """A float32 file on (n, input values): (n, output values). Raises ToolError."""
    return _child("plain", path, rows=rows)["outputs"]


def _child(task: str, model: Path, **plan: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    with tempfile.TemporaryDirectory(prefix="tinyser-") as scratch:
        source, sink = Path(scratch) / "plan.npz", Path(scratch) / "out.npz"
        np.savez(source, **plan)
        command = [sys.executable, "-m", rounding_child.__name__, task, str(model.resolve()), str(source), str(sink)]
        run_child(command, f"{model.name}: roundings in TFLite", QUIET)
        with np.load(sink, allow_pickle=False) as content:
            return dict(content)


def write_simulation(int8: Path, target: Path, twin: Any = None) -> Simulation:
    """Writes the simulation of an int8 `.tflite`. Raises as `float_twin`.

    `twin`: its float twin with something changed that leaves tensors in their places.
    """
    original = load(int8).subgraphs[0]
    makers = {int(tensor): index for index, made in enumerate(original.operators) for tensor in made.outputs}
    model = float_twin(int8) if twin is None else twin
    graph = model.subgraphs[0]
    writer = _Writer(model, original.tensors)
    writer.round(map(int, graph.inputs), -1, "input")
    for operator in graph.operators:
        name = operator_name(model, operator)
        operator.inputs = [writer.instead.get(int(tensor), int(tensor)) for tensor in operator.inputs]
        writer.operators.append(operator)
        if name not in MOVES:
            writer.round(map(int, operator.outputs), makers[int(operator.outputs[0])], name)
    (output,) = map(int, graph.outputs)
    # All roundings are outputs, too: the kernels' delegate aborts on what nobody reads.
    graph.outputs = [writer.instead.get(output, output), *(one.read for one in writer.roundings)]
    graph.operators = writer.operators
    write_model(model, target)
    return Simulation(target, tuple(writer.roundings))


class _Writer:
    """Puts QUANTIZE and DEQUANTIZE behind tensors; `instead`: what reads a tensor then reads."""

    def __init__(self, model: Any, tensors: Any) -> None:
        self._model, self._graph, self._original = model, model.subgraphs[0], tensors
        self._codes = [self._code(name) for name in ("QUANTIZE", "DEQUANTIZE")]
        self.operators: list[Any] = []
        self.roundings: list[Rounding] = []
        self.instead: dict[int, int] = {}

    def round(self, tensors: Iterable[int], index: int, name: str) -> None:
        """Rounds those of an operator's outputs that are rounded in the int8 graph."""
        for tensor in tensors:
            about = self._original[tensor]
            if not has_scale(about):
                continue
            rounded, read = self._tensor(tensor, about), self._tensor(tensor, None)
            for code, source, sink in zip(self._codes, (tensor, rounded), (rounded, read), strict=True):
                self.operators.append(_conversion(code, source, sink))
            scale, zero_point, low, high = quantization_of(about)
            bits = (high - low).bit_length()
            self.roundings.append(
                Rounding(index, name, tensor_name(about), tensor, rounded, read, bits, scale, zero_point)
            )
            self.instead[tensor] = read

    def _tensor(self, like: int, quantized: Any) -> int:
        """A new tensor of the same shape, float32 or as `quantized` is."""
        from ai_edge_litert import schema_py_generated as schema

        made = schema.TensorT()
        made.shape, made.buffer = self._graph.tensors[like].shape, 0
        made.name = f"rounding_{len(self._graph.tensors)}"
        made.type = schema.TensorType.FLOAT32 if quantized is None else quantized.type
        if quantized is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = [float(quantized.quantization.scale[0])]
            made.quantization.zeroPoint = [int(quantized.quantization.zeroPoint[0])]
        self._graph.tensors.append(made)
        return len(self._graph.tensors) - 1

    def _code(self, name: str) -> int:
        from ai_edge_litert import schema_py_generated as schema

        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        code.version = 2
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1


def _conversion(code: int, source: int, sink: int) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, [source], [sink]
    return operator
