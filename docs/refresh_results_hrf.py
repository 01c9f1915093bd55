"""Writes docs/results-hrf.md and its pictures from experiments/measured/: `./run python docs/refresh_results_hrf.py`.

A test compares both.
"""

from __future__ import annotations

from pathlib import Path

from hrf_results.comparisons import MEASURED
from hrf_results.page import page
from hrf_results.pictures import pictures

if __name__ == "__main__":
    (Path(__file__).parent / "results-hrf.md").write_text(page(), encoding="utf-8")
    pictures(MEASURED)
