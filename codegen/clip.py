"""A recording in flash: what an application hears that has no microphone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Mono PCM, int16 (samples,), and what it is called. Raises DataError where it holds nothing."""

    title: str
    samples: NDArray[np.int16]
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if len(self.samples) == 0:
            raise DataError(f"--clip {self.title}: holds no samples; give a recording with sound")

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate_hz

    @property
    def flash_bytes(self) -> int:
        return 2 * len(self.samples)
