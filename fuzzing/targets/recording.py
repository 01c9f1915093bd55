"""A recording, as `--clip` and `emulate --input` take it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import soundfile

from fuzzing.mutate_bytes import mutate_bytes
from fuzzing.scratch import file_of
from fuzzing.target import Target
from tinyser.features.audio import read_audio


def run(content: bytes) -> None:
    read_audio(file_of(content, "clip.wav"))


def seeds() -> Sequence[bytes]:
    sound = np.random.default_rng(0).integers(-3000, 3000, (800, 2)).astype(np.int16)
    kinds = (("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "PCM_24"), ("FLAC", "PCM_16"), ("WAV", "ULAW"))
    return [
        _encoded(sound[:, : 1 + number % 2], rate, *kind)
        for number, kind in enumerate(kinds)
        for rate in (16000, 44100)
    ]


def _encoded(sound: np.ndarray, rate: int, container: str, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format=container, subtype=subtype)
    return file.getvalue()


TARGET = Target(
    about="a WAV or FLAC recording to samples at the features' rate", run=run, seeds=seeds, mutate=mutate_bytes
)
