"""The mel filterbank as the generated C walks it: segments between neighbouring corners of triangles.

In each segment one triangle falls as the next one rises, and their weights add up to 1 (before `mel_norm`), so that
one weight per FFT bin serves both: half the table of a sparse filterbank.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import mel_corners, mel_matrix


def mel_segments(spec: FeatureSpec) -> dict[str, Any]:
    """Tables by the names that the templates use.

    `first_bin`: of the FFT, in the lowest triangle. `segment_lengths`: FFT bins of each segment, (mel_bins + 1,).
    `rising`: of each bin in turn, the share of its power in the triangle that rises there. `mel_scales`: what makes
    the area of each triangle 1, (mel_bins,). No triangle reaches the first and the last FFT bin.

    Raises FeatureSpecError as `mel_matrix` does.
    """
    mel_matrix(spec)  # raises where a triangle covers no bin
    corners = mel_corners(spec)
    bins = np.arange(1, spec.fft_size // 2)
    hertz = bins * (spec.sample_rate_hz / spec.fft_size)
    inside = (hertz > corners[0]) & (hertz < corners[-1])
    segments = np.searchsorted(corners, hertz[inside]) - 1
    rising = (hertz[inside] - corners[segments]) / np.diff(corners)[segments]
    return {
        "first_bin": int(bins[inside][0]),
        "segment_lengths": np.bincount(segments, minlength=spec.mel_bins + 1),
        "rising": rising,
        "mel_scales": 2.0 / (corners[2:] - corners[:-2]),
    }
