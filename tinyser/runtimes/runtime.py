"""What every runtime offers, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from tinyser.convert.tflite_file import Integers

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a runtime makes of `n` windows; `logits` come from PyTorch alone, `integers` from int8 and int16 stages."""

    posteriors: Floats  # (n, labels)
    logits: Floats | None = None  # (n, labels)
    integers: Integers | None = None  # (n, labels)


class Stage(Protocol):
    """What every stage says of itself."""

    @property
    def name(self) -> str:
        """The stage's identifier in reports, e.g. `tflite`."""
        ...

    @property
    def title(self) -> str:
        """The stage's name for people, e.g. `TFLite reference kernels`."""
        ...

    @property
    def arithmetic(self) -> str:
        """`float32`, `int8` or `int16`."""
        ...


class Runtime(Stage, Protocol):
    """A stage that turns normalised features into posteriors."""

    def run(self, windows: Floats) -> Answer:
        """Runs float32 (n, *input shape without batch). Raises ToolError when the runtime fails or aborts."""
        ...


@runtime_checkable
class AudioRuntime(Stage, Protocol):
    """A stage that makes its own features: recordings in, one row of posteriors per recording out."""

    def classify(self, recordings: Sequence[Path]) -> Floats:
        """Posteriors (recordings, labels). Raises DataError for bad audio, ToolError when the stage fails."""
        ...
