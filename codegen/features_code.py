"""The generated half of the audio front end: `features/` from a `FeatureSpec`, in float32 or fixed point."""

from __future__ import annotations

from codegen.errors import DataError
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import DELTA_FRAMES, running_alike_frames, running_start_frames
from codegen.features_fixed import fixed_tables
from codegen.features_float import float_tables
from codegen.render import render, template_names, template_text

ARITHMETICS = ("float", "fixed")
FFTS = ("own", "cmsis-dsp")


def feature_sources(arithmetic: str = "float", fft: str = "own") -> tuple[str, ...]:
    """The C sources of `features/` by path."""
    return tuple(path for path in _templates(arithmetic, fft) if path.endswith(".c"))


def _templates(arithmetic: str, fft: str) -> dict[str, str]:
    """Where each file of `features/` comes from; `tables.*` are parts of others."""
    folders = ["features", f"features/{arithmetic}"] + (["features/cmsis_dsp"] if fft == "cmsis-dsp" else [])
    return {
        f"features/{name.removesuffix('.j2')}": f"{folder}/{name}"
        for folder in folders
        for name in template_names(folder)
        if name.removesuffix(".j2").endswith((".c", ".h")) and not name.startswith("tables.")
    }


def render_features(
    spec: FeatureSpec,
    input_scale: float,
    input_zero_point: int,
    banner: str,
    *,
    arithmetic: str = "float",
    fft: str = "own",
) -> dict[str, str]:
    """The files of `features/` by path, for a model whose input has this scale and zero point.

    A normalised feature x becomes the int8 nearest to x / scale + zero_point. Raises DataError for `fft` "cmsis-dsp" in
    fixed point.
    """
    context = {
        "banner": banner,
        "spec": spec,
        "arithmetic": arithmetic,
        "fft": fft,
        "zero_point": input_zero_point,
        "delta_frames": DELTA_FRAMES,
        "running_start": running_start_frames(spec),
        "running_alike": running_alike_frames(spec),
        "sample_buffer": spec.window_length + spec.window_length % 2,
    }
    if arithmetic == "float":
        context |= float_tables(spec, input_scale, input_zero_point, fft)
    elif fft == "own":
        context |= fixed_tables(spec, input_scale, input_zero_point)
    else:
        raise DataError(
            f"--fft: got {fft}, an FFT in float32, with features in fixed point, allowed is own; leave it out, or add "
            "--arithmetic float"
        )
    return {
        path: render(name, **context) if name.endswith(".j2") else template_text(name)
        for path, name in _templates(arithmetic, fft).items()
    }
