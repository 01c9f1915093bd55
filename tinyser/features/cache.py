"""Log-mel features kept on disk, keyed by what they depend on: front end and the recording's bytes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen.atomic import new_file
from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from tinyser.features.audio import SAMPLE_RATE_HZ, read_audio
from tinyser.features.log_mel import Float32, log_mel


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/tinyser`, by default `~/.cache/tinyser`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tinyser"


@dataclass(slots=True)
class _Opened:
    """The recording in hand: the segments of a long one come one after another. `samples` once they are needed."""

    path: Path
    sha256: str
    samples: NDArray[np.int16] | None = None


@dataclass(slots=True)
class FeatureCache:
    """Log-mel arrays before normalisation, (frames, mels), one file per recording or segment and front end.

    A recording must not change while one cache object reads its segments.
    """

    spec: FeatureSpec
    folder: Path = field(default_factory=lambda: cache_folder() / "features")
    notes: list[str] = field(default_factory=list)
    _front_end: str = ""
    _opened: _Opened | None = None

    def __post_init__(self) -> None:
        # Normalisation and context come after the log-mel values and must not split the cache.
        settings = {k: v for k, v in self.spec.to_json().items() if k not in ("mean", "std")}
        settings |= {"context_frames": 1, "stride_frames": 1}
        self._front_end = FeatureSpec.unnormalised(**settings).digest()[:16]

    def load(self, path: Path, start_seconds: float = 0.0, end_seconds: float | None = None) -> Float32:
        """Features of a recording, or of its segment up to `end_seconds` (None: its end), cached or computed now.

        Raises DataError if it is unreadable, or when no part of the segment lies within it.
        """
        if self._opened is None or self._opened.path != path:
            content = path.read_bytes() if path.is_file() else b""
            self._opened = _Opened(path, hashlib.sha256(content).hexdigest())
        first = round(start_seconds * SAMPLE_RATE_HZ)
        last = None if end_seconds is None else round(end_seconds * SAMPLE_RATE_HZ)
        segment = "" if first == 0 and last is None else f"-{first}-{'end' if last is None else last}"
        cached = self.folder / self._front_end / f"{self._opened.sha256}{segment}.npy"
        if cached.is_file():
            try:
                return np.asarray(np.load(cached, allow_pickle=False), dtype=np.float32)
            except (ValueError, EOFError, OSError):
                cached.unlink(missing_ok=True)
        features = log_mel(self._samples(self._opened, first, last), self.spec)
        cached.parent.mkdir(parents=True, exist_ok=True)
        with new_file(cached) as partial:
            np.save(partial, features)
        return features

    def _samples(self, opened: _Opened, first: int, last: int | None) -> NDArray[np.int16]:
        if opened.samples is None:
            recording = read_audio(opened.path)
            self.notes.extend(recording.notes)
            opened.samples = recording.samples
        samples = opened.samples[first:last]
        if len(samples) == 0:
            asked = (
                f"{first / SAMPLE_RATE_HZ:.3f} s to {'its end' if last is None else f'{last / SAMPLE_RATE_HZ:.3f} s'}"
            )
            raise DataError(
                f"{opened.path}: got a segment from {asked}, allowed is 0..{len(opened.samples) / SAMPLE_RATE_HZ:.3f} "
                "s; give the recording that belongs to the transcript"
            )
        return samples
