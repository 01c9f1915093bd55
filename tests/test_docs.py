"""Pages and pictures made from the code and from measured rows are up to date."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize(
    ("page", "script"),
    [
        ("licences.md", "refresh_licences"),
        ("misra.md", "refresh_misra"),
        ("mutation.md", "refresh_mutation"),
        ("operators.md", "refresh_operators"),
        ("report.schema.json", "refresh_report_schema"),
        ("results-hrf.md", "refresh_results_hrf"),
        ("results-recipe.md", "refresh_results_recipe"),
    ],
)
def test_pages_made_from_the_code_are_current(page: str, script: str) -> None:
    made = runpy.run_path(str(DOCS / f"{script}.py"))["page"]()
    assert (DOCS / page).read_text(encoding="utf-8") == made, f"run docs/{script}.py"


def test_pictures_of_hrf_are_current(tmp_path: Path) -> None:
    """Coordinates may differ by a rounding."""
    runpy.run_path(str(DOCS / "refresh_results_hrf.py"))["pictures"](tmp_path)
    number = re.compile(r"-?\d+\.\d+")
    for path in tmp_path.iterdir():
        made, there = path.read_text("utf-8"), (ROOT / "experiments" / "measured" / path.name).read_text("utf-8")
        assert number.sub("", made) == number.sub("", there), "run docs/refresh_results_hrf.py"
        drawn, shown = ([float(found) for found in number.findall(text)] for text in (made, there))
        assert drawn == pytest.approx(shown, abs=0.01)
