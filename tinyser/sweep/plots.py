"""A metric over the expansion ratio, with the baseline as a line, and fold by fold, with the baseline as a dot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from codegen.atomic import new_file
from tinyser.sweep.statistics import METRICS, Estimate, Setting, by_fold, by_setting, estimate, values
from tinyser.sweep.table import Row

# Text stays text, and the same rows give the same bytes.
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "tinyser", "font.size": 9}
_WIDTH, _HEIGHT = 3.4, 3.2
_LABELS_ABREAST = 2  # a panel has room for two, such as "attention,conv x8"
# Side by side, so that intervals at the same ratio do not cover each other; in octaves.
_SHIFT = 0.06
# What settings of HRF share of the room between two folds.
_SPREAD = 0.6

_Samples = Mapping[Setting, Mapping[tuple[int, int], float]]  # (fold, seed) -> share
# With HRF, of all backbones, in the order of the rows: (placement, ratio). Its number is its colour in every panel.
_Kinds = Sequence[tuple[str, int]]


def plot_metric(rows: Sequence[Row], metric: str, path: Path) -> None:
    """Writes an SVG over the ratio: one panel a backbone, percent on a scale of its own, with the 95 % interval of what
    HRF changes."""
    _plot(rows, metric, path, draw_ratios)


def plot_folds(rows: Sequence[Row], metric: str, path: Path) -> None:
    """Writes an SVG over the folds: one panel a backbone, means over seeds, a column a fold; percent, as above."""
    _plot(rows, metric, path, draw_folds)


def _plot(rows: Sequence[Row], metric: str, path: Path, panel: Callable[[Any, str, _Samples, _Kinds], None]) -> None:
    cells = by_setting(rows)
    kinds = list(dict.fromkeys((setting.placement, setting.ratio) for setting in cells if setting.ratio))
    models = list(dict.fromkeys(setting.model for setting in cells))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(_WIDTH * len(models), _HEIGHT), layout="constrained")
        panels = figure.subplots(1, len(models), sharex=True, squeeze=False)[0]
        for axes, model in zip(panels, models, strict=True):
            panel(axes, model, {s: values(c, metric) for s, c in cells.items() if s.model == model}, kinds)
        panels[0].set_ylabel(f"{METRICS[metric]} (%)")
        legend_below(figure, panels)
        with new_file(path) as partial:
            figure.savefig(partial, metadata={"Date": None, "Creator": "TinySER"})


def legend_below(figure: Figure, panels: Sequence[Axes]) -> None:
    """One legend of all panels, which stand side by side; a label that several have is in it once."""
    drawn = [zip(*axes.get_legend_handles_labels(), strict=True) for axes in panels]
    by_label = {label: handle for of_panel in drawn for handle, label in of_panel}
    columns = _LABELS_ABREAST * len(panels)
    figure.legend(by_label.values(), by_label, loc="outside lower center", ncols=columns, fontsize=8)


def draw_ratios(axes: Any, model: str, samples: _Samples, kinds: _Kinds) -> None:
    """The baseline's mean is a line, HRF a line a placement; a bar is the 95 % interval of the difference between them.

    The difference is that of folds which both have, seeds averaged first, and has no bar where that is one fold. A
    setting without such a fold is left out.
    """
    ratios = sorted({ratio for _, ratio in kinds})
    axes.set(title=model, xlabel="expansion ratio")
    baseline = samples.get(Setting(model, "", 0), {})
    level = 100 * estimate(list(by_fold(baseline).values())).mean if baseline else math.nan
    axes.axhline(level, color="black", linestyle="--", linewidth=1, label="without HRF")
    placements = list(dict.fromkeys(placement for placement, _ in kinds))
    for number, placement in enumerate(placements):
        shift = 2 ** (_SHIFT * (number - (len(placements) - 1) / 2))
        found = {
            ratio: difference
            for ratio in ratios
            if (difference := _difference(samples.get(Setting(model, placement, ratio), {}), baseline)) is not None
        }
        if not found:
            continue
        axes.errorbar(
            [ratio * shift for ratio in found],
            [level + 100 * difference.mean for difference in found.values()],
            yerr=[100 * _half_width(difference) for difference in found.values()],
            marker="o",
            markersize=4,
            linewidth=1.2,
            capsize=2,
            color=f"C{number}",
            label=placement,
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(ratios, [str(ratio) for ratio in ratios])
    axes.minorticks_off()


def draw_folds(axes: Any, model: str, samples: _Samples, kinds: _Kinds) -> None:
    """The baseline of a fold is a dot; a line leads from it to what HRF, with the same seeds, makes of it."""
    axes.set(title=model, xlabel="fold")
    baseline = samples.get(Setting(model, "", 0), {})
    folds = sorted({fold for cells in samples.values() for fold, _ in cells})
    axes.plot(*_by_fold(baseline), "o", color="black", markersize=5, label="without HRF")
    for number, (placement, ratio) in enumerate(kinds):
        cells = samples.get(Setting(model, placement, ratio), {})
        if not cells:
            continue
        shift = _SPREAD * ((number + 0.5) / len(kinds) - 0.5)
        label, colour = f"{placement} x{ratio}", f"C{number}"
        axes.plot(*_by_fold(cells, shift), "_", markersize=8, color=colour, label=label)
        paired = {cell: baseline[cell] for cell in cells if cell in baseline}
        there, before = _by_fold(paired, shift)
        after = _by_fold({cell: cells[cell] for cell in paired})[1]
        axes.vlines(there, before, after, color=colour, linewidth=1.2)
    axes.set_xticks(folds)


def _difference(cells: Mapping[tuple[int, int], float], baseline: Mapping[tuple[int, int], float]) -> Estimate | None:
    """Of the folds that both have, from cell to cell; None where there is none."""
    differences = by_fold({cell: value - baseline[cell] for cell, value in cells.items() if cell in baseline})
    return estimate(list(differences.values())) if differences else None


def _by_fold(cells: Mapping[tuple[int, int], float], shift: float = 0.0) -> tuple[list[float], list[float]]:
    """Places of the folds, and the mean of each over its seeds in percent."""
    means = by_fold(cells)
    return [fold + shift for fold in means], [100 * mean for mean in means.values()]


def _half_width(point: Estimate) -> float:
    return 0.0 if point.high is None else point.high - point.mean
