"""Log-mel kept on disk, keyed by what it depends on: part of the feature spec and the recording's bytes."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen.atomic import new_file
from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.log_mel import Float32, log_mel
from tinyser.features.audio import read_audio

# The fields that log-mel depends on. All others come after it and must not split the cache.
_LOG_MEL_FIELDS = (
    "version",
    "sample_rate_hz",
    "dc_removal",
    "pre_emphasis",
    "window",
    "window_length",
    "hop_length",
    "fft_size",
    "mel_scale",
    "mel_norm",
    "mel_bins",
    "low_hz",
    "high_hz",
    "log_floor",
)


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
    """Log-mel arrays, (frames, mels), one file per recording or segment and front end.

    A recording must not change while one cache object reads its segments.
    """

    spec: FeatureSpec
    folder: Path = field(default_factory=lambda: cache_folder() / "features")
    notes: list[str] = field(default_factory=list)
    _front_end: str = ""
    _opened: _Opened | None = None

    def __post_init__(self) -> None:
        decisive = {name: getattr(self.spec, name) for name in _LOG_MEL_FIELDS}
        self._front_end = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:16]

    def load(self, path: Path, start_seconds: float = 0.0, end_seconds: float | None = None) -> Float32:
        """Log-mel of a recording, or of its segment up to `end_seconds` (None: its end), cached or computed now.

        Raises DataError if it is unreadable, or when no part of the segment lies within it.
        """
        if self._opened is None or self._opened.path != path:
            content = path.read_bytes() if path.is_file() else b""
            self._opened = _Opened(path, hashlib.sha256(content).hexdigest())
        rate = self.spec.sample_rate_hz
        first = round(start_seconds * rate)
        last = None if end_seconds is None else round(end_seconds * rate)
        segment = "" if first == 0 and last is None else f"-{first}-{'end' if last is None else last}"
        cached = self.folder / self._front_end / f"{self._opened.sha256}{segment}.npy"
        if cached.is_file():
            try:
                return np.asarray(np.load(cached, allow_pickle=False), dtype=np.float32)
            except (ValueError, EOFError, OSError):
                cached.unlink(missing_ok=True)
        computed = log_mel(self._samples(self._opened, first, last), self.spec)
        cached.parent.mkdir(parents=True, exist_ok=True)
        with new_file(cached) as partial:
            np.save(partial, computed)
        return computed

    def _samples(self, opened: _Opened, first: int, last: int | None) -> NDArray[np.int16]:
        if opened.samples is None:
            recording = read_audio(opened.path, self.spec.sample_rate_hz)
            self.notes.extend(recording.notes)
            opened.samples = recording.samples
        samples = opened.samples[first:last]
        if len(samples) == 0:
            rate = self.spec.sample_rate_hz
            end = "its end" if last is None else f"{last / rate:.3f} s"
            raise DataError(
                f"{opened.path}: got a segment from {first / rate:.3f} s to {end}, allowed is "
                f"0..{len(opened.samples) / rate:.3f} s; give the recording that belongs to the transcript"
            )
        return samples
