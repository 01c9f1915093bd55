"""`report.html`: one file without scripts or links, readable offline, light or dark."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen.atomic import new_file
from tinyser.check.layer_chart import layer_chart
from tinyser.check.report import Report
from tinyser.check.significance import RESAMPLES, Interval
from tinyser.check.summary import points, summarise

_CELL_WIDTH, _CELL_HEIGHT, _TOP = 72, 40, 32
_LETTER = 7.5  # pixels, of the heat map's titles
_COSTLIEST = 3  # layers named in words


def write_page(
    report: Report, path: str | Path, plan: str | None = None, sounds: Mapping[int, bytes] | None = None
) -> None:
    """Writes the page, whole or not at all. `plan`: the picture of the arena, SVG; `sounds`: FLAC files by clip."""
    with new_file(path) as partial:
        partial.write_text(render(report, plan, sounds), encoding="utf-8")


def render(report: Report, plan: str | None = None, sounds: Mapping[int, bytes] | None = None) -> str:
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
    environment.filters.update(percent=percent, number=number, interval=interval, points=points)
    scored = any(stage.scores for stage in report.stages)
    timed = any(stage.per_second is not None for stage in report.stages)
    return environment.get_template("report.html.j2").render(
        report=report,
        scored=scored,
        timed=timed,
        columns=(4 if scored else 1) + timed,
        chance=1 / len(report.labels),
        titles={stage.name: stage.title for stage in report.stages},
        heat=_heat_map(report),
        summary=summarise(report),
        plan=None if plan is None else _data_uri("image/svg+xml", plan.encode()),
        sounds={clip: _data_uri("audio/flac", content) for clip, content in (sounds or {}).items()},
        confusions=_confusions(report),
        chart=None if report.layers is None or not report.layers.layers else layer_chart(report.layers),
        resamples=RESAMPLES,
        layers=_firmware_layers(report),
        slowest=_slowest(report),
    )


def _data_uri(kind: str, content: bytes) -> str:
    """What the page holds itself instead of a link."""
    return f"data:{kind};base64,{b64encode(content).decode()}"


def percent(share: float | None) -> str:
    """`98.5` for 0.985, `-` for None."""
    return "-" if share is None else f"{100 * share:.1f}"


def interval(values: Interval) -> str:
    """`71.2 to 80.5` for 0.712 and 0.805."""
    return f"{percent(values.low)} to {percent(values.high)}"


def number(value: float | None) -> str:
    """Three significant digits, `-` for None."""
    return "-" if value is None else f"{value:.3g}"


def _confusions(report: Report) -> list[tuple[list[str], list[list[int]]]]:
    """Each confusion matrix once, with the titles of all stages that have it; not of those that got a sample."""
    found: list[tuple[list[str], list[list[int]]]] = []
    for stage in report.stages:
        if stage.scores is None or stage.clips < report.clips:
            continue
        same = next((titles for titles, confusion in found if confusion == stage.scores.confusion), None)
        if same is None:
            found.append(([stage.title], stage.scores.confusion))
        else:
            same.append(stage.title)
    return found


def _firmware_layers(report: Report) -> list[dict[str, Any]]:
    """Flash and instructions of each layer in the order in which they run; `count` None where nobody counted."""
    if report.firmware is None:
        return []
    flash = {layer.index: layer for layer in report.firmware.layers}
    counted = report.firmware.instructions
    if counted is None:
        return [{"name": f"{layer.index} {layer.operator}", "flash": layer, "count": None} for layer in flash.values()]
    return [
        {
            "name": f"{layer.index} {layer.operator}",
            "flash": flash.get(layer.index),
            "count": layer.instructions,
            "share": layer.instructions / max(1, counted.inference),
        }
        for layer in counted.layers
    ]


def _slowest(report: Report) -> str:
    """`CONV_2D 4 (9.1 %), CONV_2D 2 (8.3 %)`."""
    counted = None if report.firmware is None else report.firmware.instructions
    if counted is None:
        return ""
    chosen = sorted(counted.layers, key=lambda layer: -layer.instructions)[:_COSTLIEST]
    return ", ".join(
        f"{layer.operator} {layer.index} ({percent(layer.instructions / max(1, counted.inference))} %)"
        for layer in chosen
    )


def _heat_map(report: Report) -> dict[str, Any] | None:
    """Positions and texts of the agreement heat map; None for fewer than two stages."""
    stages = report.stages
    if len(stages) < 2:
        return None
    left = 16 + _LETTER * max(len(stage.title) for stage in stages)
    rows = []
    for row, a in enumerate(stages):
        cells = []
        for column, b in enumerate(stages):
            pair = report.pair(a.name, b.name)
            share = 1.0 if a is b else pair.decision_agreement if pair else None
            # Agreement lies near 1: colour spreads over the upper half, so that 99 % and 95 % differ.
            opacity = 0.0 if share is None else round(0.55 * max(0.0, 2 * share - 1) ** 3, 3)
            tip = f"{a.title} / {b.title}: {percent(share)} % of the decisions equal"
            cells.append({"x": left + _CELL_WIDTH * column, "opacity": opacity, "text": percent(share), "tip": tip})
        rows.append({"title": a.title, "y": _TOP + _CELL_HEIGHT * row, "cells": cells})
    return {
        "left": left,
        "cell": _CELL_WIDTH,
        "width": left + _CELL_WIDTH * len(stages) + 8,
        "height": _TOP + _CELL_HEIGHT * len(stages) + 8,
        "columns": [stage.name for stage in stages],
        "rows": rows,
    }
