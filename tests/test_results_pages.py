"""Figures that the pages of results say in their text are those of the measured rows and of the tables made of them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tinyser.sweep.table import read_rows

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def test_results_of_known_voices_are_what_the_rows_say() -> None:
    """Means over folds and seeds of UAR in %: from the start in float and int8, and where voices are known."""
    text = (DOCS / "results.md").read_text("utf-8")
    shown = re.findall(r"^\| (emodb|ravdess) \| ([\d, ]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", text, re.M)
    assert len(shown) == 7
    for corpus, seeds, *cells in shown:
        rows = [
            row
            for row in read_rows(ROOT / "experiments" / "measured" / f"speaker-streams-{corpus}.csv")
            if row.settings["hrf_ratio"] == 0
            and row.settings["model"] == "convtransformer"
            and str(row.settings["seed"]) in seeds.split(", ")
        ]
        assert len(rows) == {"emodb": 10, "ravdess": 6}[corpus] * len(seeds.split(", "))
        figures = [(row.scores("float32").uar, row.scores("int8").uar, row.familiar_uar) for row in rows]
        assert [float(cell) for cell in cells] == pytest.approx(list(100 * np.mean(figures, axis=0)), abs=0.0501)


@pytest.mark.parametrize(
    ("table", "model", "section"),
    [
        ("emodb", "convtransformer", "## ConvTransformer of 152 thousand parameters, EmoDB, all folds"),
        ("ravdess", "convtransformer", "## The same on RAVDESS, all folds"),
        ("transfer-emodb", "convtransformer", "## From RAVDESS to EmoDB, ConvTransformer"),
        ("transfer-emodb", "conformer", "## From RAVDESS to EmoDB, Conformer"),
        ("transfer-hrf-rate", "convtransformer", "## Why HRF moves results at all: the step, not the factors"),
        ("speaker-streams-emodb", "convtransformer", "## Voices that are known: ConvTransformer on EmoDB, all folds"),
    ],
)
def test_results_are_what_the_rows_say(table: str, model: str, section: str) -> None:
    """UAR in % by fold: without HRF float and int8, with HRF float and int8, and what HRF adds; then the means.

    int8 only where it was measured.
    """
    rates = (None, 4e-4 if table == "transfer-hrf-rate" else None)
    rows = {
        (row.settings["fold"], row.settings["hrf_ratio"]): row
        for row in read_rows(ROOT / "experiments" / "measured" / f"{table}.csv")
        if row.settings["model"] == model
        and row.settings["seed"] == 0
        and row.settings["hrf_learning_rate"] == rates[row.settings["hrf_ratio"] > 0]
    }
    (text,) = re.findall(rf"^{re.escape(section)}\n(.*?)^## ", (DOCS / "results.md").read_text("utf-8"), re.M | re.S)
    shown = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| (\d+ \(|mean)", line)]
    expected = []
    for fold in range(len(rows) // 2):
        runs = rows[fold, 0], rows[fold, 4]
        figures = [run.scores(arithmetic) for run in runs for arithmetic in ("float32", "int8")]
        uar = [100 * figure.uar for figure in figures if figure is not None]
        expected.append([*uar, uar[len(uar) // 2] - uar[0]])
    expected.append(list(np.mean(expected, axis=0)))
    assert len(shown) == len(expected)
    for (_, *cells), values in zip(shown, expected, strict=True):
        assert [float(cell) for cell in cells] == pytest.approx(values, abs=0.0501)
    known = [[row.familiar_uar for (_, ratio), row in rows.items() if ratio == wanted] for wanted in (0, 4)]
    if None not in known[0]:
        means = [100 * np.mean(of_folds) for of_folds in known]
        assert f"known: {means[0]:.1f} without HRF, {means[1]:.1f} with it" in text
    if any(row.int8 is None for row in rows.values()):
        return
    clips = sum(row.float32.clips for row in rows.values())
    decided = sum(row.int8.agreement * row.float32.clips for row in rows.values() if row.int8) / clips
    assert f"{100 * decided:.1f} % of the {clips:,} clips" in text


def test_what_is_said_of_the_recipe_is_what_its_tables_say() -> None:
    """ConvTransformer's means of three seeds, of the two that were no part of the choice, and what RAVDESS lost."""
    pages = {
        name: (DOCS / f"{name}.md").read_text("utf-8") for name in ("results-recipe", "results", "features", "training")
    }
    tables = pages["results-recipe"].partition("## ConvTransformer on EmoDB")[2]
    recipe, cell = r"^\| weight decay 1, unfamiliar 0\.5 \|", r" ([-+.\d]+)"
    line = rf"{recipe} {{seeds}} \| {{folds}} \|{cell} \|{cell} \[[^|]*\|[^|]*\|{cell} \|{cell} "
    found = re.search(line.format(seeds="0, 1, 2", folds=10), tables, re.M)
    assert found is not None
    first, gain, known, gain_known = found.groups()
    assert (
        f"three seeds: {first} from a speaker's first clip on and {known} once voices are known"
        in pages["results-recipe"]
    )
    assert f"**{first} and {known}** (`docs/results-recipe.md`)" in pages["results"]
    assert f"from the start as well: {first}, and {known} known" in pages["results"]
    assert f"trained for it, {known} and {first} %" in pages["features"]
    assert f"gave {gain[1:]} points more from the first clip on and {gain_known[1:]} once voices" in pages["training"]
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert (
        f"recall of {first} % from a speaker's first clip on, and {known} % once the voice is known, on EmoDB" in readme
    )
    seeds = re.findall(rf"{recipe} [02] \| .*?\|{cell} /{cell} \|$", tables, re.M)
    means = np.mean(np.array(seeds[:2], dtype=float), axis=0)
    said = re.search(r"afterwards: ([.\d]+) and ([.\d]+) in their mean", pages["results-recipe"])
    assert said is not None
    assert [float(figure) for figure in said.groups()] == pytest.approx(list(means), abs=0.101)
    ravdess = re.search(line.format(seeds="0", folds=6), tables, re.M)
    assert ravdess is not None
    assert f"both together cost {ravdess[2][1:]} points from the first clip on" in pages["results-recipe"]


