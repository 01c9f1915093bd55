"""What a project flavour is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.boards import Board, Leds, Microphone
from codegen.clip import Clip
from codegen.ir import Model

INCLUDE_DIRS = ("model", "features", "app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every flavour is made of: sources that build on any host, by path below `INCLUDE_DIRS`, and their facts.

    `sources`: those of `files` to compile. `target`: a name made of the model's, of letters, digits and underscores.
    `labels`: of the model's outputs; none without a classifier.
    """

    model: Model
    board: Board
    runtime: str
    fft: str
    has_classifier: bool
    banner: str
    target: str
    files: Mapping[str, str | bytes]
    sources: tuple[str, ...]
    labels: tuple[str, ...] = ()
    clip: Clip | None = None
    microphone: Microphone | None = None

    @property
    def hears(self) -> bool:
        """Whether the bare-metal firmware has something to hear."""
        return self.clip is not None or self.microphone is not None

    @property
    def greeting(self) -> str:
        """The first line that the firmware prints."""
        return f"TinySER: model {self.model.name}, sha256 {self.model.sha256[:16]}, board {self.board.id}"

    @property
    def include_dirs(self) -> tuple[str, ...]:
        """Folders whose headers the sources name without a path."""
        return tuple(name for name in INCLUDE_DIRS if any(path.startswith(f"{name}/") for path in self.files))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A project's files by path, and how they build: `portable_sources` on any host, `board_sources` for the board,
    `fuzz_sources` each to a program with libFuzzer. `shown_on`: the LEDs that its firmware lights."""

    files: Mapping[str, str | bytes]
    portable_sources: tuple[str, ...]
    board_sources: tuple[str, ...] = ()
    include_dirs: tuple[str, ...]
    defines: tuple[str, ...] = ()
    shown_on: Leds | None = None
    fuzz_sources: tuple[str, ...] = ()

    @property
    def model_file(self) -> str:
        return next(path for path in self.files if path.endswith("model.tflite"))
