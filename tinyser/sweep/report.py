"""A sweep's rows as a page in Markdown with plots: every setting, every comparison, whichever way it came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from codegen.atomic import new_file
from codegen.errors import DataError
from tinyser.sweep.markdown import interval, p_value, table
from tinyser.sweep.plan import Experiment
from tinyser.sweep.plots import plot_folds, plot_metric
from tinyser.sweep.statistics import (
    METRICS,
    UNITS,
    Comparison,
    Estimate,
    Setting,
    by_setting,
    compare,
    estimate,
    paired_test,
    values,
)
from tinyser.sweep.table import Row

PLOTTED = ("wf1", "uar")
SIGNIFICANT = 0.05
_INT8_COLUMNS = ("model", "HRF", "cells", "UAR float", "UAR int8", "int8 - float", "p (t)", "decisions equal", "kB")


def write_report(experiment: Experiment, rows: Sequence[Row], folder: Path) -> Path:
    """Writes `NAME.md`, `NAME-confusion.md` and the plots into `folder`; returns the page.

    Raises DataError when there is no row.
    """
    if not rows:
        raise DataError(f"{experiment.name}: no finished run to report on; run the sweep first")
    folder.mkdir(parents=True, exist_ok=True)
    for metric in PLOTTED:
        plot_metric(rows, metric, folder / f"{experiment.name}-{metric}.svg")
        plot_folds(rows, metric, folder / f"{experiment.name}-{metric}-folds.svg")
    pages = {experiment.name: page(experiment, rows), f"{experiment.name}-confusion": confusion_page(experiment, rows)}
    for name, text in pages.items():
        with new_file(folder / f"{name}.md") as partial:
            partial.write_text(text, encoding="utf-8")
    return folder / f"{experiment.name}.md"


def page(experiment: Experiment, rows: Sequence[Row]) -> str:
    """The page; it names the plots, which lie beside it."""
    name, int8 = experiment.name, any(row.int8 is not None for row in rows)
    parts = [
        f"# {name}",
        _completeness(experiment, rows),
        "## Findings",
        "The tables show HRF minus baseline in points; \\* is significant over cells (a cell is a fold with a seed) "
        "or over folds, \\*\\* over both.",
        *(_findings(rows, metric) for metric in METRICS),
        "A bar is the 95 % interval of what HRF changes, over folds, seeds averaged first: where it does not reach the "
        "baseline's line, chance is an unlikely cause, as long as few settings are compared.",
        *(f"![{METRICS[metric]} over the expansion ratio]({name}-{metric}.svg)" for metric in PLOTTED),
        "A dot is the baseline of a fold, a line leads to the same fold with HRF; means over seeds.",
        *(f"![{METRICS[metric]} of each fold]({name}-{metric}-folds.svg)" for metric in PLOTTED),
        "## Means",
        "In percent, with 95 % confidence intervals (Student's t over cells).",
        _means(rows),
        "## HRF against its own baseline",
        "HRF minus the same backbone without HRF on the same folds and seeds, float32 after the merge, in points. d is "
        "Cohen's d of the differences; p values are two-sided, of paired t and Wilcoxon signed-rank tests; Holm "
        "corrects for all rows of a table. Cells of one fold share test speakers, which makes tests over cells too "
        "optimistic; the tests over folds average the seeds of a fold first.",
        *(part for metric in METRICS for part in (f"### {METRICS[metric]}", _comparisons(rows, metric, "float32"))),
    ]
    if int8:
        parts += [
            "## int8",
            "The quantized models with TFLite's reference kernels on the same test clips.",
            _int8(rows),
            "HRF minus baseline, both in int8, UAR:",
            _comparisons(rows, "uar", "int8"),
        ]
    parts += [
        "## Recall by class",
        f"In percent, float32, mean and half-width of the 95 % interval. Confusions: [{name}-confusion.md]"
        f"({name}-confusion.md).",
        _recalls(rows),
        "## Settings",
        _settings(experiment, rows),
    ]
    return "\n\n".join(parts) + "\n"


def confusion_page(experiment: Experiment, rows: Sequence[Row]) -> str:
    """Confusion matrices of every setting, summed over folds and seeds."""
    parts = [
        f"# {experiment.name}: confusions",
        "Clips over all folds and seeds; rows are true classes, columns decisions.",
    ]
    for setting, cells in by_setting(rows).items():
        for arithmetic in ("float32", "int8"):
            scores = [score for row in cells.values() if (score := row.scores(arithmetic)) is not None]
            if scores:
                labels = list(scores[0].recall)
                matrices = zip(*(score.confusion for score in scores), strict=True)
                sums = [[str(sum(column)) for column in zip(*lines, strict=True)] for lines in matrices]
                lines = [[label, *counts] for label, counts in zip(labels, sums, strict=True)]
                parts += [f"## {setting.model}, {_hrf(setting)}, {arithmetic}", table(("", *labels), lines)]
    return "\n\n".join(parts) + "\n"


def _completeness(experiment: Experiment, rows: Sequence[Row]) -> str:
    runs = len(experiment.runs())
    hours = sum(row.seconds for row in rows) / 3600
    state = "All" if len(rows) == runs else f"Unfinished: {len(rows)} of"
    return f"{state} {runs} runs on corpus {experiment.corpus}, {hours:.1f} hours of work."


def _findings(rows: Sequence[Row], metric: str) -> str:
    """How often HRF helps by a metric, in a sentence, and by how much, in a grid."""
    title = METRICS[metric]
    over_cells, over_folds = compare(rows, metric), compare(rows, metric, unit="fold")
    if not over_cells:
        return f"{title}: there is nothing to compare yet."
    higher = sum(c.test.difference.mean > 0 for c in over_cells)
    sure = [[c for c in comparisons if _is_sure(c)] for comparisons in (over_cells, over_folds)]
    text = (
        f"**{title}**: {higher} of {len(over_cells)} HRF settings have a higher mean than their baseline, "
        f"{len(over_cells) - higher} have the same or a lower one. Significant at p < {SIGNIFICANT:g} by the paired t "
        f"test after Holm's correction: over cells {_signs(sure[0])}, over folds {_signs(sure[1])}."
    )
    return f"{text}\n\n{grid(over_cells, over_folds)}"


def _is_sure(comparison: Comparison) -> bool:
    return comparison.holm_t is not None and comparison.holm_t < SIGNIFICANT


def _signs(comparisons: Sequence[Comparison]) -> str:
    better = sum(c.test.difference.mean > 0 for c in comparisons)
    return f"{better} better and {len(comparisons) - better} worse"


def grid(over_cells: Sequence[Comparison], over_folds: Sequence[Comparison]) -> str:
    """Differences in points: a line for each backbone and placement, a column for each ratio.

    A star for each of the two that is significant after Holm's correction.
    """
    marks = {c.setting: "\\*" * (_is_sure(c) + _is_sure(d)) for c, d in zip(over_cells, over_folds, strict=True)}
    shown = {c.setting: f"{100 * c.test.difference.mean:+.1f}{marks[c.setting]}" for c in over_cells}
    ratios = sorted({setting.ratio for setting in shown})
    places = dict.fromkeys((setting.model, setting.placement) for setting in shown)
    lines = [[*place, *(shown.get(Setting(*place, ratio), "-") for ratio in ratios)] for place in places]
    return table(("model", "placement", *(f"x{ratio}" for ratio in ratios)), lines)


def _means(rows: Sequence[Row]) -> str:
    known, losses = _of_all(rows, "familiar_uar"), _of_all(rows, "train_loss")
    scores = (*METRICS.values(), *(["UAR, voices known"] if known else []))
    lines = []
    for setting, cells in by_setting(rows).items():
        row = next(iter(cells.values()))
        seconds = estimate([cell.train_seconds for cell in cells.values()]).mean
        figures = [list(values(cells, metric).values()) for metric in METRICS]
        if known:
            figures.append([known[cell.id] for cell in cells.values()])
        sizes = [f"{row.parameters_trained:,}", f"{row.parameters_merged:,}", f"{seconds:.0f}"]
        loss = [f"{estimate([losses[cell.id] for cell in cells.values()]).mean:.3f}"] if losses else []
        means = [interval(estimate(figure)) for figure in figures]
        lines.append([setting.model, _hrf(setting), str(len(cells)), *means, *loss, *sizes])
    headings = ("parameters trained", "parameters merged", "seconds to train")
    return table(("model", "HRF", "cells", *scores, *(["training loss"] if losses else []), *headings), lines)


def _of_all(rows: Sequence[Row], name: str) -> Mapping[str, float]:
    """An optional figure, by the runs' ids; empty where not all runs have it."""
    found = {row.id: value for row in rows if (value := getattr(row, name)) is not None}
    return found if len(found) == len(rows) else {}


