"""Writes docs/results-hrf.md and its picture from experiments/measured/: `./run python docs/refresh_results_hrf.py`.

A test compares the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from codegen.atomic import new_file
from tinyser.models import MODELS
from tinyser.sweep.markdown import interval, p_value, table
from tinyser.sweep.plots import STYLE, plot_metric
from tinyser.sweep.report import grid
from tinyser.sweep.statistics import (
    METRICS,
    UNITS,
    PairedTest,
    Setting,
    by_fold,
    by_setting,
    compare,
    holm,
    paired_test,
)
from tinyser.sweep.table import Row, read_rows

DOCS = Path(__file__).parent
MEASURED = DOCS.parent / "experiments" / "measured"
PAGE, HEAD, PICTURE = DOCS / "results-hrf.md", DOCS / "results_hrf_head.md", MEASURED / "hrf-differences.svg"
# Tables of ratios and modules, by the corpus of their runs; all cells of a table have every setting.
PLACEMENTS = {"hrf-placements": "EmoDB", "hrf-placements-ravdess": "RAVDESS"}
PLOTTED = ("wf1", "uar")
# Table of rows -> what its runs have in common, in the order of the page.
TABLES = {
    "emodb": "EmoDB, features by the corpus",
    "ravdess": "RAVDESS, features by the corpus",
    "transfer-emodb": "EmoDB after RAVDESS, features by the corpus",
    "transfer-hrf-rate": "EmoDB after RAVDESS, features by the corpus, another start",
    "speaker-streams-emodb": "EmoDB after RAVDESS, voices get known",
    "hrf-placements": "EmoDB after RAVDESS, voices get known, another seed",
    "hrf-rate-emodb": "EmoDB after RAVDESS, voices get known, that seed, trained again",
    "hrf-weight-decay": "EmoDB after RAVDESS, voices get known, that seed, weight decay 0.5",
    "unfamiliar-emodb": "EmoDB after RAVDESS, voices get known, weight decay 1, unfamiliar 0.5",
    "speaker-streams-ravdess": "RAVDESS, voices get known",
    "speaker-streams-ravdess-40": "RAVDESS, voices get known, 40 epochs instead of 100",
    "hrf-placements-ravdess": "RAVDESS, voices get known, 40 epochs, trained again",
    "hrf-rate-ravdess": "RAVDESS, voices get known, 40 epochs, trained again",
}
# Of these the training loss is known; one baseline, of the same runs, is in both.
FITS, FITS_PICTURE = ("hrf-placements-ravdess", "hrf-rate-ravdess"), MEASURED / "hrf-loss.svg"
# HRF in the paper's place, at the ratio that all backbones were run with.
PAPERS = "ffn x4"
# All three backbones are in these, so that a mean over backbones can be taken.
WITH_ALL_BACKBONES = ("speaker-streams-emodb", "unfamiliar-emodb", "speaker-streams-ravdess-40")
_LINE_INCHES, _SPARE_INCHES, _WIDTH_INCHES, _FITS_INCHES = 0.18, 0.6, 8.0, 4.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """HRF against its baseline by one figure; by fold, seeds averaged first, as shares of 1."""

    table: str
    corpus: str
    setting: Setting
    without: Mapping[int, float]
    with_hrf: Mapping[int, float]

    @property
    def placement(self) -> str:
        """Where HRF is, and its ratio."""
        return f"{self.setting.placement} x{self.setting.ratio}"

    @property
    def name(self) -> str:
        """Backbone and placement."""
        return f"{self.setting.model}, {self.placement}"

    @property
    def differences(self) -> dict[int, float]:
        """By fold."""
        return {fold: value - self.without[fold] for fold, value in self.with_hrf.items()}

    @property
    def test(self) -> PairedTest:
        """Over folds."""
        return paired_test(list(self.with_hrf.values()), list(self.without.values()))


def training_loss(row: Row) -> float | None:
    """Of the last epoch; None in rows from before it was kept."""
    return row.train_loss


def from_the_start(row: Row) -> float | None:
    """Unweighted average recall of the merged model in float32, from a test speaker's first clip on."""
    return row.float32.uar


