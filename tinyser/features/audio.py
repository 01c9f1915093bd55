"""Reads recordings as the firmware hears them: 16 kHz, mono, 16 bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen.errors import DataError, ToolError

SAMPLE_RATE_HZ = 16000


@dataclass(frozen=True, slots=True)
class Recording:
    """PCM16 mono at 16 kHz, (samples,), and what had to be changed to get it (for the caller to print)."""

    samples: NDArray[np.int16]
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / SAMPLE_RATE_HZ


def read_audio(path: str | Path) -> Recording:
    """Reads a wav or flac file; downmixes several channels and resamples other rates, and says so in `notes`.

    Raises DataError when the file is missing, not audio, or holds no samples.
    """
    try:
        import soundfile
    except ImportError as error:
        raise ToolError("soundfile is not installed; run: pip install 'tinyser[emulate]'") from error
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; give a wav or flac recording")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError) as error:
        raise DataError(f"{path}: not a readable recording ({error}); give a wav or flac file") from error
    if len(samples) == 0:
        raise DataError(f"{path}: holds no samples; remove it from the corpus or record it again")
    notes = []
    channels = samples.shape[1]
    mono = samples[:, 0]
    if channels > 1:
        mono = samples.mean(axis=1)
        notes.append(f"{path.name}: {channels} channels mixed down to mono")
    if rate != SAMPLE_RATE_HZ:
        mono = resample(mono, rate)
        notes.append(f"{path.name}: resampled from {rate} to {SAMPLE_RATE_HZ} Hz")
    return Recording(to_pcm16(mono), tuple(notes))


def resample(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """(samples,) at `rate_hz` to 16 kHz with a polyphase filter."""
    from scipy.signal import resample_poly

    common = int(np.gcd(rate_hz, SAMPLE_RATE_HZ))
    return np.asarray(resample_poly(samples, SAMPLE_RATE_HZ // common, rate_hz // common), dtype=np.float32)


def to_pcm16(samples: NDArray[np.floating]) -> NDArray[np.int16]:
    """Floats in -1..1 to int16, rounded and clipped; exact for what came from 16-bit samples."""
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
