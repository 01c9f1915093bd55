"""Layer by layer: what quantization does to every tensor that an operator of the int8 graph makes."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codegen.errors import ModelFormatError
from tinyser.check import layers_child
from tinyser.check.float_twin import write_float_twin
from tinyser.check.layers_child import SUMS
from tinyser.convert.paired_tensors import BETWEEN_SCALES, paired_tensors
from tinyser.convert.tflite_file import load, operator_name
from tinyser.emulator.child import run_child
from tinyser.runtimes.runtime import Floats
from tinyser.runtimes.tflite_reference import QUIET

# Their output is their input's values: what they lose was lost before.
MOVES = (
    *("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "PAD", "MIRROR_PAD", "PACK", "UNPACK", "GATHER"),
    *("SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "MAX_POOL_2D", "RESIZE_NEAREST_NEIGHBOR"),
)
_SILENCE = 1e-30  # keeps ratios finite where a tensor, or its error, is all zeros


@dataclass(frozen=True, slots=True)
class Layer:
    """An operator's output over all windows looked at, against the same tensor of the float graph.

    `sqnr_db`: signal to quantization noise of all that happened up to here; `own_sqnr_db`: what rounding and clipping
    to this tensor's scale alone would leave. `l2_ratio`: norm of the error over norm of the signal. `saturated`: share
    of the float graph's values that lie beyond what the scale can hold; `range_used`: share of the type's values
    between the least and the largest that were seen.
    """

    index: int
    operator: str
    tensor: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    sqnr_db: float
    own_sqnr_db: float
    cosine: float
    l2_ratio: float
    saturated: float
    range_used: float


@dataclass(frozen=True, slots=True)
class LayerReport:
    """`reference` says what the float graph was; `windows` went through both."""

    reference: str
    windows: int
    layers: tuple[Layer, ...]

    def coarsest(self, count: int) -> tuple[Layer, ...]:
        """Layers whose own scale loses most, worst first; what only moves or selects values is left out."""
        chosen = [layer for layer in self.layers if layer.operator not in MOVES]
        return tuple(sorted(chosen, key=lambda layer: layer.own_sqnr_db)[:count])


@dataclass(frozen=True, slots=True)
class _Made:
    """A tensor that an operator makes."""

    index: int  # of the operator
    operator: str
    tensor: int
    about: Any  # TensorT

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(map(int, self.about.shape))


def compare_layers(int8: Path, float_tflite: Path | None, windows: Floats) -> LayerReport:
    """Runs float32 (n, *input shape without batch) through both graphs.

    Without `float_tflite`, the file before quantization, the int8 file's own twin in float32 is the truth. Raises
    ModelFormatError when the two files are not of one model, QuantizationError when there is no twin, ToolError when
    TFLite refuses or aborts.
    """
    with tempfile.TemporaryDirectory(prefix="tinyser-") as scratch:
        folder = Path(scratch)
        if float_tflite is None:
            write_float_twin(int8, folder / "twin.tflite")
        floats = float_tflite or folder / "twin.tflite"
        pairs = _pairs(int8, floats)
        plan = [[made.tensor, other, *quantization_of(made.about)] for made, other in pairs]
        (folder / "plan.json").write_text(json.dumps(plan))
        np.save(folder / "rows.npy", windows)
        names = (int8.resolve(), floats.resolve(), *(folder / name for name in ("plan.json", "rows.npy", "out.npy")))
        run_child(
            [sys.executable, "-m", layers_child.__name__, *map(str, names)], f"{int8}: TFLite, every tensor", QUIET
        )
        sums = np.load(folder / "out.npy", allow_pickle=False)
    reference = "the same graph in float32, weights as they are rounded" if float_tflite is None else float_tflite.name
    layers = tuple(_layer(ours, row) for (ours, _), row in zip(pairs, sums, strict=True))
    return LayerReport(reference, len(windows), layers)


def _pairs(int8: Path, floats: Path) -> list[tuple[_Made, int]]:
    """What the int8 graph makes and has quantized, in order, and the float graph's tensor of the same values."""
    model = load(int8)
    same, difference = paired_tensors(model, load(floats))
    if difference is not None:
        raise ModelFormatError(f"{floats}: {difference}; give the float file that {int8} was made from")
    return [(made, same[made.tensor]) for made in _made(model) if made.tensor in same and has_scale(made.about)]


def _made(model: Any) -> list[_Made]:
    graph = model.subgraphs[0]
    named = [(index, operator_name(model, operator), operator) for index, operator in enumerate(graph.operators)]
    return [
        _Made(index, name, int(tensor), graph.tensors[tensor])
        for index, name, operator in named
        if name not in BETWEEN_SCALES
        for tensor in operator.outputs
    ]


def has_scale(tensor: Any) -> bool:
    """Whether a `TensorT` is quantized with one scale."""
    quantization = tensor.quantization
    return quantization is not None and quantization.scale is not None and len(quantization.scale) == 1


def quantization_of(tensor: Any) -> tuple[float, int, int, int]:
    """(scale, zero point, lowest, highest integer) of a `TensorT`."""
    from ai_edge_litert import schema_py_generated as schema

    bits = {schema.TensorType.INT8: 7, schema.TensorType.INT16: 15}.get(tensor.type, 31)
    return float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0]), -(1 << bits), (1 << bits) - 1


def tensor_name(tensor: Any) -> str:
    """Of a `TensorT`."""
    return tensor.name.decode("utf-8", "replace") if isinstance(tensor.name, bytes) else str(tensor.name)


def _layer(made: _Made, row: Any) -> Layer:
    sums = dict(zip(SUMS, row.tolist(), strict=True))
    scale, zero_point, low, high = quantization_of(made.about)
    return Layer(
        index=made.index,
        operator=made.operator,
        tensor=tensor_name(made.about),
        shape=made.shape,
        scale=scale,
        zero_point=zero_point,
        sqnr_db=_decibels(sums["signal"], sums["noise"]),
        own_sqnr_db=_decibels(sums["signal"], sums["own_noise"]),
        cosine=sums["product"] / max(_SILENCE, (sums["signal"] * sums["power"]) ** 0.5),
        l2_ratio=(sums["noise"] / max(_SILENCE, sums["signal"])) ** 0.5,
        saturated=sums["saturated"] / sums["values"],
        range_used=(sums["highest"] - sums["lowest"] + 1) / (high - low + 1),
    )


def _decibels(signal: float, noise: float) -> float:
    return float(10 * np.log10(max(signal, _SILENCE) / max(noise, _SILENCE)))
