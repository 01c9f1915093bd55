"""Pages made from the code, and figures taken from measured rows, are up to date."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from tinyser.sweep.statistics import holm, paired_test
from tinyser.sweep.table import read_rows

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


def test_what_is_said_of_hrf_is_what_its_tables_say() -> None:
    """Over all backbones, and of each: the mean difference and its interval, from the first clip on; of all, once
    voices are known too."""
    page, results = ((DOCS / name).read_text("utf-8") for name in ("results-hrf.md", "results.md"))
    said = re.search(
        r"of ([-+.\d]+) points \(95 % interval ([-+.\d]+) to ([-+.\d]+)\)[^(]*and ([-+.\d]+) \(([^ ]+) to ([^ ]+)\)",
        page,
    )
    assert said is not None
    tables = re.findall(r"^\| the learning rate of all else \| 9 \| 16 \| ([^ ]+) \[([^ ]+), ([^ ]+)\] \|", page, re.M)
    assert said.groups() == (*tables[0], *tables[1])
    low, high = tables[0][1:]
    assert f"it is {tables[0][0]} points, with a 95 % interval from {low} to {high}" in results
    of_each = re.search(
        r"adds ([.\d]+) points \(95 % interval (\S+) to (\S+), p = ([.\d]+)\).*?loses ([.\d]+) points by it\n"
        r"\((\S+) to (\S+), p = ([.\d]+)\), SpeechFormer's (\S+) \((\S+) to (\S+)\)",
        page,
    )
    assert of_each is not None
    mean, *conformer, loss, low, high, p_value, speechformer, least, most = of_each.groups()
    for model, wanted in (
        ("conformer", [f"+{mean}", *conformer]),
        ("convtransformer", [f"-{loss}", low, high, p_value]),
        ("speechformer", [speechformer, least, most]),
    ):
        row = re.search(rf"^\| {model}, both \| \d+ \| 16 \| (\S+) \[(\S+), (\S+)\] \| ([.\d]+) \|$", page, re.M)
        assert row is not None and list(row.groups())[: len(wanted)] == wanted
    each = re.findall(r"^\| \w+, both \| \d+ \| 16 \| .*? \| ([.\d]+) \|$", page, re.M)[:3]
    (corrected,) = {f"{p:.2f}" for p in holm([float(p) for p in each])}
    assert f"neither of the first two is beyond chance, p = {corrected} each" in page
    first_clip = page.partition("## From the first clip on\n")[2].partition("\n###")[0]
    sure = re.findall(r"^\| (\S+, voices.*?) \| (\w+, .*?) \| .*\| (?:0\.0[0-4]\d|< 0\.001) \|$", first_clip, re.M)
    assert sorted(sure) == [
        ("RAVDESS, voices get known, 40 epochs instead of 100", "convtransformer, ffn x4"),
        *(
            ("RAVDESS, voices get known, 40 epochs, trained again", f"convtransformer, {setting}")
            for setting in ("attention x2", "attention x4", "attention x8", "ffn x4")
        ),
    ]
    assert "behind: the FFN at 4, twice, and attention at all ratios." in page


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


def test_what_is_said_of_the_factors_learning_rate_is_what_its_tables_say() -> None:
    """On RAVDESS: what HRF adds at each rate, and its means, from the first clip on and voices known."""
    names = ("results-hrf.md", "results.md", "../README.md")
    page, *others = ((DOCS / name).read_text("utf-8") for name in names)
    runs = r"^\| RAVDESS, voices get known, 40 epochs, trained again \| convtransformer, {} x4 \| 6 "
    cells = r"\| ([.\d]+) \| ([.\d]+) \| (\S+) \[(\S+), (\S+)\] \| \d \| (< 0\.001|[.\d]+) \| ([.\d]+) \|$"
    rows = {
        setting: re.findall(runs.format(setting) + cells, page, re.M)
        for setting in ("ffn at 0.0001", "ffn at 0.0004", "attention at 0.0004")
    }
    (without, mean, gain, low, high, p, holm), (*_, known, low_known, high_known, _, _) = rows["ffn at 0.0001"]
    assert f"| 1e-4 | **{gain} (p = {p})** | |" in page
    assert f"{mean} from the first clip on instead of {without}, {gain} (95 % interval {low} to {high})" in page
    assert f"and {known} ({low_known} to {high_known}) once voices are known" in page
    assert f"Holm's correction leaves nothing of it (p = {float(holm):.2f})" in page
    assert f"gains {gain[1:]} points on RAVDESS ({low} to {high}, p = {p})" in page
    assert f"gains {gain[1:]} points on RAVDESS (p = {p})" in others[0] and f"by {gain[1:]} on RAVDESS" in others[1]
    ffn, attention = (rows[f"{place} at 0.0004"][0] for place in ("ffn", "attention"))
    assert f"| 4e-4 | {ffn[2]}, seed 0 (p = {float(ffn[5]):.2f}; " in page
    assert f" | {attention[2]} (p = {float(attention[5]):.2f}) |" in page
    earlier = re.search(
        r"40 epochs instead of 100 \| \w+, ffn at 0\.0004 x4 \| 6 \| .*? \| .*? \| (\S+) .*? \| 0 \| (\S+)", page
    )
    assert earlier is not None and f"{earlier[1]}, p = {earlier[2]}, in an earlier training of the same runs" in page
    emodb = r"^\| EmoDB after RAVDESS, voices get known{} \| convtransformer, ffn at 0\.0001 x4 \| {} "
    five, ten = (
        re.findall(emodb.format(*run) + cells, page, re.M)[0] for run in (("", 5), (", that seed, trained again", 10))
    )
    assert f"{five[2]} with seed 0 on five folds, {ten[2]} (p = {float(ten[5]):.2f}) with seed 1 on all ten" in page
    both = [re.findall(runs.format(place) + r"\|.*?\| ([-+.\d]+) \[", page, re.M)[0] for place in ("ffn", "attention")]
    assert f"seed 0 | {both[0]} (p < 0.001) | {both[1]} (p < 0.001) |" in page


def test_what_is_said_of_single_seeds_at_the_lower_rate_is_what_the_rows_say() -> None:
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    rows = read_rows(ROOT / "experiments" / "measured" / "hrf-rate-ravdess.csv")
    said = []
    for seed in (0, 1):
        own = [row for row in rows if row.settings["seed"] == seed]
        without = {row.settings["fold"]: row.float32.uar for row in own if not row.settings["hrf_ratio"]}
        at_rate = [row for row in own if row.settings["hrf_learning_rate"] == 1e-4]
        ffn = {row.settings["fold"]: row.float32.uar for row in at_rate if row.settings["hrf_modules"] == ["ffn"]}
        assert ffn.keys() == without.keys() == set(range(6))
        test = paired_test([ffn[fold] for fold in ffn], [without[fold] for fold in ffn])
        said.append((f"{100 * test.difference.mean:+.1f}", test.p_t))
        ahead = sum(ffn[fold] > without[fold] for fold in ffn)
    assert f"found with seed 0 ({said[0][0]}, p = {said[0][1]:.2f})" in page
    assert f"gave {said[1][0]} (p = {said[1][1]:.3f}), ahead in all six folds" in page and ahead == 6


def test_what_is_said_of_hrf_with_the_best_recipe_is_what_its_table_says() -> None:
    """Of each backbone: what HRF adds, its mean and p, from the first clip on and voices known."""
    page, results = ((DOCS / name).read_text("utf-8") for name in ("results-hrf.md", "results.md"))
    runs = r"^\| EmoDB after RAVDESS, voices get known, weight decay 1, unfamiliar 0\.5 \| {}, ffn x4 \| 10 "
    cells = r"\| ([.\d]+) \| ([.\d]+) \| (\S+) .*?\| \d+ \| ([.\d]+) \|"
    (_, mean, gain, p), (_, _, gain_known, _) = re.findall(runs.format("convtransformer") + cells, page, re.M)
    said = f"{gain} from the first clip on ({mean}; p = {float(p):.2f}) and {gain_known} known; Conformer"
    assert said in page
    (first, mean, gain, p), (known, mean_known, gain_known, p_known) = re.findall(
        runs.format("conformer") + cells, page, re.M
    )
    said = (
        f"one seed: {gain} ({mean}; p = {float(p):.2f}) and {gain_known} known ({mean_known}; p = {float(p_known):.2f})"
    )
    assert said in page
    assert f"Conformer gets **{first} and {known}** on EmoDB" in results
    assert f"without HRF, and {mean} and **{mean_known}** with it" in results
    (_, mean, gain, p), (_, mean_known, gain_known, p_known) = re.findall(
        runs.format("speechformer") + cells, page, re.M
    )
    said = f"{gain} ({mean}; p = {float(p):.2f}) and {gain_known} known ({mean_known}; p = {float(p_known):.2f})"
    assert f"SpeechFormer, one seed, for which it is no gain: {said}." in page


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
