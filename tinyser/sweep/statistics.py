"""Means with confidence intervals, and paired tests of HRF against its own baseline.

A cell is one fold with one seed. Cells of a fold share their test speakers, so they are not independent: tests
over cells (`unit="cell"`) are more powerful but too optimistic; those over folds, with the seeds of a fold
averaged first (`unit="fold"`), are not. Reports show both.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinyser.sweep.table import Row

METRICS = {"uar": "UAR", "wa": "WA", "wf1": "WF1"}
UNITS = ("cell", "fold")
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Setting:
    """What is compared: a backbone with HRF in `placement` at `ratio`; ratio 0 is its baseline.

    `placement`: modules, separated by commas, and the factors' own learning rate where they had one.
    """

    model: str
    placement: str
    ratio: int

    @property
    def baseline(self) -> Setting:
        """The same backbone without HRF."""
        return Setting(self.model, "", 0)


Cells = Mapping[tuple[int, int], Row]  # (fold, seed) -> row


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean of `n` values with its confidence interval; `low` and `high` are None for a single value."""

    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class PairedTest:
    """HRF minus baseline over `difference.n` pairs; p values are two-sided, None where there are too few pairs.

    `effect_size` is Cohen's d of the differences (mean over standard deviation).
    """

    difference: Estimate
    p_t: float | None
    p_wilcoxon: float | None
    effect_size: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A setting against its baseline; `holm_*` are corrected over all comparisons made together."""

    setting: Setting
    test: PairedTest
    holm_t: float | None
    holm_wilcoxon: float | None


def by_setting(rows: Sequence[Row]) -> dict[Setting, dict[tuple[int, int], Row]]:
    """The cells of every setting, in the order of the rows."""
    cells: dict[Setting, dict[tuple[int, int], Row]] = {}
    for row in rows:
        settings = row.settings
        placement, rate = ",".join(settings["hrf_modules"]), settings["hrf_learning_rate"]
        if rate is not None:
            placement += f" at {rate:g}"
        setting = Setting(settings["model"], placement, settings["hrf_ratio"])
        cells.setdefault(setting, {})[settings["fold"], settings["seed"]] = row
    return cells


def values(cells: Cells, metric: str, arithmetic: str = "float32") -> dict[tuple[int, int], float]:
    """`metric` of every cell that was measured in this arithmetic."""
    scores = {cell: row.scores(arithmetic) for cell, row in cells.items()}
    return {cell: float(getattr(score, metric)) for cell, score in scores.items() if score is not None}


def by_fold(by_cell: Mapping[tuple[int, int], float]) -> dict[int, float]:
    """The mean over its seeds of each fold, folds in order."""
    cells: dict[int, list[float]] = {}
    for (fold, _), value in sorted(by_cell.items()):
        cells.setdefault(fold, []).append(value)
    return {fold: float(np.mean(of_fold)) for fold, of_fold in cells.items()}


def estimate(sample: Sequence[float]) -> Estimate:
    """Mean and 95 % interval of Student's t. At least one value."""
    from scipy import stats

    mean, n = float(np.mean(sample)), len(sample)
    if n < 2:
        return Estimate(mean, None, None, n)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * np.std(sample, ddof=1) / math.sqrt(n))
    return Estimate(mean, mean - half, mean + half, n)


def paired_test(treated: Sequence[float], baseline: Sequence[float]) -> PairedTest:
    """Paired t and Wilcoxon signed-rank tests of equally long samples, pair by pair; at least one pair."""
    from scipy import stats

    # Accuracies are ratios of small counts: equal ones must not differ by rounding.
    differences = np.round(np.subtract(treated, baseline), 12)
    difference = estimate(differences.tolist())
    if len(differences) < 2:
        return PairedTest(difference, None, None, None)
    if not differences.any():
        return PairedTest(difference, 1.0, 1.0, 0.0)
    deviation = float(np.std(differences, ddof=1))
    with warnings.catch_warnings():
        # Of few pairs, or all of the same difference: the p values say it themselves.
        warnings.simplefilter("ignore")
        p_t = float(stats.ttest_1samp(differences, 0.0).pvalue)
        p_wilcoxon = float(stats.wilcoxon(differences).pvalue)
    effect = difference.mean / deviation if np.ptp(differences) else math.copysign(math.inf, difference.mean)
    return PairedTest(difference, p_t, p_wilcoxon, effect)


def compare(
    rows: Sequence[Row], metric: str, arithmetic: str = "float32", unit: str = "cell"
) -> tuple[Comparison, ...]:
    """Every HRF setting against its own baseline on the cells that both have, corrected together.

    Settings without such a cell are left out. `unit`: one of UNITS.
    """
    cells = by_setting(rows)
    tests: dict[Setting, PairedTest] = {}
    for setting in cells:
        if setting.ratio and setting.baseline in cells:
            treated = values(cells[setting], metric, arithmetic)
            plain = values(cells[setting.baseline], metric, arithmetic)
            shared = [cell for cell in treated if cell in plain]
            if shared:
                pairs = [_units({cell: side[cell] for cell in shared}, unit) for side in (treated, plain)]
                tests[setting] = paired_test(*pairs)
    corrected_t = holm([test.p_t for test in tests.values()])
    corrected_wilcoxon = holm([test.p_wilcoxon for test in tests.values()])
    columns = zip(tests.items(), corrected_t, corrected_wilcoxon, strict=True)
    return tuple(Comparison(setting, test, t, wilcoxon) for (setting, test), t, wilcoxon in columns)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p values corrected for their number (Holm, 1979); None stays and does not count."""
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, index) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        corrected[index] = largest
    return corrected


def _units(by_cell: Mapping[tuple[int, int], float], unit: str) -> list[float]:
    """The values themselves, or the mean of each fold's."""
    if unit == "cell":
        return list(by_cell.values())
    return list(by_fold(by_cell).values())
