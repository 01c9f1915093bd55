"""A generated project on disk, as its manifest.json describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.untrusted import parse_json
from tinyser.emulator.emulation import Int8s


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """An input or output of the model; scale 1 and zero point 0 where it is not quantized. An input always is."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int
    bytes: int

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.bytes // np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Project:
    """Paths of sources are relative to `folder`."""

    folder: Path
    runtime: str
    board: str
    model_bytes: int
    inputs: tuple[TensorEntry, ...]
    outputs: tuple[TensorEntry, ...]
    labels: tuple[str, ...] | None
    features: FeatureSpec | None
    arena_bytes: int
    weights_bytes: int
    selftest_bytes: int
    portable_sources: tuple[str, ...]
    board_sources: tuple[str, ...]
    include_dirs: tuple[str, ...]
    defines: tuple[str, ...]
    fft: str = "own"
    model_path: str = "model/model.tflite"

    @property
    def input_bytes(self) -> int:
        return sum(entry.bytes for entry in self.inputs)

    @property
    def output_bytes(self) -> int:
        return sum(entry.bytes for entry in self.outputs)

    @property
    def model_file(self) -> Path:
        return self.folder / self.model_path

    def label_names(self) -> tuple[str, ...]:
        """The labels, or `class 0`, ... where the model has none."""
        return self.labels or tuple(f"class {index}" for index in range(self.output_bytes))

    def check_rows(self, rows: Int8s) -> Int8s:
        """`rows` of bytes as contiguous int8 (runs, input bytes). Raises DataError for another type or shape."""
        if rows.dtype != np.int8 or rows.ndim != 2 or rows.shape[1] != self.input_bytes or len(rows) == 0:
            raise DataError(
                f"inputs: got {rows.dtype} {rows.shape}, allowed is int8 (runs, {self.input_bytes}) with at least one "
                "run; give what the model's inputs take"
            )
        return np.ascontiguousarray(rows)

    def need_features(self) -> FeatureSpec:
        """The feature specification. Raises DataError where the project has none."""
        if self.features is None:
            raise DataError(
                f"{self.folder}: this project has no audio features, so it cannot take a recording; give --input "
                "X.npy, or generate it again with --features features.json"
            )
        return self.features


def load_project(folder: str | Path) -> Project:
    """Reads manifest.json. Raises DataError when the folder is not a generated project."""
    folder = Path(folder)
    path = folder / "manifest.json"
    try:
        manifest = parse_json(path.read_text(encoding="utf-8"))
        return _parse(folder.resolve(), manifest)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); give a folder that 'tinyser generate' wrote"
        ) from error
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError(
            f"{path}: not a manifest of this version ({type(error).__name__}: {error}); generate the project again"
        ) from error


def _parse(folder: Path, manifest: Mapping[str, Any]) -> Project:
    build, features, labels = manifest["build"], manifest["features"], manifest["labels"]
    return Project(
        folder=folder,
        runtime=manifest["runtime"],
        board=manifest["board"],
        model_bytes=manifest["model"]["bytes"],
        inputs=tuple(_tensor(entry) for entry in manifest["inputs"]),
        outputs=tuple(_tensor(entry) for entry in manifest["outputs"]),
        labels=None if labels is None else tuple(labels),
        features=None if features is None else FeatureSpec.from_json(features),
        arena_bytes=manifest["arena_bytes"],
        weights_bytes=manifest["weights_bytes"],
        selftest_bytes=manifest["selftest_bytes"],
        portable_sources=tuple(build["portable_sources"]),
        board_sources=tuple(build["board_sources"]),
        include_dirs=tuple(build["include_dirs"]),
        defines=tuple(build["defines"]),
        fft="own" if manifest["classifier"] is None else manifest["classifier"]["fft"],
        model_path=manifest["model"]["file"],
    )


def _tensor(entry: Mapping[str, Any]) -> TensorEntry:
    scale, zero_point = (1.0, 0) if entry["scale"] is None else (float(entry["scale"]), int(entry["zero_point"]))
    return TensorEntry(entry["name"], tuple(entry["shape"]), entry["dtype"], scale, zero_point, entry["bytes"])
