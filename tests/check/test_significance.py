"""Intervals against scipy's bootstrap with sklearn's figures, McNemar's test against published figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, recall_score

from tinyser.check.significance import change, intervals

_RANDOM = np.random.default_rng(5)
TRUTH = _RANDOM.integers(0, 3, 120)
BEFORE = np.where(_RANDOM.random(120) < 0.7, TRUTH, _RANDOM.integers(0, 3, 120))
AFTER = np.where(_RANDOM.random(120) < 0.9, BEFORE, _RANDOM.integers(0, 3, 120))


def recall(truth: np.ndarray, decisions: np.ndarray) -> float:
    return float(recall_score(truth, decisions, labels=np.unique(truth), average="macro", zero_division=0))


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("wa", accuracy_score),
        ("uar", recall),
        ("wf1", lambda t, d: f1_score(t, d, labels=np.unique(t), average="weighted", zero_division=0)),
    ],
)
def test_intervals_are_those_of_scipy(name: str, figure: object) -> None:
    theirs = stats.bootstrap(
        (TRUTH, BEFORE), figure, paired=True, vectorized=False, n_resamples=400, method="percentile", rng=1
    ).confidence_interval
    ours = getattr(intervals(TRUTH, BEFORE, 3), name)
    # Two bootstraps differ by chance; the width is about 0.16.
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_interval_of_a_change_is_that_of_scipy() -> None:
    theirs = stats.bootstrap(
        (TRUTH, BEFORE, AFTER),
        lambda t, b, a: recall(t, a) - recall(t, b),
        paired=True,
        vectorized=False,
        n_resamples=400,
        method="percentile",
        rng=1,
    ).confidence_interval
    ours = change(TRUTH, BEFORE, AFTER, 3)
    assert ours.uar == pytest.approx(recall(TRUTH, AFTER) - recall(TRUTH, BEFORE))
    assert (ours.interval.low, ours.interval.high) == pytest.approx((theirs.low, theirs.high), abs=0.015)


def test_a_class_that_does_not_occur_changes_nothing() -> None:
    found = change(TRUTH, BEFORE, AFTER, 5)
    assert found.uar == pytest.approx(recall(TRUTH, AFTER) - recall(TRUTH, BEFORE))
    assert np.isfinite([found.interval.low, found.interval.high]).all()


def test_mcnemar() -> None:
    """10 lost against 2 gained: twice the tail of a fair coin's 12 throws, (1 + 12 + 66) / 4096."""
    truth = np.zeros(30, int)
    before, after = np.zeros(30, int), np.zeros(30, int)
    after[:10], before[10:12] = 1, 1
    found = change(truth, before, after, 2)
    assert (found.lost, found.gained) == (10, 2)
    assert found.mcnemar_p == pytest.approx(2 * (1 + 12 + 66) / 4096)


def test_equal_decisions_are_no_change() -> None:
    found = change(TRUTH, BEFORE, BEFORE, 3)
    assert (found.uar, found.interval.low, found.interval.high, found.mcnemar_p) == (0, 0, 0, 1)
