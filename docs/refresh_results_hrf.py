"""Writes docs/results-hrf.md and its picture from experiments/measured/: `./run python docs/refresh_results_hrf.py`.

A test compares the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from codegen.atomic import new_file
from tinyser.models import MODELS
from tinyser.sweep.markdown import interval, p_value, table
from tinyser.sweep.plots import STYLE
from tinyser.sweep.statistics import PairedTest, Setting, by_fold, by_setting, holm, paired_test
from tinyser.sweep.table import Row, read_rows

DOCS = Path(__file__).parent
MEASURED = DOCS.parent / "experiments" / "measured"
PAGE, HEAD, PICTURE = DOCS / "results-hrf.md", DOCS / "results_hrf_head.md", MEASURED / "hrf-differences.svg"
# Table of rows -> what its runs have in common, in the order of the page.
TABLES = {
    "emodb": "EmoDB, features by the corpus",
    "ravdess": "RAVDESS, features by the corpus",
    "transfer-emodb": "EmoDB after RAVDESS, features by the corpus",
    "transfer-hrf-rate": "EmoDB after RAVDESS, features by the corpus, another start",
    "speaker-streams-emodb": "EmoDB after RAVDESS, voices get known",
    "speaker-streams-ravdess": "RAVDESS, voices get known",
    "speaker-streams-ravdess-40": "RAVDESS, voices get known, 40 epochs instead of 100",
}
# All three backbones are in these, so that a mean over backbones can be taken.
WITH_ALL_BACKBONES = ("speaker-streams-emodb", "speaker-streams-ravdess-40")
_LINE_INCHES, _SPARE_INCHES, _WIDTH_INCHES = 0.24, 0.9, 7.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """HRF against its baseline by one figure; by fold, seeds averaged first, as shares of 1."""

    table: str
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
            without, with_hrf = ({cell: value for cell, value in side.items() if value is not None} for side in sides)
            shared = [cell for cell in with_hrf if setting.ratio and cell in without]
            if len({fold for fold, _ in shared}) > 1:
                yield Comparison(
                    name, setting, *(by_fold({c: side[c] for c in shared}) for side in (without, with_hrf))
                )


def page() -> str:
    """The whole page."""
    parts = [HEAD.read_text("utf-8").rstrip("\n")]
    for title, figure in (("From the first clip on", from_the_start), ("Once voices are known", voices_known)):
        found = list(comparisons(figure))
        parts += [f"## {title}", _all(found), f"### {title}: over all backbones", _over_backbones(found)]
    return "\n\n".join(parts) + "\n"


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
    lines = []
    for placement in dict.fromkeys(one.placement for one in found):
        own = [one for one in found if one.table in WITH_ALL_BACKBONES and one.placement == placement]
        if len(own) < len(WITH_ALL_BACKBONES) * len(MODELS):
            continue
        pairs: dict[tuple[str, int], list[float]] = {}
        for one in own:
            for fold, difference in one.differences.items():
                pairs.setdefault((one.table, fold), []).append(difference)
        means = [float(np.mean(values)) for values in pairs.values()]
        test = paired_test(means, [0.0] * len(means))
        lines.append((placement, str(len(means)), interval(test.difference, "+"), p_value(test.p_t)))
    return table(("HRF", "folds", "HRF - without", "p (t)"), lines)


def draw(found: list[Comparison], path: Path) -> None:
    """Writes an SVG: a line a comparison, its folds as faint dots, the mean with its 95 % interval."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, _SPARE_INCHES + _LINE_INCHES * len(found)), layout="constrained")
        axes = figure.subplots()
        for place, one in enumerate(reversed(found)):
            folds, difference = [100 * value for value in one.differences.values()], one.test.difference
            axes.plot(folds, [place] * len(folds), "o", color="tab:gray", alpha=0.35, markersize=4)
            low = difference.mean if difference.low is None else difference.low
            half = 100 * (difference.mean - low)
            axes.errorbar(100 * difference.mean, place, xerr=half, fmt="o", color="tab:blue", markersize=5, capsize=3)
        axes.axvline(0, color="black", linewidth=0.8)
        labels = [f"{TABLES[one.table]}\n{one.name}" for one in reversed(found)]
        axes.set_yticks(range(len(found)), labels, fontsize=7)
        axes.set_xlabel("UAR with HRF minus UAR without, in points")
        with new_file(path) as partial:
            figure.savefig(partial, format="svg", metadata={"Date": None, "Creator": "TinySER"})


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    draw(list(comparisons(from_the_start)), PICTURE)
