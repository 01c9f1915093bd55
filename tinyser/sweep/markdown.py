"""Figures and tables as a page in Markdown says them."""

from __future__ import annotations

from collections.abc import Sequence

from tinyser.sweep.statistics import Estimate


def interval(value: Estimate, sign: str = "-") -> str:
    """`71.2 [69.0, 73.4]`: a share as percent, or with sign "+" a difference as points."""
    mean = f"{100 * value.mean:{sign}.1f}"
    if value.low is None or value.high is None:
        return mean
    return f"{mean} [{100 * value.low:{sign}.1f}, {100 * value.high:{sign}.1f}]"


def p_value(value: float | None) -> str:
    """`0.036`; `-` where there is none."""
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def table(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Its lines have as many cells as there are headings."""
    rule = ["---"] * len(headings)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *lines))
