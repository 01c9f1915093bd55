"""The generated half of the audio front end: tables of `features/` from a `FeatureSpec`."""

from __future__ import annotations

import numpy as np

from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import mel_filters, twiddles, window
from codegen.render import render, template_text

FULL_SCALE = 32768.0  # of a 16-bit sample

SOURCES = ("features/ser_features.c", "features/ser_features_tables.c")


def render_features(spec: FeatureSpec, input_scale: float, input_zero_point: int, banner: str) -> dict[str, str]:
    """The files of `features/` by path, for a model whose input has this scale and zero point.

    A normalised feature x becomes round(x / scale) + zero_point, halves away from zero, as TFLite quantizes floats.
    """
    context = _tables(spec, input_scale, input_zero_point)
    files = {f"features/{name}": template_text(f"features/{name}") for name in ("ser_features.h", "ser_features.c")}
    for name in ("ser_features_tables.h", "ser_features_tables.c"):
        files[f"features/{name}"] = render(f"features/{name}.j2", banner=banner, **context)
    return files


def _tables(spec: FeatureSpec, input_scale: float, input_zero_point: int) -> dict[str, object]:
    real, imaginary = twiddles(spec)
    filters = mel_filters(spec)
    std_in_steps = np.asarray(spec.std) * input_scale
    return {
        "spec": spec,
        "digest": spec.digest(),
        "zero_point": input_zero_point,
        "window": window(spec) / FULL_SCALE,
        "twiddles": np.stack([real, imaginary], axis=1),
        "mel_starts": np.array([triangle.start for triangle in filters]),
        "mel_lengths": np.array([len(triangle.weights) for triangle in filters]),
        "mel_weights": np.concatenate([triangle.weights for triangle in filters]),
        "gains": 1.0 / std_in_steps,
        "offsets": -np.asarray(spec.mean) / std_in_steps,
    }
