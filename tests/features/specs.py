"""Random feature specs for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from codegen.feature_spec import FeatureSpec


@st.composite
def specs(draw: st.DrawFn) -> FeatureSpec:
    """Valid specs, with statistics of a made-up corpus; any field may differ from its default."""
    rate = draw(st.sampled_from([8000, 16000, 22050, 48000]))
    fft = draw(st.sampled_from([256, 512, 1024]))
    window = draw(st.integers(16, fft))
    mels = draw(st.integers(1, 12))
    mfcc = draw(st.integers(0, mels))
    context = draw(st.integers(1, 30))
    compression = draw(st.sampled_from(["log", "pcen"]))
    pcen_floor = draw(st.floats(1e-9, 1e-2))
    spec = FeatureSpec.unnormalised(
        sample_rate_hz=rate,
        dc_removal=draw(st.booleans()),
        pre_emphasis=draw(st.floats(0, 1)),
        window=draw(st.sampled_from(["hann", "hamming"])),
        window_length=window,
        hop_length=draw(st.integers(1, window)),
        fft_size=fft,
        mel_scale=draw(st.sampled_from(["htk", "slaney"])),
        mel_norm=draw(st.sampled_from(["none", "slaney"])),
        mel_bins=mels,
        low_hz=draw(st.floats(0, rate / 8)),
        high_hz=draw(st.floats(rate / 4, rate / 2)),
        compression=compression,
        log_floor=draw(st.floats(1e-12, pcen_floor if compression == "pcen" else 1.0)),
        pcen_gain=draw(st.floats(0, 1)),
        pcen_bias=draw(st.floats(0.1, 10)),
        pcen_power=draw(st.floats(0.1, 1)),
        pcen_seconds=draw(st.floats(0.01, 1)),
        pcen_floor=pcen_floor,
        mfcc=mfcc,
        lifter=draw(st.integers(0, 30)) if mfcc else 0,
        deltas=draw(st.integers(0, 2)),
        normalisation=draw(st.sampled_from(["corpus", "running", "utterance"])),
        running_seconds=draw(st.floats(0.1, 1000)),
        context_frames=context,
        stride_frames=draw(st.integers(1, context)),
    )
    random = np.random.default_rng(draw(st.integers(0, 99)))
    mean, std = random.normal(0, 3, spec.features), random.uniform(0.5, 3, spec.features)
    return FeatureSpec(**spec.settings(), mean=tuple(mean), std=tuple(std))
