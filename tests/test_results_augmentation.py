"""What the results say of SpeechFormer with less augmentation is what their tables and the measured rows say."""

from __future__ import annotations

import re
from pathlib import Path

from tinyser.sweep.table import read_rows

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def test_what_is_said_of_less_augmentation_is_what_its_tables_say() -> None:
    """SpeechFormer on RAVDESS: its mean without HRF, and what HRF adds at both rates, with the usual one and less."""
    page, recipe, results, training = (
        (DOCS / f"{name}.md").read_text("utf-8") for name in ("results-hrf", "results-recipe", "results", "training")
    )
    row = r"^\| RAVDESS, voices get known, 40 epochs{} \| speechformer, ffn{} x4 \| 6 "
    row += r"\| (\S+) \| \S+ \| (\S+) \[(\S+), (\S+)\] \| \d \| (\S+) "
    (whole, _), (twentieth, known), (again, _), (once, _) = (
        re.findall(row.format(*setting), page, re.M)
        for setting in (
            (", less augmentation", ""),
            (", less augmentation", " at 5e-05"),
            (", trained again", ""),
            (" instead of 100", ""),
        )
    )
    assert f"it gets {whole[0]} from the first clip on without HRF instead of {again[0]}" in page
    assert f"of which only the FFN at 4 was run, it is at {whole[0]}." in page
    said = f"shrinks with that: {whole[1]} ({whole[2]} to {whole[3]}, p = {float(whole[4]):.2f})"
    assert f"{said}, where the others' augmentation had {again[1]} and {once[1]}." in page
    said = f"{twentieth[1]} ({twentieth[2]} to {twentieth[3]}, p = {float(twentieth[4]):.2f})"
    assert f"ahead by as much as before: {said} and {known[1]} known (p = {float(known[4]):.2f})" in page
    row = r"^\| weight decay 0\.05, masked 0, tempo 0\.05, warp 0 \| 0 \| 6 "
    row += r"\| (\S+) \| (\S+) \[.*?\] \| (\S+) \| (\S+) "
    ((mean, gain, p, mean_known),) = re.findall(row, recipe, re.M)
    assert f"{mean} from the first clip on instead of {again[0]}, {gain} (p = {p}), and {mean_known} instead" in recipe
    assert f"SpeechFormer gains {gain[1:]} points there" in results
    assert f"SpeechFormer gained {gain[1:]} points on RAVDESS" in training


def test_what_is_said_of_the_search_for_less_augmentation_is_what_its_rows_say() -> None:
    """Validation speakers' UAR, then test speakers', of fold 0 without HRF."""
    rows = read_rows(ROOT / "experiments" / "measured" / "speechformer-recipe-ravdess.csv")
    assert all(row.settings["fold"] == row.settings["hrf_ratio"] == row.settings["masked"] == 0 for row in rows)
    alone, nothing, half, twice = rows
    assert (alone.settings["warp"], alone.settings["tempo"]) == (0.1, 0.15)
    assert [nothing.settings[name] for name in ("gain_db", "tilt_db", "tempo", "warp")] == [0] * 4
    assert (half.settings["batch_size"], twice.settings["learning_rate"]) == (16, 2e-3)
    validated = [f"{100 * (row.validation_uar or 0):.1f}" for row in (alone, half, twice, nothing)]
    tested = [f"{100 * row.float32.uar:.1f}" for row in (alone, half, twice, nothing)]
    recipe = (DOCS / "results-recipe.md").read_text("utf-8")
    assert "alone {}, with these settings and half the batch {}, with them".format(*validated) in recipe
    assert (
        "twice the learning rate {2}, without any of the five random changes but noise {3}".format(*validated) in recipe
    )
    assert "(test speakers: {}, {}, {} and {};".format(*tested) in recipe
