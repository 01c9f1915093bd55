"""Log-mel features kept on disk, keyed by what they depend on: front end and the recording's bytes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from codegen.atomic import new_file
from codegen.feature_spec import FeatureSpec
from tinyser.features.audio import read_audio
from tinyser.features.log_mel import Float32, log_mel


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/tinyser`, by default `~/.cache/tinyser`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tinyser"


@dataclass(slots=True)
class FeatureCache:
    """Log-mel arrays before normalisation, (frames, mels), one file per recording and front end."""

    spec: FeatureSpec
    folder: Path = field(default_factory=lambda: cache_folder() / "features")
    notes: list[str] = field(default_factory=list)
    _front_end: str = ""

    def __post_init__(self) -> None:
        # Normalisation and context come after the log-mel values and must not split the cache.
        settings = {k: v for k, v in self.spec.to_json().items() if k not in ("mean", "std")}
        settings |= {"context_frames": 1, "stride_frames": 1}
        self._front_end = FeatureSpec.unnormalised(**settings).digest()[:16]

    def load(self, path: Path) -> Float32:
        """Features of one recording, from the cache or computed now. Raises DataError if unreadable."""
        recording_hash = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
        cached = self.folder / self._front_end / f"{recording_hash}.npy"
        if cached.is_file():
            try:
                return np.asarray(np.load(cached, allow_pickle=False), dtype=np.float32)
            except (ValueError, EOFError, OSError):
                cached.unlink(missing_ok=True)
        recording = read_audio(path)
        self.notes.extend(recording.notes)
        features = log_mel(recording.samples, self.spec)
        cached.parent.mkdir(parents=True, exist_ok=True)
        with new_file(cached) as partial:
            np.save(partial, features)
        return features
