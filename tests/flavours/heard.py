"""What an application that listens has to print: the emulator's stream, looked at after each block of sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.projects import LABELS, SPEC
from tinyser.emulator import host

NAMES = (*LABELS, "silence")
# The emulator hears a hop at a time; so long before the end of one a frame was complete.
EARLIER_SAMPLES = -SPEC.window_length % SPEC.hop_length


def loud_and_quiet() -> npt.NDArray[np.int16]:
    """Noise and silence in turns, int16 (samples,)."""
    random = np.random.default_rng(5)
    loudness = np.repeat([3000.0, 0.0, 9000.0, 500.0], 12_800)
    return (loudness * random.standard_normal(loudness.size)).clip(-32768, 32767).astype(np.int16)


def expected_lines(project: Path, pcm: npt.NDArray[np.int16], block_samples: int) -> list[str]:
    """A line for each block after which there are more windows, or silence began or ended."""
    states = host.stream(project, pcm).states
    lines = []
    seen = (0, False)
    for end in range(block_samples, len(pcm) + 1, block_samples):
        newest = [state for state in states if state.samples - EARLIER_SAMPLES <= end][-1:]
        if not newest or (newest[0].windows, newest[0].silent) == seen:
            continue
        (state,) = newest
        seen = (state.windows, state.silent)
        texts = ["undecided" if state.decision is None else NAMES[state.decision]]
        for name, posterior in zip(LABELS, state.posteriors_q24 or (), strict=False):
            texts.append(f"{name} {posterior * 100 >> 24} %")
        lines.append(", ".join(texts))
    assert any(line.startswith("silence") for line in lines) and len({line.split(",")[0] for line in lines}) > 2
    return lines
