"""The self-test's piece of sound: an integer formula makes it on the board, so that none of it lies in flash, and the
NumPy reference says here what its features are.

The generated C is no bit-exact copy of the reference: a feature that the reference puts near the middle between two
int8 steps may become either. Both are allowed there, one everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codegen.feature_reference import normalise, normalise_window, raw_features
from codegen.feature_spec import FeatureSpec
from codegen.log_mel import log_mel
from codegen.render import c_array, render, template_text

MOST_FRAMES = 4
# How near to the middle between two int8 steps counts as near, in steps.
TOLERANCES: Mapping[str, float] = {"float": 1 / 64, "fixed": 1 / 4}
# Of so few frames the deviation can be small, which blows differences up.
UTTERANCE_TOLERANCE = 4
# Noise of a linear congruential generator (Press et al., Numerical Recipes in C, 7.1), and a rising sawtooth.
NOISE_FACTOR, NOISE_ADDEND = 1_664_525, 1_013_904_223
FIRST_PITCH, PITCH_RISE = 1 << 25, 1 << 16
BITS, MIDDLE = 14, 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class SelfTestSound:
    """How long it is, and the least and the largest int8 that each feature may be, (frames, features)."""

    samples: int
    lowest: NDArray[np.int8]
    highest: NDArray[np.int8]

    @property
    def frames(self) -> int:
        return len(self.lowest)

    @property
    def flash_bytes(self) -> int:
        return self.lowest.size + self.highest.size


def selftest_sound(spec: FeatureSpec, input_scale: float, input_zero_point: int, arithmetic: str) -> SelfTestSound:
    """The piece for a model whose input has this scale and zero point, and for features in this arithmetic."""
    pcm = selftest_pcm(spec.window_length + (min(MOST_FRAMES, spec.context_frames) - 1) * spec.hop_length)
    features = normalise(raw_features(log_mel(pcm, spec), spec), spec)
    tolerance = TOLERANCES[arithmetic]
    if spec.normalisation == "utterance":
        features, tolerance = normalise_window(features), tolerance * UTTERANCE_TOLERANCE
    steps = features.astype(np.float64) / input_scale + input_zero_point
    lowest, highest = (np.clip(np.rint(steps + way), -128, 127).astype(np.int8) for way in (-tolerance, tolerance))
    return SelfTestSound(len(pcm), lowest, highest)


def selftest_pcm(samples: int) -> NDArray[np.int16]:
    """What `ser_selftest_sound.c` makes, int16 (samples,)."""
    pcm = np.empty(samples, dtype=np.int16)
    noise, phase, pitch = 0, 0, FIRST_PITCH
    for index in range(samples):
        noise = (noise * NOISE_FACTOR + NOISE_ADDEND) % 2**32
        phase = (phase + pitch) % 2**32
        pitch = (pitch + PITCH_RISE) % 2**32
        pcm[index] = (noise >> 32 - BITS) + (phase >> 32 - BITS) - MIDDLE
    return pcm


def render_selftest_sound(spec: FeatureSpec, sound: SelfTestSound, banner: str) -> dict[str, str]:
    """The C files by path."""
    source = render(
        "app/ser_selftest_sound.c.j2",
        banner=banner,
        sound=sound,
        lowest=c_array(sound.lowest),
        highest=c_array(sound.highest),
        per_utterance=spec.normalisation == "utterance",
        noise_factor=NOISE_FACTOR,
        noise_addend=NOISE_ADDEND,
        first_pitch=FIRST_PITCH,
        pitch_rise=PITCH_RISE,
        bits=BITS,
        middle=MIDDLE,
    )
    header = template_text("app/ser_selftest_sound.h")
    return {"app/ser_selftest_sound.h": header, "app/ser_selftest_sound.c": source}