def _comparisons(rows: Sequence[Row], metric: str, arithmetic: str) -> str:
    by_unit = [{c.setting: c for c in compare(rows, metric, arithmetic, unit)} for unit in UNITS]
    lines = []
    for setting, over_cells in by_unit[0].items():
        over_folds, test = by_unit[1][setting], over_cells.test
        lines.append(
            [
                setting.model,
                _hrf(setting),
                str(test.difference.n),
                interval(test.difference, sign="+"),
                "-" if test.effect_size is None else f"{test.effect_size:+.2f}",
                *(p_value(p) for p in (test.p_t, over_cells.holm_t, test.p_wilcoxon, over_cells.holm_wilcoxon)),
                str(over_folds.test.difference.n),
                *(p_value(p) for p in (over_folds.test.p_t, over_folds.holm_t)),
            ]
        )
    tests = ("t: p", "Holm", "Wilcoxon: p", "Holm", "folds", "t over folds: p", "Holm")
    return table(("model", "HRF", "cells", "difference", "d", *tests), lines)


def _int8(rows: Sequence[Row]) -> str:
    lines = []
    for setting, cells in by_setting(rows).items():
        quantized = {cell: row.int8 for cell, row in cells.items() if row.int8 is not None}
        if not quantized:
            continue
        int8 = list(values(cells, "uar", "int8").values())
        floats = [cells[cell].float32.uar for cell in quantized]
        test = paired_test(int8, floats)
        size = estimate([result.bytes / 1e3 for result in quantized.values()]).mean
        lines.append(
            [
                setting.model,
                _hrf(setting),
                str(len(quantized)),
                *(interval(estimate(sample)) for sample in (floats, int8)),
                interval(test.difference, sign="+"),
                p_value(test.p_t),
                interval(estimate([result.agreement for result in quantized.values()])),
                f"{size:.0f}",
            ]
        )
    return table(_INT8_COLUMNS, lines)


