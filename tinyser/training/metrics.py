"""Classification figures usual in speech emotion recognition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.errors import DataError


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures in 0..1.

    `wa` weighted accuracy (share of clips right), `uar` unweighted average recall (mean recall of the
    classes that occur), `wf1` F1 weighted by class size, `recall` per label (None where the label does not
    occur), `confusion` counts with the truth in rows, `clips` how many were judged (for
    utterances decided together: how many groups).
    """

    wa: float
    uar: float
    wf1: float
    recall: dict[str, float | None]
    confusion: list[list[int]]
    clips: int

    def to_json(self) -> dict[str, Any]:
        """A JSON object with one entry per field."""
        return asdict(self)


def vote(posteriors: NDArray[np.floating], groups: NDArray[np.integer]) -> NDArray[np.float32]:
    """Majority vote: posteriors (utterances, labels) -> (groups, labels); `groups` (utterances,) counts from 0.

    Every utterance has one vote for its likeliest label, and the mean posteriors share out one vote more: that
    breaks ties, and can never overturn a majority.
    """
    votes = np.eye(posteriors.shape[1])[posteriors.argmax(axis=1)]
    counts = np.bincount(groups)[:, np.newaxis]
    sums = np.zeros((2, len(counts), posteriors.shape[1]))
    np.add.at(sums[0], groups, votes)
    np.add.at(sums[1], groups, posteriors)
    return np.asarray((sums[0] + sums[1] / counts) / (counts + 1), dtype=np.float32)


def measure(truth: NDArray[np.integer], decisions: NDArray[np.integer], labels: Sequence[str]) -> Metrics:
    """Compares label indices, both (clips,). Raises DataError when there are none or counts differ."""
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

    if len(truth) == 0 or len(truth) != len(decisions):
        raise DataError(f"metrics: got {len(truth)} labels and {len(decisions)} decisions, allowed is the same, over 0")
    present = np.unique(truth)
    recalls = recall_score(truth, decisions, labels=present, average=None, zero_division=0)
    by_index = dict(zip(present.tolist(), recalls.tolist(), strict=True))
    return Metrics(
        wa=float(accuracy_score(truth, decisions)),
        uar=float(np.mean(recalls)),
        wf1=float(f1_score(truth, decisions, labels=present, average="weighted", zero_division=0)),
        recall={label: by_index.get(index) for index, label in enumerate(labels)},
        confusion=confusion_matrix(truth, decisions, labels=range(len(labels))).tolist(),
        clips=len(truth),
    )
