"""What docs/results-hrf.md, and other pages after it, say of HRF is what its tables and the measured rows say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from hrf_results.comparisons import TABLES, comparisons, from_the_start
from tinyser.sweep.statistics import holm, paired_test
from tinyser.sweep.table import read_rows

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
FIRST, KNOWN = "From a speaker's first clip on", "Once voices are known"


class Difference(NamedTuple):
    """What HRF adds, as the page prints it: mean, interval, p."""

    gain: str
    low: str
    high: str
    p: str


def in_short(page: str) -> dict[tuple[str, str, str], dict[str, Difference]]:
    """(since when, backbone, factors' rate) -> corpus -> what HRF in the paper's place adds, of the page's tables."""
    found = {}
    for since in (FIRST, KNOWN):
        for line in page.partition(f"{since}:\n\n")[2].partition("\n\n")[0].splitlines()[2:]:
            backbone, rate, _, *cells = line.strip("| ").split(" | ")
            differences = [Difference(*re.findall(r"[-+]?\d[.\d]*", cell)) for cell in cells]
            found[since, backbone, rate] = dict(zip(("EmoDB", "RAVDESS", "both"), differences, strict=True))
    assert len(found) == 16
    return found


def test_what_is_said_of_hrf_is_what_its_tables_say() -> None:
    """Of each backbone and of all three, at both rates, on the page and on those that cite it."""
    page, results, readme = (
        (DOCS / name).read_text("utf-8") for name in ("results-hrf.md", "results.md", "../README.md")
    )
    short = in_short(page)
    for (_, backbone, _), by_corpus in short.items():
        assert backbone != "all three" or float(by_corpus["both"].p) > 0.05
    whole, twentieth = (short[FIRST, "all three", rate]["both"] for rate in ("that of all else", "a twentieth"))
    assert f"it is {whole.gain} points, with a 95 % interval from {whole.low} to {whole.high}" in results
    said = f"{twentieth.gain} ({twentieth.low} to {twentieth.high})"
    assert f"over all three backbones and both corpora it is {said}." in results
    assert f"over all three by {twentieth.gain[1:]}, which may be chance" in readme
    ravdess = short[FIRST, "all three", "that of all else"]["RAVDESS"]
    assert f"On RAVDESS alone HRF at the rate of all else is {ravdess.gain[1:]} points behind (p = {ravdess.p})" in page
    speechformer = short[FIRST, "speechformer", "that of all else"]
    behind = speechformer["RAVDESS"]
    lower = short[FIRST, "speechformer", "a twentieth"]["RAVDESS"]
    said = f"All four trainings together: {behind.gain[1:]} behind (p = {behind.p}) at the rate of all else;"
    assert f"{said} the three at a twentieth: {lower.gain} (p = {float(lower.p):.2f})." in page
    assert Counter(
        one.rate
        for one in comparisons(from_the_start)
        if (one.setting.model, one.corpus) == ("speechformer", "ravdess") and one.in_the_papers_place
    ) == {1: 4, 0.05: 3}
    even, known = speechformer["EmoDB"], short[KNOWN, "speechformer", "that of all else"]["EmoDB"]
    said = f"{even.gain} from the first clip on and {known.gain} once voices are known, p = {float(known.p):.2f}"
    assert f"SpeechFormer** is even on EmoDB ({said}, four comparisons together)" in page
    gain, loss = (short[FIRST, name, "that of all else"]["both"] for name in ("conformer", "convtransformer"))
    said = f"Conformer gains {gain.gain[1:]} points by it from a speaker's first clip on (p = {gain.p}, all its"
    assert f"{said} comparisons together), ConvTransformer loses {loss.gain[1:]} (p = {loss.p})" in results
    said = f"first clip on by {gain.gain[1:]} points and lowered ConvTransformer's by {loss.gain[1:]} and"
    said += f" SpeechFormer's by {speechformer['both'].gain[1:]}, which"
    assert float(gain.gain) > 0 > float(loss.gain) and said in readme
    assert f"Conformer's {gain.gain} and ConvTransformer's {loss.gain} at the rate of all else" in page
    corrected = _corrected_for_backbones()
    said = "p = {conformer:.2f} and {convtransformer:.2f}".format(**corrected)
    assert f"not as two of three backbones (Holm: {said})." in page and min(corrected.values()) > 0.05


def test_what_is_said_of_both_corpora_is_what_the_tables_say() -> None:
    """From the first clip on two backbones are ahead on both at one rate and behind on one at the other."""
    short = in_short((DOCS / "results-hrf.md").read_text("utf-8"))

    def ahead(since: str, rate: str) -> list[str]:
        chosen = {name: cells for (when, name, at), cells in short.items() if (when, at) == (since, rate)}
        return [name for name, cells in chosen.items() if all(float(cell.gain) > 0 for cell in cells.values())]

    assert ahead(FIRST, "that of all else") == ["conformer"]
    assert ahead(FIRST, "a twentieth") == ["convtransformer", "all three"]
    assert "speechformer" in ahead(KNOWN, "a twentieth")
    assert abs(float(short[FIRST, "speechformer", "that of all else"]["EmoDB"].gain)) < 0.1
    assert float(short[FIRST, "speechformer", "a twentieth"]["RAVDESS"].gain) > 0


def test_single_comparisons_beyond_chance_are_those_that_are_named() -> None:
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    found = list(comparisons(from_the_start))
    corrected = holm([one.test.p_t for one in found])
    sure = [(TABLES[one.table], one.name, p) for one, p in zip(found, corrected, strict=True) if p < 0.05]
    assert sorted((runs, name) for runs, name, _ in sure) == [
        ("EmoDB after RAVDESS, voices get known, another seed", "speechformer, attention x8"),
        ("RAVDESS, voices get known, 40 epochs instead of 100", "convtransformer, ffn x4"),
        *(
            ("RAVDESS, voices get known, 40 epochs, trained again", setting)
            for setting in (
                *(f"convtransformer, {place}" for place in ("attention x2", "attention x4", "attention x8", "ffn x4")),
                *(f"speechformer, attention x{ratio}" for ratio in (2, 4, 8)),
            )
        ),
    ]
    ((one, p),) = ((one, p) for one, p in zip(found, corrected, strict=True) if 0.05 <= p < 0.1)
    assert one.name == "conformer, attention x8" and one.corpus == "ravdess"
    behind = f"Conformer's attention at 8, {-100 * one.test.difference.mean:.1f} points behind on RAVDESS"
    assert f"{behind}, is a hair within it (p = {p:.3f} after Holm)." in page


def _corrected_for_backbones() -> dict[str, float]:
    """Holm's p of each backbone's mean over both corpora, HRF in the paper's place at the rate of all else."""
    differences: dict[str, dict[tuple[str, int], list[float]]] = {}
    for one in comparisons(from_the_start):
        if one.in_the_papers_place and one.rate == 1:
            folds = differences.setdefault(one.setting.model, {})
            for fold, difference in one.differences.items():
                folds.setdefault((one.corpus, fold), []).append(difference)
    means = [[fmean(values) for values in folds.values()] for folds in differences.values()]
    tests = [paired_test(of_folds, [0.0] * len(of_folds)) for of_folds in means]
    return dict(zip(differences, holm([test.p_t for test in tests]), strict=True))


def test_what_is_said_of_conformer_trained_again_is_what_its_tables_say() -> None:
    """HRF in the paper's place on RAVDESS, twice with the same settings; its mean over all once voices are known."""
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    row = r"^\| RAVDESS, voices get known, 40 epochs{} \| conformer, ffn x4 \| 6 "
    row += r"\| ([.\d]+) \| [.\d]+ \| (\S+) \[(\S+), (\S+)\] \| \d \| ([.\d]+) "
    (once, once_known), (again, again_known) = (
        re.findall(row.format(runs), page, re.M) for runs in (" instead of 100", ", trained again")
    )
    low, high, p = again[2:]
    said = (
        f"ahead by {once[1][1:]} (p = {once[4]});\n  the very same runs trained again gave {again[1]} ({low} to {high}"
    )
    assert f"{said}, p = {float(p):.2f})" in page
    assert f"(baseline {once[0]} and, again, {again[0]})" in page
    longer_steps = read_rows(ROOT / "experiments" / "measured" / "ravdess-40-twice-the-rate.csv")
    assert [(row.settings["learning_rate"], row.settings["hrf_ratio"]) for row in longer_steps] == [(4e-3, 0)] * 6
    known = [row.familiar_uar for row in longer_steps if row.familiar_uar]
    means = [100 * fmean(figures) for figures in ([row.float32.uar for row in longer_steps], known)]
    assert f"(4e-3), {means[0]:.1f} came of it from the first clip on" in page
    assert f"and {means[1]:.1f} once voices are known ({once_known[0]} and {again_known[0]})" in page
    gain, low, high, p = in_short(page)[KNOWN, "conformer", "that of all else"]["both"]
    assert f"once voices are known it is {gain[1:]} ({low} to {high}, p = {p})" in page
    first, second = (
        {
            row.id
            for row in read_rows(ROOT / "experiments" / "measured" / f"{table}.csv")
            if row.settings["model"] == "conformer"
        }
        for table in ("speaker-streams-ravdess-40", "hrf-placements-ravdess")
    )
    assert len(first) == 12 and first <= second


def test_what_is_said_of_conformer_in_100_epochs_is_what_its_tables_say() -> None:
    """HRF in the paper's place on RAVDESS, from the first clip on and once voices are known, and in int8."""
    page, recipe = ((DOCS / f"{name}.md").read_text("utf-8") for name in ("results-hrf", "results-recipe"))
    comparison = r"^\| RAVDESS, voices get known \| conformer, ffn x4 \| 6 "
    row = comparison + r"\| (\S+) \| \S+ \| (\S+) \[(\S+), (\S+)\] \| \d \| (\S+) "
    (baseline, gain, low, high, p), (_, known, _, _, known_p) = re.findall(row, page, re.M)
    said = f"where the baseline gets {baseline}, HRF is {gain} from the first clip on "
    said += f"({low} to {high}, p = {float(p):.2f})"
    said += f" and {known} once voices are known (p = {float(known_p):.2f}); "
    row = r"^\| RAVDESS, voices get known \| conformer \| {} \| 6 \| \S+ \| (\S+) "
    without, with_hrf = (re.search(row.format(hrf), recipe, re.M) for hrf in ("none", "ffn x4"))
    assert without is not None and with_hrf is not None
    assert f"{said}int8 is at {without[1]} without it and at {with_hrf[1]} with it." in page


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
    in_40_epochs = f"{gain[1:]} points on RAVDESS in 40 epochs"
    assert f"gains {in_40_epochs} (p = {p})" in others[0] and f"by {gain[1:]} on RAVDESS in 40 epochs" in others[1]
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


def test_what_is_said_of_the_lower_rate_with_all_backbones_is_what_its_tables_say() -> None:
    """Of each backbone on each corpus, with the first rows of HRF in the paper's place at a twentieth."""
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    lines = page.partition("### The lower rate with all backbones\n")[2].partition("\n## ")[0]
    of = {}
    for corpus, runs in (("EmoDB", "that seed"), ("RAVDESS", "40 epochs")):
        for backbone, rate in (("ConvTransformer", "0.0001"), ("Conformer", "0.0001"), ("SpeechFormer", "5e-05")):
            row = rf"^\| {corpus}.*{runs}, trained again \| {backbone.lower()}, ffn at {rate} x4 \| .*? \| ([-+]\S+) \["
            gain, p = re.findall(row + r".*?\] \| \d+ \| (\S+) ", page, re.M)[0]
            of[corpus, backbone] = f"{gain}", f"p = {p}"
    said = "{}, {}; {}, {}".format(*of["RAVDESS", "ConvTransformer"], *of["RAVDESS", "SpeechFormer"])
    assert "behind there at a twentieth ({}, {});".format(*of["RAVDESS", "Conformer"]) in lines
    assert f"are ahead ({said})." in lines
    for backbone in ("ConvTransformer", "Conformer", "SpeechFormer"):
        assert (
            "{} {}{} ({})".format(backbone, "gets " * (backbone == "ConvTransformer"), *of["EmoDB", backbone]) in lines
        )


def test_what_is_said_of_single_seeds_at_the_lower_rate_is_what_the_rows_say() -> None:
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    rows = read_rows(ROOT / "experiments" / "measured" / "hrf-rate-ravdess.csv")
    said = []
    for seed in (0, 1):
        own = [row for row in rows if (row.settings["model"], row.settings["seed"]) == ("convtransformer", seed)]
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


def test_what_is_said_of_hrf_with_ravdess_best_recipe_is_what_its_tables_say() -> None:
    """Its factors at a twentieth of the learning rate, and the one fold at the rate of all else."""
    page, recipe, results = (
        (DOCS / f"{name}.md").read_text("utf-8") for name in ("results-hrf", "results-recipe", "results")
    )
    row = r"^\| RAVDESS after EmoDB, .* \| convtransformer, ffn at 0\.0001 x4 \| 6 \| [.\d]+ \| ([.\d]+) "
    first, known = re.findall(row + r"\| (\S+) \[.*?\] \| \d \| ([.\d]+) \|", page, re.M)
    row = r"^\| RAVDESS after EmoDB, [^|]* \| convtransformer \| ffn at 0\.0001 x4 \| 6 \| [.\d]+ \| ([.\d]+) "
    (int8,) = re.findall(row, recipe, re.M)
    assert f"the recipe that is best there ({first[1]}, p = {float(first[2]):.2f})" in results
    said = f"{first[1]} from the first clip on ({first[0]}, int8 {int8}; p = {float(first[2]):.2f})"
    assert f"{said} and {known[1]} known ({known[0]}; p = {float(known[2]):.2f})" in page
    rows = read_rows(ROOT / "experiments" / "measured" / "longer-ravdess.csv")
    own_rate = [row for row in rows if row.settings["hrf_ratio"] and row.settings["hrf_learning_rate"] is None]
    baseline = [
        row for row in rows if not row.settings["hrf_ratio"] and (row.settings["fold"], row.settings["seed"]) == (0, 0)
    ]
    with_hrf, without = (f"{100 * row.float32.uar:.1f}" for row in (*own_rate, *baseline))
    assert f"one fold was run ({with_hrf} instead of {without})" in page