def test_what_is_said_of_ravdess_is_what_its_table_says() -> None:
    """Both seeds and their mean with the best recipe, and what single settings of it give."""
    page, results, training = (
        (DOCS / f"{name}.md").read_text("utf-8") for name in ("results-recipe", "results", "training")
    )
    readme = (ROOT / "README.md").read_text("utf-8")
    best, figure = r"^\| weight decay 0\.05, 200 epochs, after EmoDB, unfamiliar 0\.5 \|", r" ([.\d]+)"
    ((first, known),) = re.findall(rf"{best} 0, 1 \| 6 \|{figure} \|.*?\|.*?\|{figure} \|", page, re.M)
    seeds = re.findall(rf"{best} [01] \| .*?\|{figure} / [.\d]+ \|$", page, re.M)
    assert f"mean of two seeds: {first} from the first clip on and {known} once voices are known" in page
    assert f"reached by both seeds\n({seeds[0]} and {seeds[1]})" in page and min(map(float, seeds)) >= 65
    assert f"with such voices **{first} and {known}**" in results
    assert f"by both: {first} in their mean, {known} known" in results
    assert f"{first} % from the first clip on and {known} % known (`experiments/longer-ravdess.toml`" in training
    assert f"{first} and {known} % on RAVDESS (8 emotions, started from EmoDB, mean of two seeds)" in readme
    for recipe, said in (("200 epochs", "200 epochs alone on five folds"), ("after EmoDB", "EmoDB alone on six")):
        alone = rf"^\| weight decay 0\.05, {recipe} \| 1 \| \d \|{figure} \|.*?\|.*?\|{figure} \|"
        ((first, known),) = re.findall(alone, page, re.M)
        assert f"{said} ({first} and {known})" in page


def test_what_is_said_of_speechformer_is_what_its_table_says() -> None:
    """What both settings cost it, its mean and p, from the first clip on and voices known."""
    page = (DOCS / "results-recipe.md").read_text("utf-8")
    table = page.partition("## SpeechFormer on EmoDB after RAVDESS\n")[2].partition("\n###")[0]
    figures = r" ([.\d]+) \| -([.\d]+) \[[^|]*\| ([.\d]+) \|"
    ((mean, loss, p, mean_known, loss_known, p_known),) = re.findall(
        rf"^\| weight decay 1, unfamiliar 0\.5 \| 0 \| 10 \|{figures}{figures}$", table, re.M
    )
    said = (
        f"loses by both, {loss} points from the first clip on ({mean}; p = {float(p):.2f}) and {loss_known} once "
        f"voices are known ({mean_known}; p = {float(p_known):.2f})"
    )
    assert said in page


def test_what_is_said_of_int8_is_what_its_table_says() -> None:
    """Farthest below and above float of all means over a corpus' folds, and ConvTransformer's with the best recipe."""
    page, results = ((DOCS / f"{name}.md").read_text("utf-8") for name in ("results-recipe", "results"))
    table = page.partition("## int8 against float\n")[2]
    row = r"^\| ([^|]+) \| (\w+) \| ([^|]+) \| (\d+) \| [.\d]+ \| [.\d]+ \| (\S+) \[.*?\] \| ([.\d]+) of [,\d]+ \|$"
    of_all_folds = re.findall(row, table, re.M)
    assert min(int(count) for _, _, _, count, _, _ in of_all_folds) == 6
    differences = sorted(float(difference) for *_, difference, _ in of_all_folds)
    said = f"int8 lies between {-differences[0]} points below float and {differences[-1]} above it"
    assert f"In the mean over all folds of a corpus {said}" in results
    ((count, difference, alike),) = (
        cells
        for runs, model, hrf, *cells in of_all_folds
        if (model, hrf) == ("convtransformer", "none") and runs.endswith("weight decay 1, unfamiliar 0.5")
    )
    said = f"over the {count} runs without HRF its mean is {difference.lstrip('+')} points from float's"
    assert f"{said}, and it decides as float in {alike} % of the clips (last table)" in page
