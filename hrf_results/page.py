"""The page docs/results-hrf.md: its template's tables, of every comparison and of groups of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

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
from tinyser.sweep.table import Row, read_rows

TEMPLATE = "results-hrf.md.j2"
# The factors' learning rate, as a share of that of all else -> how the page names it.
RATES = {1.0: "that of all else", 1 / 20: "a twentieth"}
# Corpus -> how a heading names it; all of them together last.
CORPORA = {"emodb": "EmoDB", "ravdess": "RAVDESS", None: "both"}
BY_CORPUS = ("comparisons", *CORPORA.values())
FIGURES: dict[str, Callable[[Row], float | None]] = {"from_the_start": from_the_start, "voices_known": voices_known}


def page() -> str:
    """The whole page."""
    environment = Environment(  # Markdown, not HTML: nothing is escaped
        loader=PackageLoader("hrf_results", "."),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    found = {name: list(comparisons(figure)) for name, figure in FIGURES.items()}
    return environment.get_template(TEMPLATE).render(
        in_short={name: _in_short(of_figure) for name, of_figure in found.items()},
        placements="\n\n".join(_placements(*each) for each in PLACEMENTS.items()),
        fits=_fits(),
        comparisons={name: _all(of_figure) for name, of_figure in found.items()},
        over_placements={name: _over_placements(of_figure) for name, of_figure in found.items()},
    )


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


def _in_short(found: list[Comparison]) -> str:
    """HRF in the paper's place: a line a backbone and rate of the factors, and one of all backbones."""
    lines = []
    for rate, said in RATES.items():
        own = _in_the_papers_place(found, rate)
        groups = {**_by_backbone(own), "all three": _of_tables_with_all_backbones(own)}
        lines += [(name, said, *_by_corpus(group)) for name, group in groups.items()]
    return table(("backbone", "factors' rate", *BY_CORPUS), lines)


def _by_backbone(found: list[Comparison]) -> dict[str, list[Comparison]]:
    return {model: [one for one in found if one.setting.model == model] for model in MODELS}


def _of_tables_with_all_backbones(found: list[Comparison]) -> list[Comparison]:
    """So that no backbone weighs more than another."""
    models = {name: {one.setting.model for one in found if one.table == name} for name in TABLES}
    return [one for one in found if models[one.table] == set(MODELS)]


def _over_placements(found: list[Comparison]) -> str:
    """Of each backbone the mean of all placements and ratios, fold by fold, on each corpus."""
    groups = _by_backbone([one for one in found if one.table in PLACEMENTS])
    return table(("backbone", *BY_CORPUS), [(name, *_by_corpus(group)) for name, group in groups.items()])


def _by_corpus(group: list[Comparison]) -> tuple[str, ...]:
    """How many they are; the mean difference, its interval and p on each corpus and on both."""
    cells = [_pooled([one for one in group if corpus in (one.corpus, None)]) for corpus in CORPORA]
    return (str(len(group)), *cells)


def _pooled(group: list[Comparison]) -> str:
    """Over folds, of the mean of all comparisons' differences in each fold of a corpus."""
    folds: dict[tuple[str, int], list[float]] = {}
    for one in group:
        for fold, difference in one.differences.items():
            folds.setdefault((one.corpus, fold), []).append(difference)
    means = [float(np.mean(values)) for values in folds.values()]
    test = paired_test(means, [0.0] * len(means))
    return f"{interval(test.difference, '+')}, p {p_value(test.p_t)}"
