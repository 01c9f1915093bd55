"""The page docs/results-hrf.md: tables of every comparison, and of groups of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from hrf_results.comparisons import (
    MEASURED,
    PLACEMENTS,
    PLOTTED,
    TABLES,
    Comparison,
    comparisons,
    fits,
    from_the_start,
    voices_known,
)
from hrf_results.pictures import LOSS
from tinyser.models import MODELS
from tinyser.sweep.markdown import interval, p_value, table
from tinyser.sweep.report import grid
from tinyser.sweep.statistics import METRICS, UNITS, compare, holm, paired_test
from tinyser.sweep.table import read_rows

HEAD = MEASURED.parent.parent / "docs" / "results_hrf_head.md"
# The factors' learning rate, as a share of that of all else -> how the page names it.
RATES = {1.0: "the learning rate of all else", 1 / 20: "a twentieth of that rate"}


def page() -> str:
    """The whole page."""
    parts = [HEAD.read_text("utf-8").rstrip("\n"), *(_placements(*each) for each in PLACEMENTS.items()), _fits()]
    for title, figure in (("From the first clip on", from_the_start), ("Once voices are known", voices_known)):
        found = list(comparisons(figure))
        parts += [f"## {title}", _all(found), f"### {title}: over all backbones", _over_backbones(found)]
        for rate, said in RATES.items():
            parts += [f"### {title}: each backbone, HRF as the paper says it, factors at {said}"]
            parts += [_by_backbone(_in_the_papers_place(found, rate))]
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


def _fits() -> str:
    """A line a setting of each backbone, by what HRF does to the training loss, and how both go together."""
    lines, correlations = [], []
    for model, pairs in fits().items():
        by_loss = sorted(pairs, key=lambda pair: pair[0].test.difference.mean)
        lines += [
            (model, loss.placement, f"{loss.test.difference.mean:+.3f}", interval(uar.test.difference, "+"))
            for loss, uar in by_loss
        ]
        without_attention = [pair for pair in by_loss if "attention" not in pair[0].placement]
        both = _correlation(by_loss), _correlation(without_attention)
        correlations.append("{} {:.2f}, without those of attention {:.2f}".format(model, *both))
    together = f"Pearson's correlation of the two over settings: {'; '.join(correlations)}."
    picture = f"![What HRF does to UAR over what it does to the training loss](../experiments/measured/{LOSS})"
    headings = ("model", "HRF", "training loss, HRF - without", "UAR, HRF - without")
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


def _in_the_papers_place(found: list[Comparison], rate: float) -> list[Comparison]:
    return [one for one in found if one.in_the_papers_place and math.isclose(one.rate, rate)]


def _over_backbones(found: list[Comparison]) -> str:
    """Of each rate: the mean of all backbones' differences, fold by fold of both corpora.

    Of the tables that have all backbones at it, so that none weighs more.
    """
    pooled = {}
    for rate, said in RATES.items():
        own = _in_the_papers_place(found, rate)
        models = {name: {one.setting.model for one in own if one.table == name} for name in TABLES}
        pooled[said] = [one for one in own if models[one.table] == set(MODELS)]
    return _pooled("HRF as the paper says it, factors at", pooled)


def _by_backbone(found: list[Comparison]) -> str:
    """A line a backbone and corpus, and one of both corpora."""
    groups = {}
    for model in dict.fromkeys(one.setting.model for one in found):
        for corpus in (*dict.fromkeys(one.corpus for one in found), None):
            chosen = [one for one in found if one.setting.model == model and corpus in (one.corpus, None)]
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
