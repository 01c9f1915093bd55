"""Positions of the picture of SQNR by layer in `report.html`: one column an operator, decibels upwards."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from tinyser.check.layers import Layer, LayerReport

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 1020, 220, 48, 24, 44
_STEPS = (3.0, 12.0)  # least and largest width of a column
_LABEL_ROOM = 60  # pixels from one number below the picture to the next
_LEAST, _MOST = 0.0, 60.0  # decibels; beyond 60 nothing is lost
_GRID = (0, 20, 40, 60)


def layer_chart(report: LayerReport) -> dict[str, Any]:
    """Lines and points for the template; at least one layer."""
    count = len(report.layers)
    step = min(max((_WIDTH - _LEFT - 12) / count, _STEPS[0]), _STEPS[1])
    every = 10 * max(1, round(_LABEL_ROOM / step / 10))

    def x(position: float) -> float:
        return round(_LEFT + step * (position + 0.5), 1)

    return {
        "width": round(_LEFT + step * count + 12),
        "height": _TOP + _HEIGHT + _BOTTOM,
        "left": _LEFT,
        "grid": [{"y": _y(value), "text": value} for value in _GRID],
        "baseline": _TOP + _HEIGHT,
        "lines": [
            {"name": name, "points": " ".join(f"{x(i)},{_y(of(layer))}" for i, layer in enumerate(report.layers))}
            for name, of in (("own", attrgetter("own_sqnr_db")), ("sqnr", attrgetter("sqnr_db")))
        ],
        "columns": [
            {"x": x(i - 0.5), "step": step, "text": layer.index if i % every == 0 else "", "tip": _tip(layer)}
            for i, layer in enumerate(report.layers)
        ],
    }


def _tip(layer: Layer) -> str:
    return f"{layer.index} {layer.operator}: {layer.sqnr_db:.1f} dB, of its own {layer.own_sqnr_db:.1f} dB"


def _y(decibels: float) -> float:
    share = (min(max(decibels, _LEAST), _MOST) - _LEAST) / (_MOST - _LEAST)
    return round(_TOP + _HEIGHT * (1 - share), 1)
