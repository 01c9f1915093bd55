"""Intervals and tests against scipy on known data, and on rows made up so that the outcome is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.sweep.rows import experiment, made_up_rows
from tinyser.sweep.statistics import Setting, compare, estimate, holm, paired_test

# Student's (1908) hours of sleep gained with two drugs, ten patients: t = 4.0621, p = 0.002833.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_students_sleep_data() -> None:
    test = paired_test(SECOND, FIRST)
    assert test.p_t == pytest.approx(0.002833, abs=1e-6)
    assert test.difference.mean == pytest.approx(1.58)
    assert (test.difference.low, test.difference.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)
    assert test.effect_size == pytest.approx(4.0621 / math.sqrt(10), abs=1e-4)


def test_against_scipy() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(0.6, 0.1, 12), random.normal(0.55, 0.1, 12)
    test = paired_test(a.tolist(), b.tolist())
    assert test.p_t == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert test.p_wilcoxon == pytest.approx(stats.wilcoxon(a, b).pvalue)
    interval = stats.ttest_1samp(a, 0).confidence_interval(0.95)
    found = estimate(a.tolist())
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    swapped = paired_test(b.tolist(), a.tolist())
    assert swapped.p_t == pytest.approx(test.p_t) and swapped.effect_size == pytest.approx(-(test.effect_size or 0))


def test_too_few_and_equal_samples() -> None:
    one = paired_test([0.7], [0.5])
    assert one.difference.mean == pytest.approx(0.2) and one.difference.low is None
    assert (one.p_t, one.p_wilcoxon, one.effect_size) == (None, None, None)
    same = paired_test([0.1 + 0.2, 0.5], [0.3, 0.5])
    assert (same.p_t, same.p_wilcoxon, same.effect_size) == (1.0, 1.0, 0.0)
    shifted = paired_test([0.75, 0.5], [0.5, 0.25])
    assert shifted.p_t == 0.0 and shifted.effect_size == math.inf


def test_holm() -> None:
    # Worked by hand: 0.005 * 4, 0.01 * 3, then 0.03 * 2; the last, 0.04, may not fall below that.
    assert holm([0.01, 0.04, None, 0.03, 0.005]) == pytest.approx([0.03, 0.06, None, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_constructed_outcome() -> None:
    """HRF helps the one, harms the other, and does nothing anywhere else."""
    gains = {("convtransformer", "ffn", 4): 0.05, ("conformer", "attention,conv", 2): -0.05}
    rows = made_up_rows(experiment(), gains)
    for unit, pairs in (("cell", 8), ("fold", 4)):
        found = {comparison.setting: comparison for comparison in compare(rows, "uar", unit=unit)}
        assert len(found) == 8
        better, worse = found[Setting("convtransformer", "ffn", 4)], found[Setting("conformer", "attention,conv", 2)]
        assert better.test.difference.mean == pytest.approx(0.05 * (1 - 0.05 - 0.03))
        assert worse.test.difference.mean == pytest.approx(-better.test.difference.mean)
        assert better.holm_t is not None and better.test.p_t is not None
        assert better.holm_t == pytest.approx(8 * better.test.p_t) and better.holm_t < 0.001
        for setting, comparison in found.items():
            assert comparison.test.difference.n == pairs
            if comparison not in (better, worse):
                assert comparison.test.p_t == comparison.holm_t == 1.0, setting


def test_factors_at_a_rate_of_their_own_are_another_setting() -> None:
    rows = made_up_rows(experiment(), {})
    slower = [replace(row, settings={**row.settings, "hrf_learning_rate": 4e-4}) for row in rows]
    factored = [row for row in slower if row.settings["hrf_ratio"]]
    found = {comparison.setting for comparison in compare([*rows, *factored], "uar")}
    assert len(found) == 16
    assert {Setting("conformer", "ffn", 2), Setting("conformer", "ffn at 0.0004", 2)} < found


def test_only_shared_cells_are_paired() -> None:
    rows = made_up_rows(experiment(), {("conformer", "ffn", 2): 0.1})
    kept = [row for row in rows if row.settings["hrf_ratio"] or row.settings["fold"] < 3]
    found = {comparison.setting: comparison for comparison in compare(kept, "wf1", "int8")}
    assert found[Setting("conformer", "ffn", 2)].test.difference.n == 6
    without = [row for row in rows if row.settings["hrf_ratio"]]
    assert compare(without, "wf1") == ()