def voices_known(row: Row) -> float | None:
    """The same once a test speaker's recordings have been heard; None where that makes no difference."""
    return row.familiar_uar


def comparisons(figure: Callable[[Row], float | None], tables: Iterable[str] = TABLES) -> Iterator[Comparison]:
    """All of more than one fold; a setting is compared on the cells that its baseline has as well."""
    for name in tables:
        cells = by_setting(read_rows(MEASURED / f"{name}.csv"))
        for setting, runs in cells.items():
            baseline = cells.get(setting.baseline, {})
            sides = [{cell: figure(row) for cell, row in side.items()} for side in (baseline, runs)]
            without, with_hrf = ({c: value for c, value in side.items() if value is not None} for side in sides)
            shared = [cell for cell in with_hrf if setting.ratio and cell in without]
            if len({fold for fold, _ in shared}) > 1:
                corpus = str(runs[shared[0]].settings["corpus"])
                sides = [by_fold({cell: side[cell] for cell in shared}) for side in (without, with_hrf)]
                yield Comparison(name, corpus, setting, *sides)


def page() -> str:
    """The whole page."""
    parts = [HEAD.read_text("utf-8").rstrip("\n"), *(_placements(*each) for each in PLACEMENTS.items()), _fits()]
    for title, figure in (("From the first clip on", from_the_start), ("Once voices are known", voices_known)):
        found = list(comparisons(figure))
        parts += [f"## {title}", _all(found), f"### {title}: over all backbones", _over_backbones(found)]
        parts += [f"### {title}: each backbone, all runs with HRF as the paper says it", _by_backbone(found)]
        parts += [f"### {title}: over all placements and ratios", _over_placements(found)]
    return "\n\n".join(parts) + "\n"


def _placements(name: str, corpus: str) -> str:
    """A grid and a plot over the ratio of each metric that is plotted, of one table of rows."""
    rows = read_rows(MEASURED / f"{name}.csv")
    parts = []
    for metric in PLOTTED:
        compared = [compare(rows, metric, unit=unit) for unit in UNITS]
        title = f"{corpus}: {METRICS[metric]} over the expansion ratio"
        parts += [f"### {title}", grid(*compared), f"![{title}](../experiments/measured/{name}-{metric}.svg)"]
    return "\n\n".join(parts)


def fits() -> list[tuple[Comparison, Comparison]]:
    """Training loss and UAR of every setting whose training loss is known."""
    return list(zip(comparisons(training_loss, FITS), comparisons(from_the_start, FITS), strict=True))


def _fits() -> str:
    """A line a setting, by what HRF does to the training loss, and how both go together."""
    by_loss = sorted(fits(), key=lambda pair: pair[0].test.difference.mean)
    lines = [
        (loss.placement, f"{loss.test.difference.mean:+.3f}", interval(uar.test.difference, "+"))
        for loss, uar in by_loss
    ]
    without_attention = [pair for pair in by_loss if "attention" not in pair[0].placement]
    together = (
        f"Pearson's correlation of the two over settings: {_correlation(by_loss):.2f}, without those of attention "
        f"{_correlation(without_attention):.2f}."
    )
    name = FITS_PICTURE.name
    picture = f"![What HRF does to UAR over what it does to the training loss](../experiments/measured/{name})"
    headings = ("HRF", "training loss, HRF - without", "UAR, HRF - without")
    return "\n\n".join(("### RAVDESS: training loss and UAR", table(headings, lines), together, picture))


def _correlation(pairs: list[tuple[Comparison, Comparison]]) -> float:
    means = np.array([[one.test.difference.mean for one in pair] for pair in pairs])
    return float(np.corrcoef(means.T)[0, 1])


def _all(found: list[Comparison]) -> str:
    tests = [one.test for one in found]
    lines = []
    for one, test, p in zip(found, tests, holm([test.p_t for test in tests]), strict=True):
        means = [f"{100 * np.mean(list(side.values())):.1f}" for side in (one.without, one.with_hrf)]
        ahead = sum(difference > 0 for difference in one.differences.values())
        outcome = (interval(test.difference, "+"), str(ahead), p_value(test.p_t), p_value(p))
        lines.append((TABLES[one.table], one.name, str(len(one.without)), *means, *outcome))
    return table(("runs", "HRF", "folds", "without", "with", "HRF - without", "ahead in", "p (t)", "Holm"), lines)


