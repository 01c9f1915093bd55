"""Pictures of what HRF changes: of all comparisons, of training loss and recall, of ratios and modules."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from codegen.atomic import new_file
from hrf_results.comparisons import MEASURED, PLACEMENTS, PLOTTED, TABLES, Comparison, comparisons, fits, from_the_start
from tinyser.sweep.plots import STYLE, legend_below, plot_metric
from tinyser.sweep.table import read_rows

DIFFERENCES, LOSS = "hrf-differences.svg", "hrf-loss.svg"
_LINE_INCHES, _SPARE_INCHES, _WIDTH_INCHES, _FITS_INCHES = 0.18, 0.6, 8.0, 4.5


def draw(found: list[Comparison], path: Path) -> None:
    """Writes an SVG: a line a comparison, its folds as faint dots, the mean with its 95 % interval, tables headed."""
    lines: list[str | Comparison] = []
    for one in found:
        heading = TABLES[one.table]
        lines += [one] if heading in lines else [heading, one]
    places = range(len(lines), 0, -1)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, _SPARE_INCHES + _LINE_INCHES * len(lines)), layout="constrained")
        axes = figure.subplots()
        for place, line in zip(places, lines, strict=True):
            if isinstance(line, Comparison):
                _draw_one(axes, place, line)
        axes.axvline(0, color="black", linewidth=0.8)
        labels = [line.name if isinstance(line, Comparison) else line for line in lines]
        axes.set_yticks(places, labels, fontsize=7)
        for label, line in zip(axes.get_yticklabels(), lines, strict=True):
            label.set_fontweight("normal" if isinstance(line, Comparison) else "bold")
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(0, len(lines) + 1)
        axes.set_xlabel("UAR with HRF minus UAR without, in points")
        with new_file(path) as partial:
            figure.savefig(partial, format="svg", metadata={"Date": None, "Creator": "TinySER"})


def _draw_one(axes: Axes, place: int, one: Comparison) -> None:
    folds, difference = [100 * value for value in one.differences.values()], one.test.difference
    low = difference.mean if difference.low is None else difference.low
    half = 100 * (difference.mean - low)
    axes.plot(folds, [place] * len(folds), "o", color="tab:gray", alpha=0.35, markersize=4)
    axes.errorbar(100 * difference.mean, place, xerr=half, fmt="o", color="tab:blue", markersize=5, capsize=3)


def draw_fits(path: Path) -> None:
    """Writes an SVG: UAR over training loss, HRF minus baseline, a panel a backbone; a dot a run, a mark a setting."""
    found = fits()
    kinds = list(dict.fromkeys(loss.setting.placement for pairs in found.values() for loss, _ in pairs))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(_FITS_INCHES * len(found), _FITS_INCHES), layout="constrained")
        panels = figure.subplots(1, len(found), sharex=True, sharey=True, squeeze=False)[0]
        for axes, (model, pairs) in zip(panels, found.items(), strict=True):
            _draw_fits_of_one(axes, pairs, kinds)
            axes.set(title=model, xlabel="training loss of the last epoch with HRF minus without")
        panels[0].set_ylabel("UAR with HRF minus without, in points")
        legend_below(figure, panels)
        with new_file(path) as partial:
            figure.savefig(partial, format="svg", metadata={"Date": None, "Creator": "TinySER"})


def _draw_fits_of_one(axes: Axes, pairs: list[tuple[Comparison, Comparison]], kinds: list[str]) -> None:
    """One backbone's; a placement's number among all is its colour."""
    for colour, place in enumerate(kinds):
        own = [pair for pair in pairs if pair[0].setting.placement == place]
        if not own:
            continue
        runs = [(loss.differences[fold], 100 * uar.differences[fold]) for loss, uar in own for fold in uar.differences]
        means = [(loss.test.difference.mean, 100 * uar.test.difference.mean) for loss, uar in own]
        axes.plot(*zip(*means, strict=True), f"DC{colour}", markersize=7, label=f"{place}, mean of a ratio")
        axes.plot(*zip(*runs, strict=True), f"oC{colour}", alpha=0.35, markersize=3.5)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.axvline(0, color="black", linewidth=0.8)


def pictures(folder: Path) -> None:
    """Writes all SVGs of the page, under their names."""
    draw(list(comparisons(from_the_start)), folder / DIFFERENCES)
    draw_fits(folder / LOSS)
    for name in PLACEMENTS:
        for metric in PLOTTED:
            plot_metric(read_rows(MEASURED / f"{name}.csv"), metric, folder / f"{name}-{metric}.svg")
