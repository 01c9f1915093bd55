"""What every emulator answers, wherever the model ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Int8s = npt.NDArray[np.int8]
POSTERIOR_ONE = 1 << 24  # the posterior 1, as the firmware gives it
SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of a linked image: flash in all, its weights, its code (all else but self-test vectors), static RAM."""

    flash_total: int | None
    flash_weights: int
    flash_code: int | None
    ram: int | None


@dataclass(frozen=True, slots=True)
class Emulation:
    """Outputs as bytes, int8 (runs, output bytes); what a runtime cannot know is None."""

    outputs: Int8s
    arena_bytes: int
    sizes: Sizes
    instructions: tuple[int, ...] | None = None  # of each counted inference
    stack_bytes: int | None = None

    @property
    def instructions_per_inference(self) -> int | None:
        """Mean over the counted inferences, rounded."""
        return None if not self.instructions else round(sum(self.instructions) / len(self.instructions))

    def to_json(self) -> dict[str, Any]:
        """The object of `tinyser emulate --json`."""
        sizes = self.sizes
        return {
            "runs": len(self.outputs),
            "instructions_per_inference": self.instructions_per_inference,
            "arena_bytes": self.arena_bytes,
            "stack_bytes": self.stack_bytes,
            "flash_bytes": {"total": sizes.flash_total, "weights": sizes.flash_weights, "code": sizes.flash_code},
            "ram_bytes": sizes.ram,
        }


@dataclass(frozen=True, slots=True)
class Classification:
    """A clip: the mean posterior of each label, the label decided for, and the windows' runs."""

    emulation: Emulation
    labels: tuple[str, ...]
    posteriors: tuple[float, ...]
    decision: int

    def to_json(self) -> dict[str, Any]:
        """The object of `tinyser emulate --json` for a recording."""
        return {
            **self.emulation.to_json(),
            "labels": list(self.labels),
            "posteriors": list(self.posteriors),
            "decision": self.labels[self.decision],
        }


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream after `samples` samples; a decision of `len(labels)` is silence, None none yet.

    `posteriors_q24` are the smoothed ones, None before the first inference and before the first after silence.
    """

    samples: int
    windows: int
    silent: bool
    decision: int | None
    posteriors_q24: tuple[int, ...] | None

    def to_json(self, labels: tuple[str, ...], sample_rate_hz: int) -> dict[str, Any]:
        """A row of `tinyser emulate --stream --json`."""
        smoothed = self.posteriors_q24
        return {
            "seconds": self.samples / sample_rate_hz,
            "inferences": self.windows,
            "gate": "closed" if self.silent else "open",
            "posteriors": None if smoothed is None else [value / POSTERIOR_ONE for value in smoothed],
            "decision": None if self.decision is None else (*labels, SILENCE)[self.decision],
        }


@dataclass(frozen=True, slots=True)
class Stream:
    """A recording heard as a stream: its states where they changed, and the windows' runs."""

    emulation: Emulation
    labels: tuple[str, ...]
    sample_rate_hz: int
    states: tuple[StreamState, ...]

    def to_json(self) -> dict[str, Any]:
        """The object of `tinyser emulate --stream --json`."""
        rows = [state.to_json(self.labels, self.sample_rate_hz) for state in self.states]
        return {**self.emulation.to_json(), "labels": list(self.labels), "stream": rows}
