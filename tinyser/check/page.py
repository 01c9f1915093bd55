"""`report.html`: one file without scripts or links, readable offline, light or dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from codegen.atomic import new_file
from tinyser.check.report import Report

_CELL_WIDTH, _CELL_HEIGHT, _LEFT, _TOP = 96, 40, 250, 32


def write_page(report: Report, path: str | Path) -> None:
    """Writes the page, whole or not at all."""
    with new_file(path) as partial:
        partial.write_text(render(report), encoding="utf-8")


def render(report: Report) -> str:
    """The page's HTML; every text out of a model or a file name is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tinyser.check", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=percent, number=number)
    scored = any(stage.scores for stage in report.stages)
    return environment.get_template("report.html.j2").render(
        report=report,
        scored=scored,
        columns=4 + len(report.labels) if scored else 1,
        chance=1 / len(report.labels),
        titles={stage.name: stage.title for stage in report.stages},
        heat=_heat_map(report),
    )


def percent(share: float | None) -> str:
    """`98.5` for 0.985, `-` for None."""
    return "-" if share is None else f"{100 * share:.1f}"


def number(value: float | None) -> str:
    """Three significant digits, `-` for None."""
    return "-" if value is None else f"{value:.3g}"


def _heat_map(report: Report) -> dict[str, Any] | None:
    """Positions and texts of the agreement heat map; None for fewer than two stages."""
    stages = report.stages
    if len(stages) < 2:
        return None
    rows = []
    for row, a in enumerate(stages):
        cells = []
        for column, b in enumerate(stages):
            pair = report.pair(a.name, b.name)
            share = 1.0 if a is b else pair.decision_agreement if pair else None
            # Agreement lies near 1: colour spreads over the upper half, so that 99 % and 95 % differ.
            opacity = 0.0 if share is None else round(0.55 * max(0.0, 2 * share - 1) ** 3, 3)
            tip = f"{a.title} / {b.title}: {percent(share)} % of the decisions equal"
            cells.append({"x": _LEFT + _CELL_WIDTH * column, "opacity": opacity, "text": percent(share), "tip": tip})
        rows.append({"title": a.title, "y": _TOP + _CELL_HEIGHT * row, "cells": cells})
    return {
        "left": _LEFT,
        "cell": _CELL_WIDTH,
        "width": _LEFT + _CELL_WIDTH * len(stages) + 8,
        "height": _TOP + _CELL_HEIGHT * len(stages) + 8,
        "columns": [stage.name for stage in stages],
        "rows": rows,
    }
