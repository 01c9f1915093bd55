"""What the results say of SpeechFormer with less augmentation is what their tables and the measured rows say."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from statistics import fmean

import pytest

from hrf_results.comparisons import MEASURED
from tinyser.sweep.statistics import paired_test
from tinyser.sweep.table import Row, read_rows

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_what_is_said_of_less_augmentation_is_what_its_tables_say() -> None:
    """SpeechFormer on RAVDESS: its mean without HRF, and what HRF adds at both rates, with the usual one and less."""
    page, recipe, results, training = (
        (DOCS / f"{name}.md").read_text("utf-8") for name in ("results-hrf", "results-recipe", "results", "training")
    )
    row = r"^\| RAVDESS, voices get known, 40 epochs{} \| speechformer, ffn{} x4 \| 6 "
    row += r"\| (\S+) \| \S+ \| (\S+) \[(\S+), (\S+)\] \| \d \| (\S+) "
    (whole, _), (twentieth, known), (again, again_known), (once, _), (lower, _) = (
        re.findall(row.format(*setting), page, re.M)
        for setting in (
            (", less augmentation", ""),
            (", less augmentation", " at 5e-05"),
            (", trained again", ""),
            (" instead of 100", ""),
            (", trained again", " at 5e-05"),
        )
    )
    longer, _ = re.findall(r"^\| .*, 100 epochs, less augmentation \| speechformer, ffn x4 \| 6 \| (\S+) ", page, re.M)
    assert f"it gets {whole[0]} from the first clip on without HRF instead of {again[0]}" in page
    assert f"of which only the FFN at 4 was run, it is at {whole[0]}, and after 100 epochs at {longer}." in page
    said = f"and with HRF {whole[1]} ({whole[2]} to {whole[3]}, p = {float(whole[4]):.2f}), where with the others'"
    chance = f"(p = {float(again[4]):.2f} and {float(once[4]):.2f})"
    assert f"{said} augmentation it was {again[1]} and {once[1]} {chance}." in page
    said = f"{twentieth[1]} ({twentieth[2]} to {twentieth[3]}, p = {float(twentieth[4]):.2f})"
    said += f" and {known[1]} known (p = {float(known[4]):.2f}), as it was before ({lower[1]})."
    assert f"HRF is ahead with less, {said}" in page
    row = r"^\| weight decay 0\.05, masked 0, tempo 0\.05, warp 0 \| 0 \| 6 "
    row += r"\| (\S+) \| (\S+) \[.*?\] \| (\S+) \| (\S+) "
    ((mean, gain, p, mean_known),) = re.findall(row, recipe, re.M)
    said = f"{mean} from the first clip on instead of {again[0]}, {gain} (p = {p}), and {mean_known} instead of"
    assert f"{said} {again_known[0]} once voices are known" in recipe
    assert f"SpeechFormer gains {gain[1:]} points there" in results
    assert f"SpeechFormer gained {gain[1:]} points on RAVDESS" in training


def test_what_is_said_of_the_search_for_less_augmentation_is_what_its_rows_say() -> None:
    """UAR of validation and test speakers of fold 0 without HRF; each run differs as the page says."""
    rows = read_rows(MEASURED / "speechformer-recipe-ravdess.csv")
    tried = ("masked", "tempo", "warp", "gain_db", "tilt_db", "batch_size", "learning_rate")
    less = {"masked": 0, "tempo": 0.05, "warp": 0}
    assert [{name: row.settings[name] for name in tried} for row in rows] == [
        {"masked": 0.2, "tempo": 0.15, "warp": 0.1, "gain_db": 3, "tilt_db": 3, "batch_size": 32, "learning_rate": 1e-3}
        | other
        for other in (
            {},
            {"masked": 0},
            less,
            less | {"batch_size": 16},
            less | {"learning_rate": 2e-3},
            less | {"tempo": 0, "gain_db": 0, "tilt_db": 0},
        )
    ]
    assert all(row.settings["fold"] == row.settings["hrf_ratio"] == 0 for row in rows)
    figures = [f"{100 * (row.validation_uar or 0):.1f} ({100 * row.float32.uar:.1f})" for row in rows]
    said = (
        "the usual settings {}, no SpecAugment {}, **these settings {}**, with half the batch {}, with twice the "
        "learning rate {}, with no changes of level and slope and tempo either {}."
    )
    assert said.format(*figures) in (DOCS / "results-recipe.md").read_text("utf-8")
    assert max(rows, key=lambda row: row.validation_uar or 0) == rows[2]


def test_what_is_said_of_less_augmentation_on_emodb_is_what_its_tables_say() -> None:
    """SpeechFormer without HRF: less augmentation against the usual one, with the same seed and with another start."""
    recipe = (DOCS / "results-recipe.md").read_text("utf-8")
    emodb = recipe.partition("## SpeechFormer on EmoDB after RAVDESS\n")[2].partition("\n## ")[0]
    ((mean, gain, p, known, known_gain, known_p),) = re.findall(
        r"^\| weight decay 0\.05, masked 0, tempo 0\.05, warp 0 \| 1 \| 10 "
        r"\| (\S+) \| (\S+) \[.*?\] \| (\S+) \| (\S+) \| (\S+) \[.*?\] \| (\S+) \|",
        emodb,
        re.M,
    )
    seeds = dict(re.findall(r"^\| weight decay 0\.05 \| (\d) \| .* \| (\S+ / \S+) \|$", emodb, re.M))
    before, known_before = seeds["1"].split(" / ")
    said = f"{mean} from the first clip on instead of {before}, {gain} (p = {float(p):.2f}), and {known} instead of"
    assert f"{said} {known_before} once voices are known, {known_gain} (p = {known_p})" in recipe
    assert f"augmentation got {seeds['0'].replace(' / ', ' and ')} with seed 0." in recipe
    assert f"with neither, seed 1 got {before} and {known_before}." in recipe


@pytest.mark.parametrize(
    ("runs", "folds"),
    [("EmoDB .*, less augmentation, also before", 10), ("RAVDESS, .*, 100 epochs, less augmentation", 6)],
)
def test_what_is_said_of_hrf_with_less_augmentation_is_what_its_tables_say(runs: str, folds: int) -> None:
    """SpeechFormer at both rates of its factors, from the first clip on and once voices are known."""
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    row = rf"^\| {runs} \| speechformer, ffn{{}} x4 \| {folds} "
    row += r"\| (\S+) \| \S+ \| (\S+) \[(\S+), (\S+)\] \| \d+ \| (\S+) "
    said = []
    for rate in ("", " at 5e-05"):
        (baseline, gain, low, high, p), (_, known, _, _, known_p) = re.findall(row.format(rate), page, re.M)
        said.append((f"{gain}{{}} ({low} to {high}, p = {float(p):.2f}) and {known}{{}}", float(known_p)))
    (whole, whole_p), (twentieth, twentieth_p) = said
    text = f"where the baseline gets {baseline}, HRF is "
    text += whole.format(" from the first clip on", " once voices are known") + f" (p = {whole_p:.2f}); "
    assert text + f"at a twentieth of the rate {twentieth.format('', '')} (p = {twentieth_p:.2f})." in page


def test_what_is_said_of_100_epochs_with_less_augmentation_is_what_its_tables_say() -> None:
    """SpeechFormer on RAVDESS without HRF, against 40 epochs with less augmentation too."""
    recipe, results = ((DOCS / f"{name}.md").read_text("utf-8") for name in ("results-recipe", "results"))
    row = r"^\| weight decay 0\.05{}, masked 0, tempo 0\.05, warp 0 \| 0 \| 6 \| (\S+) \| .*? \| .*? \| (\S+) "
    ((mean, known),) = re.findall(row.format(", 100 epochs"), recipe, re.M)
    ((half, half_known),) = re.findall(row.format(""), recipe, re.M)
    tables = (read_rows(MEASURED / f"{name}less-augmentation-ravdess.csv") for name in ("longer-", ""))
    baselines = ({row.settings["fold"]: row for row in table if not row.settings["hrf_ratio"]} for table in tables)
    test = paired_test(*([rows[fold].float32.uar for fold in range(6)] for rows in baselines))
    gain = f"+{100 * test.difference.mean:.1f}"
    said = f"**in 100 epochs {mean} and {known} known** where 40 gave {half} and {half_known}, {gain}"
    assert f"{said} (p = {test.p_t:.3f}) from the first clip on" in recipe
    assert f"in 100 epochs {mean} from the first clip on" in results


def test_what_is_said_of_the_search_on_emodb_is_what_its_rows_say() -> None:
    """Mean UAR of validation and test speakers over three folds without HRF, by augmentation and start."""
    found: dict[tuple[str, float], list[Row]] = {}
    for row in read_rows(MEASURED / "speechformer-recipe-emodb.csv"):
        found.setdefault((row.settings["start_sha256"], row.settings["masked"]), []).append(row)
    usual, less = (
        sha256((MEASURED.parent / f"ravdess-{name}-speechformer.pt").read_bytes()).hexdigest()
        for name in ("streams", "less-augmentation")
    )
    assert list(found) == [(usual, 0.2), (usual, 0), (less, 0)]
    assert all([row.settings["fold"] for row in rows] == [0, 3, 6] for rows in found.values())
    figures = [
        f"{100 * fmean(row.validation_uar or 0 for row in rows):.1f} "
        f"({100 * fmean(row.float32.uar for row in rows):.1f})"
        for rows in found.values()
    ]
    said = "the usual settings {}, less augmentation on EmoDB alone {}, **on RAVDESS as well {}**."
    assert said.format(*figures) in (DOCS / "results-recipe.md").read_text("utf-8")
