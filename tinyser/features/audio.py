"""Reads recordings as the firmware hears them: mono, 16 bit, at the features' sample rate."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.errors import DataError, ToolError

SAMPLE_RATE_HZ = 16000
_RATES_HZ = (1000, 384_000)  # for others the filter that resamples takes more memory than the sound
_MOST_SAMPLES = 2**28  # of all channels: 4 hours and more
_BLOCK_FRAMES = 2**18


@dataclass(frozen=True, slots=True)
class Recording:
    """PCM16 mono, (samples,), and what had to be changed to get it (for the caller to print)."""

    samples: NDArray[np.int16]
    sample_rate_hz: int = SAMPLE_RATE_HZ
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / self.sample_rate_hz


def read_audio(path: str | Path, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Recording:
    """Reads a wav or flac file; mixes channels down, resamples other rates, clips floats beyond -1..1: see `notes`.

    Raises DataError when the file is missing, not audio, holds no samples, or holds NaN or infinity.
    """
    path = Path(path)
    samples, rate = _read_file(path)
    notes = []
    channels = samples.shape[1]
    mono = samples[:, 0]
    if channels > 1:
        # Parts of a sum, not the sum's part: that of the largest floats is infinite.
        mono = (samples / channels).sum(axis=1)
        notes.append(f"{path.name}: {channels} channels mixed down to mono")
    beyond = int(np.count_nonzero(np.abs(mono) > 1.0))
    if beyond:
        notes.append(f"{path.name}: {beyond} of {len(mono)} samples are beyond full scale and clipped")
        mono = np.clip(mono, -1.0, 1.0)
    if rate != sample_rate_hz:
        mono = resample(mono, rate, sample_rate_hz)
        notes.append(f"{path.name}: resampled from {rate} to {sample_rate_hz} Hz")
    return Recording(to_pcm16(mono), sample_rate_hz, tuple(notes))


def flac(path: str | Path) -> bytes:
    """A recording as `read_audio` gives it, as a FLAC file. Raises DataError as `read_audio`."""
    import soundfile

    recording = read_audio(path)
    content = BytesIO()
    soundfile.write(content, recording.samples, recording.sample_rate_hz, format="FLAC", subtype="PCM_16")
    return content.getvalue()


def _read_file(path: Path) -> tuple[NDArray[np.float32], int]:
    """Finite samples, (samples, channels), at least one, and their rate in Hz. Raises DataError as `read_audio`."""
    try:
        import soundfile
    except ImportError as error:
        raise ToolError("soundfile is not installed; run: pip install 'tinyser[emulate]'") from error
    if not path.is_file():
        raise DataError(f"{path}: no such file; give a wav or flac recording")
    try:
        with soundfile.SoundFile(path) as sound:
            rate = sound.samplerate
            _check_header(path, sound)
            # As it comes: a header may promise more samples than there are.
            blocks = [sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)]
            while len(blocks[-1]):
                blocks.append(sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True))
            samples = np.concatenate(blocks)
    except (soundfile.SoundFileError, TypeError) as error:
        raise DataError(f"{path}: not a readable recording ({error}); give a wav or flac file") from error
    if len(samples) == 0:
        raise DataError(f"{path}: holds no samples; remove it from the corpus or record it again")
    unusable = np.flatnonzero(~np.isfinite(samples).all(axis=1))
    if unusable.size:
        value = samples[unusable[0]][~np.isfinite(samples[unusable[0]])][0]
        raise DataError(f"{path}: sample {unusable[0]} is {value}, allowed are numbers in -1..1; mend the recording")
    return samples, rate


def _check_header(path: Path, sound: Any) -> None:
    low, high = _RATES_HZ
    if not low <= sound.samplerate <= high:
        raise DataError(f"{path}: got {sound.samplerate} Hz, allowed are {low}..{high}; resample the recording")
    if sound.frames * sound.channels > _MOST_SAMPLES:
        raise DataError(f"{path}: got {sound.frames} samples, allowed are {_MOST_SAMPLES}; cut the recording")


def resample(samples: NDArray[np.float32], rate_hz: int, sample_rate_hz: int = SAMPLE_RATE_HZ) -> NDArray[np.float32]:
    """(samples,) at `rate_hz` to `sample_rate_hz` with a polyphase filter."""
    from scipy.signal import resample_poly

    common = int(np.gcd(rate_hz, sample_rate_hz))
    return np.asarray(resample_poly(samples, sample_rate_hz // common, rate_hz // common), dtype=np.float32)


def to_pcm16(samples: NDArray[np.floating]) -> NDArray[np.int16]:
    """Floats in -1..1 to int16, rounded and clipped; exact for what came from 16-bit samples."""
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
