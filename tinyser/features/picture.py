"""A picture of features: the reference, the generated C in both arithmetics, and where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from codegen.atomic import new_file
from codegen.feature_spec import FeatureSpec
from codegen.feature_tables import mel_corners
from codegen.features_code import ARITHMETICS
from tinyser.features.arithmetics import Comparison

_STYLE = {"font.size": 9, "axes.titlesize": 9, "axes.titlelocation": "left"}
_WIDTH, _PANEL_HEIGHT, _DPI = 9.0, 1.55, 150
_COLUMNS = 1000  # a panel has about as many pixels: more frames are drawn as the extremes of a few
_TITLES = {"float": "float32 C", "fixed": "fixed-point C"}
_BELOW, _ABOVE = ("#67001f", "#b2182b", "#ef6548"), ("#4292c6", "#2166ac", "#053061")
_SEEN_STEPS = len(_ABOVE)  # larger differences have the last colour
_TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000, 16000)


def draw_comparison(comparison: Comparison, title: str, path: Path) -> None:
    """Writes a PNG: five panels over time, the first three in int8 values, the others in int8 steps."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, 5 * _PANEL_HEIGHT), dpi=_DPI, layout="constrained")
        panels = figure.subplots(5, 1, sharex=True, sharey=True)
        figure.suptitle(title, fontsize=10)
        _draw_features(figure, panels[:3], comparison)
        _draw_differences(figure, panels[3:], comparison)
        for panel in panels:
            _label_rows(panel, comparison.spec)
        windows = comparison.spec.normalisation == "utterance"
        panels[-1].set_xlabel("s, windows one after the other" if windows else "s")
        with new_file(path) as partial:
            figure.savefig(partial, format="png", metadata={"Software": "TinySER"})


def _draw_features(figure: Figure, panels: Any, comparison: Comparison) -> None:
    arrays = {"NumPy reference": comparison.reference}
    arrays |= {_TITLES[arithmetic]: comparison.generated[arithmetic] for arithmetic in ARITHMETICS}
    low, high = np.percentile(comparison.reference, (0.5, 99.5))
    for panel, (title, values) in zip(panels, arrays.items(), strict=True):
        image = _show(panel, values, comparison.spec, cmap="magma", vmin=low, vmax=max(high, low + 1))
        panel.set_title(title)
    figure.colorbar(image, ax=list(panels), label="int8", extend="both", aspect=30, pad=0.01)


def _draw_differences(figure: Figure, panels: Any, comparison: Comparison) -> None:
    edges = np.arange(-_SEEN_STEPS, _SEEN_STEPS + 2) - 0.5
    colours = ListedColormap([*_BELOW, "#f4f4f4", *_ABOVE])
    for panel, arithmetic in zip(panels, ARITHMETICS, strict=True):
        difference = comparison.difference(arithmetic)
        shown = np.clip(_extremes(difference), -_SEEN_STEPS, _SEEN_STEPS)
        image = _show(panel, shown, comparison.spec, difference, cmap=colours, norm=BoundaryNorm(edges, colours.N))
        equal = f"{100 * comparison.equal(arithmetic):.3f} % of {difference.size:,} cells equal"
        panel.set_title(
            f"{_TITLES[arithmetic]} - reference: {equal}, largest difference {comparison.largest(arithmetic)}"
        )
    bar = figure.colorbar(image, ax=list(panels), label="int8 steps", aspect=20, pad=0.01)
    steps = range(-_SEEN_STEPS, _SEEN_STEPS + 1)
    texts = [f"{step:+d}" if step else "0" for step in steps]
    bar.set_ticks(list(steps), labels=[f"≤{texts[0]}", *texts[1:-1], f"≥{texts[-1]}"])


def _show(panel: Any, values: NDArray[Any], spec: FeatureSpec, whole: NDArray[Any] | None = None, **style: Any) -> Any:
    """`values` (frames or columns, features) over the time of `whole`."""
    frames = len(values if whole is None else whole)
    seconds = frames * spec.hop_length / spec.sample_rate_hz
    extent = (0.0, seconds, -0.5, spec.features - 0.5)
    return panel.imshow(values.T, origin="lower", aspect="auto", interpolation="nearest", extent=extent, **style)


def _extremes(difference: NDArray[np.int16]) -> NDArray[np.int16]:
    """(frames, features) to at most `_COLUMNS` rows, each the value furthest from 0 of its frames: none goes unseen."""
    groups = np.array_split(difference, min(_COLUMNS, len(difference)))
    rows = [np.take_along_axis(group, np.abs(group).argmax(axis=0)[None], axis=0)[0] for group in groups]
    return np.stack(rows)


def _label_rows(panel: Any, spec: FeatureSpec) -> None:
    if spec.mfcc:
        panel.set_ylabel("coefficient")
        return
    centres = mel_corners(spec)[1:-1]
    ticks = [hz for hz in _TICKS_HZ if centres[0] <= hz <= centres[-1]]
    panel.set_yticks([float(np.interp(hz, centres, np.arange(spec.mel_bins))) for hz in ticks], map(str, ticks))
    panel.set_ylabel("Hz")