def _recalls(rows: Sequence[Row]) -> str:
    labels = list(rows[0].float32.recall)
    lines = []
    for setting, cells in by_setting(rows).items():
        figures = []
        for label in labels:
            recalls = [recall for row in cells.values() if (recall := row.float32.recall[label]) is not None]
            figures.append(_half_width(estimate(recalls)) if recalls else "-")
        lines.append([setting.model, _hrf(setting), *figures])
    return table(("model", "HRF", *labels), lines)


def _settings(experiment: Experiment, rows: Sequence[Row]) -> str:
    """Every setting that is given, or left at its default, and the versions that ran."""
    swept: dict[str, Any] = {
        "model": experiment.models,
        "hrf_ratio": experiment.hrf_ratios,
        "hrf_modules": [",".join(modules) for modules in experiment.hrf_modules],
        "fold": experiment.folds,
        "seed": experiment.seeds,
    }
    entries = {**rows[0].settings, **swept, "int8": "yes" if experiment.int8 else "no"}
    for name in ("device", "tinyser", "torch"):
        entries[name] = sorted({getattr(row, name) for row in rows})
    shown = {
        name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in entries.items()
        if value is not None
    }
    return table(("setting", "value"), [[name, value] for name, value in shown.items()])


def _hrf(setting: Setting) -> str:
    return f"{setting.placement} x{setting.ratio}" if setting.ratio else "none"


def _half_width(value: Estimate) -> str:
    mean = f"{100 * value.mean:.1f}"
    return mean if value.high is None else f"{mean} ± {100 * (value.high - value.mean):.1f}"
