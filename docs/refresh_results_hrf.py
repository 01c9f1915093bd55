"""Writes docs/results-hrf.md and its picture from experiments/measured/: `./run python docs/refresh_results_hrf.py`.

A test compares the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
# Ratios and modules of one corpus; all of its cells have every setting.
PLACEMENTS = "hrf-placements"
PLOTTED = {metric: MEASURED / f"{PLACEMENTS}-{metric}.svg" for metric in ("wf1", "uar")}
# Table of rows -> what its runs have in common, in the order of the page.
TABLES = {
    "emodb": "EmoDB, features by the corpus",
    "ravdess": "RAVDESS, features by the corpus",
    "transfer-emodb": "EmoDB after RAVDESS, features by the corpus",
    "transfer-hrf-rate": "EmoDB after RAVDESS, features by the corpus, another start",
    "speaker-streams-emodb": "EmoDB after RAVDESS, voices get known",
    PLACEMENTS: "EmoDB after RAVDESS, voices get known, another seed",
    "hrf-weight-decay": "EmoDB after RAVDESS, voices get known, that seed, weight decay 0.5",
    "unfamiliar-emodb": "EmoDB after RAVDESS, voices get known, weight decay 1, unfamiliar 0.5",
    "speaker-streams-ravdess": "RAVDESS, voices get known",
    "speaker-streams-ravdess-40": "RAVDESS, voices get known, 40 epochs instead of 100",
}
# HRF in the paper's place, at the ratio that all backbones were run with.
PAPERS = "ffn x4"
# All three backbones are in these, so that a mean over backbones can be taken.
WITH_ALL_BACKBONES = ("speaker-streams-emodb", "unfamiliar-emodb", "speaker-streams-ravdess-40")
_LINE_INCHES, _SPARE_INCHES, _WIDTH_INCHES = 0.18, 0.6, 8.0


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


def from_the_start(row: Row) -> float | None:
    """Unweighted average recall of the merged model in float32, from a test speaker's first clip on."""
    return row.float32.uar


def voices_known(row: Row) -> float | None:
    """The same once a test speaker's recordings have been heard; None where that makes no difference."""
    return row.familiar_uar


def comparisons(figure: Callable[[Row], float | None]) -> Iterator[Comparison]:
    """All of more than one fold; a setting is compared on the cells that its baseline has as well."""
    for name in TABLES:
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
    parts = [HEAD.read_text("utf-8").rstrip("\n"), _placements()]
    for title, figure in (("From the first clip on", from_the_start), ("Once voices are known", voices_known)):
        found = list(comparisons(figure))
        parts += [f"## {title}", _all(found), f"### {title}: over all backbones", _over_backbones(found)]
        parts += [f"### {title}: each backbone, all runs with HRF as the paper says it", _by_backbone(found)]
        parts += [f"### {title}: over all placements and ratios", _over_placements(found)]
    return "\n\n".join(parts) + "\n"


def _placements() -> str:
    """A grid and a plot over the ratio of each metric that is plotted."""
    rows = read_rows(MEASURED / f"{PLACEMENTS}.csv")
    parts = []
    for metric, picture in PLOTTED.items():
        compared = [compare(rows, metric, unit=unit) for unit in UNITS]
        title = f"{METRICS[metric]} over the expansion ratio"
        parts += [f"### {title}", grid(*compared), f"![{title}](../experiments/measured/{picture.name})"]
    return "\n\n".join(parts)


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
    """Of each backbone the mean of all placements and ratios, fold by fold."""
    own = [one for one in found if one.table == PLACEMENTS]
    models = dict.fromkeys(one.setting.model for one in own)
    return _pooled("backbone", {model: [one for one in own if one.setting.model == model] for model in models})


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


def pictures(folder: Path) -> None:
    """Writes all SVGs of the page, under their names."""
    draw(list(comparisons(from_the_start)), folder / PICTURE.name)
    for metric, picture in PLOTTED.items():
        plot_metric(read_rows(MEASURED / f"{PLACEMENTS}.csv"), metric, folder / picture.name)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    pictures(MEASURED)
