"""Recordings for synthetic fixtures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile


def record(path: Path, seconds: float = 0.05, seed: int = 0) -> Path:
    """Writes noise at 16 kHz, 16 bit, making folders as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).normal(0, 0.1, round(16000 * seconds))
    soundfile.write(path, samples, 16000, subtype="PCM_16")
    return path
