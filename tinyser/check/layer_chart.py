"""Positions of the picture of SQNR by layer in `report.html`: one column an operator, decibels upwards."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from tinyser.check.layers import Layer, LayerReport

_STEP, _HEIGHT, _LEFT, _TOP, _BOTTOM = 12, 220, 48, 12, 28
_LEAST, _MOST = 0.0, 60.0  # decibels; beyond 60 nothing is lost
_GRID = (0, 20, 40, 60)


def layer_chart(report: LayerReport) -> dict[str, Any]:
    """Lines and points for the template; at least one layer."""
    width = _LEFT + _STEP * len(report.layers) + 12
    return {
        "width": width,
        "height": _TOP + _HEIGHT + _BOTTOM,
        "left": _LEFT,
        "grid": [{"y": _y(value), "text": value} for value in _GRID],
        "baseline": _TOP + _HEIGHT,
        "lines": [
            {"name": name, "points": " ".join(f"{_x(i)},{_y(of(layer))}" for i, layer in enumerate(report.layers))}
            for name, of in (("own", attrgetter("own_sqnr_db")), ("sqnr", attrgetter("sqnr_db")))
        ],
        "columns": [
            {"x": _x(i) - _STEP / 2, "step": _STEP, "text": layer.index if i % 10 == 0 else "", "tip": _tip(layer)}
            for i, layer in enumerate(report.layers)
        ],
    }


def _tip(layer: Layer) -> str:
    return f"{layer.index} {layer.operator}: {layer.sqnr_db:.1f} dB, of its own {layer.own_sqnr_db:.1f} dB"


def _x(index: int) -> float:
    return _LEFT + _STEP * (index + 0.5)


def _y(decibels: float) -> float:
    share = (min(max(decibels, _LEAST), _MOST) - _LEAST) / (_MOST - _LEAST)
    return round(_TOP + _HEIGHT * (1 - share), 1)
