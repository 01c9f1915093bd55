"""How much of a difference is luck: bootstrap intervals of figures, McNemar's test of two stages on the same clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
CONFIDENCE = 0.95
_SEED = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """The bootstrap's percentile interval of CONFIDENCE."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """Of a stage's figures, as clips are drawn again and again with replacement."""

    wa: Interval
    uar: Interval
    wf1: Interval


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the unweighted average recall from one stage to another, in 0..1.

    `lost` clips the first stage alone decides right, `gained` the second alone; `mcnemar_p` is the probability of a
    split as uneven as this if neither were better (exact, two-sided).
    """

    uar: float
    interval: Interval
    lost: int
    gained: int
    mcnemar_p: float


def intervals(truth: Indices, decisions: Indices, classes: int) -> Intervals:
    """Of label indices, both (clips,)."""
    confusions = _resample(truth * classes + decisions, classes**2).reshape(-1, classes, classes)
    right, support, decided = _margins(confusions)
    clips = support.sum(axis=1)
    f1 = np.divide(2 * right, support + decided, out=np.zeros_like(right), where=support + decided > 0)
    return Intervals(
        wa=_interval(right.sum(axis=1) / clips),
        uar=_interval(_uar(confusions)),
        wf1=_interval((f1 * support).sum(axis=1) / clips),
    )


def change(truth: Indices, before: Indices, after: Indices, classes: int) -> Change:
    """From one stage's decisions to another's on the same clips; all are label indices, (clips,)."""
    from scipy import stats

    cells = (truth * classes + before) * classes + after
    shape = (-1, classes, classes, classes)
    observed = np.bincount(cells, minlength=classes**3).astype(np.float64).reshape(shape)
    resampled = _resample(cells, classes**3).reshape(shape)
    lost, gained = int(((before == truth) & (after != truth)).sum()), int(((before != truth) & (after == truth)).sum())
    return Change(
        uar=float(_uar_change(observed)[0]),
        interval=_interval(_uar_change(resampled)),
        lost=lost,
        gained=gained,
        mcnemar_p=float(stats.binomtest(lost, lost + gained).pvalue) if lost + gained else 1.0,
    )


def _resample(cells: Indices, count: int) -> Floats:
    """(resamples, count): how many clips of each cell a draw with replacement has, the same draws in every call."""
    shares = np.bincount(cells, minlength=count) / len(cells)
    return np.random.default_rng(_SEED).multinomial(len(cells), shares, RESAMPLES).astype(np.float64)


def _margins(confusions: Floats) -> tuple[Floats, Floats, Floats]:
    """Of (..., truth, decision): clips decided right, true clips and decisions of each class, all (..., classes)."""
    return np.diagonal(confusions, axis1=-2, axis2=-1), confusions.sum(axis=-1), confusions.sum(axis=-2)


def _uar(confusions: Floats) -> Floats:
    """Mean recall of the classes that occur; (..., truth, decision) -> (...)."""
    right, support, _ = _margins(confusions)
    recall = np.divide(right, support, out=np.zeros_like(support), where=support > 0)
    return np.asarray(recall.sum(axis=-1) / (support > 0).sum(axis=-1))


def _uar_change(counts: Floats) -> Floats:
    """(..., truth, before, after) -> (...)."""
    return _uar(counts.sum(axis=-2)) - _uar(counts.sum(axis=-1))


def _interval(values: Floats) -> Interval:
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high))
