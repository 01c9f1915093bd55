"""What docs/results-hrf.md says of modules and ratios is what its tables and the measured rows say."""

from __future__ import annotations

import re
from pathlib import Path

from tinyser.sweep.table import read_rows

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def test_what_is_said_of_other_ratios_is_what_its_table_says() -> None:
    """Of SpeechFormer on EmoDB, from the first clip on."""
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    row = r"^\| EmoDB .*another seed \| speechformer, {} x{} \| 10 \| .*? \| .*? \| (\S+) .*? \| \d+ \| (\S+) "
    cells = {
        ratio: {
            place: re.findall(row.format(place, ratio), page, re.M)[0]
            for place in ("attention", "conv", "ffn", "ffn-out")
        }
        for ratio in (2, 4, 8)
    }
    assert all(max(places, key=lambda place: float(places[place][0])) == "ffn" for places in (cells[2], cells[4]))
    (best, p_best), (worse, p_worse) = cells[2]["ffn"], cells[8]["ffn"]
    said = f"at 2 as well ({best}, p = {float(p_best):.2f}), at 8 it is behind ({worse}, p = {float(p_worse):.2f})"
    assert said in page
    assert f"and in SpeechFormer by {-float(cells[8]['attention'][0]):.0f} points" in page


def test_what_is_said_of_conformers_modules_and_ratios_is_what_its_table_says() -> None:
    """All of EmoDB: how many are ahead, by how much, and their mean, from the first clip on and voices known."""
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    row = r"^\| EmoDB .*, {} \| conformer, \S+ x\d \| 10 \| ([.\d]+) \| .*? \| (\S+) \["
    new, earlier = (
        re.findall(row.format(runs), page, re.M) for runs in ("another seed", "that seed, an earlier start")
    )
    gains = [float(gain) for _, gain in new]
    first, known = gains[:12], gains[12:]
    assert len(known) == 12 and min(first) > 0
    means = re.findall(r"^\| conformer \| 24 \| (\S+) \[(\S+), (\S+)\], p (\S+) ", page, re.M)
    (mean, low, high, p), of_known = means
    said = f"all twelve, from the first clip on, by {min(first)} to {max(first)} points, {mean[1:]} in their mean"
    assert f"{said} ({low} to {high}, p = {p})" in page
    number = {4: "four"}[sum(gain > 0 for gain in known)]
    mean, low, high, p = of_known
    assert f"once voices are known with {number} of them, {mean} in the mean ({low} to {high}, p = {p})" in page
    better = float(earlier[0][0]) - float(new[0][0])
    assert f"whose baseline was {better:.1f} points better, half of six were ahead" in page
    assert [float(gain) > 0 for _, gain in earlier[:6]].count(True) == 3 and len(earlier) == 12


def test_what_is_said_of_modules_and_ratios_on_ravdess_is_what_its_table_says() -> None:
    """From the first clip on: which are behind in each backbone, and by how much."""
    page = (DOCS / "results-hrf.md").read_text("utf-8").partition("## Once voices are known")[0]
    row = r"^\| RAVDESS, .*, trained again \| {}, {} x\d \| 6 \| ([.\d]+) \| ([.\d]+) \| (\S+) "
    cells = {
        (model, place): re.findall(row.format(model, place), page, re.M)
        for model in ("convtransformer", "conformer", "speechformer")
        for place in ("attention", "conv", "ffn", "ffn-out")
    }
    gains = {place: [float(gain) for *_, gain in of_ratios] for place, of_ratios in cells.items()}
    assert all(len(of_ratios) == 3 for of_ratios in gains.values())
    behind = [gain for (model, _), of_ratios in gains.items() for gain in of_ratios if model != "conformer"]
    least, *_, most = sorted(-gain for gain in gains["convtransformer", "attention"])
    assert max(behind) < 0
    assert f"placements and ratios are behind, attention by {least:.0f} to {most:.0f} points" in page
    even = [*gains["conformer", "ffn"], *gains["conformer", "ffn-out"]]
    convolutions = [-gain for gain in gains["conformer", "conv"]]
    attention = "{}, {} and {}".format(*(-gain for gain in gains["conformer", "attention"]))
    said = f"even ({min(even):+} to {max(even):+}), convolutions behind by {min(convolutions)} to {max(convolutions)}"
    assert f"{said}, attention by {attention}." in page
    ffn, learned = gains["speechformer", "ffn"], [recall for _, recall, _ in cells["speechformer", "attention"]]
    said = f"the FFN by {-max(ffn)} to {-min(ffn)}; with HRF in attention, at any ratio, it learns next to nothing"
    assert f"SpeechFormer's are behind, {said} ({min(learned)} to {max(learned)}; one class in eight is 12.5)" in page
    baseline, recall, _ = cells["speechformer", "ffn-out"][2]
    assert (
        f"as with its second FFN layer at 8 ({recall}). The baseline itself is at {baseline} after 40 epochs." in page
    )


def test_the_training_loss_goes_with_the_recall_in_every_backbone() -> None:
    """Pearson's correlation over settings, which the page says of all three."""
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    line = re.findall(r"^Pearson's correlation .*$", page, re.M)[0]
    correlations = dict(re.findall(r"(\w+) (-?[.\d]+), without", line))
    assert correlations.keys() == {"convtransformer", "conformer", "speechformer"}
    assert all(float(correlation) < -0.9 for correlation in correlations.values())
    assert "the more it is behind on the test speakers, in all three backbones, most of all in attention" in page


def test_what_is_said_of_attention_that_learns_nothing_is_what_the_rows_say() -> None:
    """Training loss and mean of SpeechFormer with HRF in its attention at 8, and of its baseline, at both rates."""
    page = (DOCS / "results-hrf.md").read_text("utf-8")
    losses = {}
    for table, rate in (("hrf-placements", None), ("hrf-rate-emodb", 5e-5)):
        rows = read_rows(ROOT / "experiments" / "measured" / f"{table}.csv")
        for ratio, modules in ((0, []), (8, ["attention"])):
            own = [
                row.train_loss
                for row in rows
                if (row.settings["model"], row.settings["hrf_ratio"]) == ("speechformer", ratio)
                and row.settings["hrf_modules"] == modules
            ]
            assert len(own) == 10 and all(own)
            losses[rate, ratio] = f"{sum(loss for loss in own if loss) / len(own):.2f}"
    row = r"^\| EmoDB .* \| speechformer, {} x8 \| 10 \| (\S+) \| (\S+) \| (\S+) \[(\S+), (\S+)\] \| \d+ \| (\S+) "
    lost, back = (re.findall(row.format(place), page, re.M)[0] for place in ("attention", "attention at 5e-05"))
    assert (
        f"a training loss of {losses[None, 8]} instead of the baseline's {losses[None, 0]}, and {lost[1]} from" in page
    )
    assert f"from the first clip on instead of {lost[0]}." in page
    low, high, p = back[3:]
    said = f"its training loss is {losses[5e-5, 8]}, and it gets {back[1]}, which is {back[2]} ({low} to {high}"
    assert f"{said}, p = {float(p):.2f})" in page