def _over_backbones(found: list[Comparison]) -> str:
    """Of each placement that all backbones have: the mean of their differences, fold by fold of both corpora."""
    pooled = {}
    for placement in dict.fromkeys(one.placement for one in found):
        own = [one for one in found if one.table in WITH_ALL_BACKBONES and one.placement == placement]
        if len(own) == len(WITH_ALL_BACKBONES) * len(MODELS):
            pooled[placement] = own
    return _pooled("HRF", pooled)


def _by_backbone(found: list[Comparison]) -> str:
    """Of HRF as the paper says it, in front of each FFN, with the rate of all else: by corpus, and of both."""
    own = [one for one in found if one.placement == PAPERS]
    groups = {}
    for model in dict.fromkeys(one.setting.model for one in own):
        for corpus in (*dict.fromkeys(one.corpus for one in own), None):
            chosen = [one for one in own if one.setting.model == model and corpus in (one.corpus, None)]
            groups[f"{model}, {corpus or 'both'}"] = chosen
    return _pooled("backbone, corpus", groups)


def _over_placements(found: list[Comparison]) -> str:
    """Of each backbone, on each corpus, the mean of all placements and ratios, fold by fold."""
    groups: dict[str, list[Comparison]] = {}
    for one in found:
        if one.table in PLACEMENTS:
            groups.setdefault(f"{one.setting.model}, {one.corpus}", []).append(one)
    return _pooled("backbone, corpus", groups)


def _pooled(what: str, groups: Mapping[str, list[Comparison]]) -> str:
    """A line a group: the mean of its comparisons' differences in each fold of a corpus, tested over folds."""
    lines = []
    for name, group in groups.items():
        pairs: dict[tuple[str, int], list[float]] = {}
        for one in group:
            for fold, difference in one.differences.items():
                pairs.setdefault((one.corpus, fold), []).append(difference)
        means = [float(np.mean(values)) for values in pairs.values()]
        test = paired_test(means, [0.0] * len(means))
        counts = str(len(group)), str(len(means))
        lines.append((name, *counts, interval(test.difference, "+"), p_value(test.p_t)))
    return table((what, "comparisons", "folds", "HRF - without", "p (t)"), lines)


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
    """Writes an SVG: UAR over training loss, both HRF minus baseline; a dot a run, a mark a setting."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, _FITS_INCHES), layout="constrained")
        axes = figure.subplots()
        found = fits()
        for place in dict.fromkeys(loss.setting.placement for loss, _ in found):
            own = [pair for pair in found if pair[0].setting.placement == place]
            runs = [
                (loss.differences[fold], 100 * uar.differences[fold]) for loss, uar in own for fold in uar.differences
            ]
            means = [(loss.test.difference.mean, 100 * uar.test.difference.mean) for loss, uar in own]
            (drawn,) = axes.plot(*zip(*means, strict=True), "D", markersize=7, label=f"{place}, mean of a ratio")
            axes.plot(*zip(*runs, strict=True), "o", color=drawn.get_color(), alpha=0.35, markersize=3.5)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_xlabel("training loss of the last epoch with HRF minus without")
        axes.set_ylabel("UAR with HRF minus without, in points")
        axes.legend(fontsize=8)
        with new_file(path) as partial:
            figure.savefig(partial, format="svg", metadata={"Date": None, "Creator": "TinySER"})


def pictures(folder: Path) -> None:
    """Writes all SVGs of the page, under their names."""
    draw(list(comparisons(from_the_start)), folder / PICTURE.name)
    draw_fits(folder / FITS_PICTURE.name)
    for name in PLACEMENTS:
        for metric in PLOTTED:
            plot_metric(read_rows(MEASURED / f"{name}.csv"), metric, folder / f"{name}-{metric}.svg")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    pictures(MEASURED)
