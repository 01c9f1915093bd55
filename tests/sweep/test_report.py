"""The table of rows, and the page and plots made from it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from codegen.errors import DataError
from tests.sweep.rows import experiment, made_up_rows
from tinyser.sweep.plots import draw_folds, draw_ratios, plot_folds, plot_metric
from tinyser.sweep.report import page, write_report
from tinyser.sweep.statistics import Setting
from tinyser.sweep.table import COLUMNS, append_row, read_rows

GAINS = {("convtransformer", "ffn", 4): 0.05, ("conformer", "attention,conv", 2): -0.05}


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = made_up_rows(experiment(), GAINS)[:3]
    given = {"start_sha256": "5e" * 32, "hrf_learning_rate": 1e-3, "rounding_noise": 6.0, "unfamiliar": 0.5}
    rows[0] = replace(rows[0], settings={**rows[0].settings, **given})
    rows[1] = replace(rows[1], int8=None)
    for number, row in enumerate(rows):
        before = (tmp_path / "rows.csv").read_text() if number else ""
        append_row(tmp_path / "rows.csv", row)
        assert (tmp_path / "rows.csv").read_text().startswith(before)
    assert read_rows(tmp_path / "rows.csv") == rows
    assert read_rows(tmp_path / "none.csv") == []
    with (tmp_path / "rows.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert tuple(cells[0]) == COLUMNS
    assert all(cells[0][name] for name in COLUMNS)
    empty = [
        "hrf_learning_rate",
        "rounding_noise",
        "unfamiliar",
        "start_sha256",
        *(name for name in COLUMNS if name.startswith("int8_")),
    ]
    assert [name for name in COLUMNS if not cells[1][name]] == empty


def test_other_columns_and_damaged_lines(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    append_row(table, made_up_rows(experiment(), {})[0])
    good = table.read_text()
    table.write_text(good.replace("float_uar", "uar", 1))
    with pytest.raises(DataError, match="other columns"):
        read_rows(table)
    table.write_text(good[:-40] + "\n")
    with pytest.raises(DataError, match=r"rows\.csv: line 2: damaged"):
        read_rows(table)


@pytest.mark.parametrize(("figure", "column"), [("train_loss", "training loss"), ("familiar_uar", "UAR, voices known")])
def test_means_of_what_all_rows_have(figure: str, column: str) -> None:
    rows = made_up_rows(experiment(), GAINS)
    assert f"| {column} |" in page(experiment(), rows)
    rows[0] = replace(rows[0], **{figure: None})
    assert f"| {column} |" not in page(experiment(), rows)


def test_page_says_what_came_out() -> None:
    plan = experiment()
    text = page(plan, made_up_rows(plan, GAINS))
    assert "All 80 runs on corpus folder" in text
    finding = next(line for line in text.splitlines() if line.startswith("**UAR**"))
    assert "1 of 8 HRF settings have a higher mean than their baseline, 7 have the same or a lower one" in finding
    assert "over cells 1 better and 1 worse, over folds 1 better and 1 worse" in finding
    findings = text.partition("## Means")[0]
    assert "| model | placement | x2 | x4 |" in findings
    assert r"| convtransformer | ffn | +0.0 | +4.6\*\* |" in findings
    assert r"| conformer | attention,conv | -4.6\*\* | +0.0 |" in findings
    # The baseline's mean over folds 0..3 and seeds 0, 1.
    assert re.search(r"\| convtransformer \| none \| 8 \| 57\.6 \[52\.\d, 62\.\d\] \|", text)
    assert re.search(
        r"\| convtransformer \| ffn x4 \| 8 \| \+4\.6 \[\+4\.\d, \+4\.\d\] \| \+\d+\.\d\d \| < 0\.001 \|", text
    )
    assert re.search(r"\| conformer \| attention,conv x2 \| 8 \| -4\.6 ", text)
    assert "| convtransformer | none | 8 | 57.6" in text.partition("## int8")[2]
    assert re.search(r"\| conformer \| none \| 8 \| .* \| 1\.250 \| 200 \| 100 \| 12 \|$", text, re.M)
    for setting in ("label_smoothing | 0.1", "hrf_ratio | 0, 2, 4", "hrf_modules | ffn, attention,conv", "seed | 0, 1"):
        assert f"| {setting} |" in text


def test_page_of_an_unfinished_sweep() -> None:
    plan = experiment()
    rows = [replace(row, int8=None) for row in made_up_rows(plan, GAINS)[:1]]
    text = page(plan, rows)
    assert "Unfinished: 1 of 80 runs" in text
    assert "UAR: there is nothing to compare yet." in text
    assert "## int8" not in text


def test_files(tmp_path: Path) -> None:
    plan = experiment()
    written = write_report(plan, made_up_rows(plan, GAINS), tmp_path / "report")
    assert written == tmp_path / "report" / "made-up.md"
    names = {path.name for path in written.parent.iterdir()}
    plots = {f"made-up-{metric}{kind}.svg" for metric in ("uar", "wf1") for kind in ("", "-folds")}
    assert names == {"made-up.md", "made-up-confusion.md", *plots}
    assert all(f"({name})" in written.read_text() for name in plots)
    first = {path.name: path.read_bytes() for path in written.parent.iterdir()}
    write_report(plan, made_up_rows(plan, GAINS), tmp_path / "report")
    assert first == {path.name: path.read_bytes() for path in written.parent.iterdir()}
    confusion = (written.parent / "made-up-confusion.md").read_text()
    assert "## conformer, attention,conv x4, int8" in confusion and "| a | 24 | 8 |" in confusion


@pytest.mark.parametrize("metric", ["uar", "wf1"])
def test_plots(metric: str, tmp_path: Path) -> None:
    plan = experiment()
    write_report(plan, made_up_rows(plan, GAINS), tmp_path)
    both = ("convtransformer", "conformer", "without HRF", f"{metric.upper()} (%)")
    for kind, words in (("", ("ffn", "attention,conv")), ("-folds", ("ffn x2", "attention,conv x4", "0", "3"))):
        svg = (tmp_path / f"made-up-{metric}{kind}.svg").read_text()
        assert len(svg) < 200_000
        for word in (*both, *words):
            assert f">{word}<" in svg, word


def test_bars_over_the_ratio() -> None:
    """The baseline's mean and, above it, the mean and interval of what HRF adds on the cells that both have."""
    axes = Figure().subplots()
    settings = [Setting("m", "", 0), *(Setting("m", "ffn", ratio) for ratio in (2, 4, 8))]
    values = (
        {(0, 0): 0.5, (0, 1): 0.7, (1, 0): 0.2},
        {(0, 0): 0.6, (0, 1): 0.8, (1, 0): 0.32},  # 0.1 and 0.12 more
        {(1, 0): 0.1},
        {(2, 0): 0.9},  # nothing to compare with
    )
    draw_ratios(axes, "m", dict(zip(settings, values, strict=True)), [("ffn", ratio) for ratio in (2, 4, 8)])
    level, points, *_ = axes.get_lines()
    assert level.get_ydata() == pytest.approx([40.0, 40.0])
    assert points.get_xydata() == pytest.approx(np.array([[2, 51.0], [4, 30.0]]))
    (bars,) = axes.collections
    # Student's t over two folds: 12.706 times the standard error, 1.
    ends = np.array(bars.get_segments())[:, :, 1]
    assert ends == pytest.approx(np.array([[51 - 12.706, 51 + 12.706], [30.0, 30.0]]), abs=1e-3)


def test_lines_of_folds() -> None:
    """From the baseline of a fold to what HRF makes of it, seeds averaged; a fold without a baseline has no line."""
    axes = Figure().subplots()
    hrf, baseline = Setting("m", "ffn", 4), Setting("m", "", 0)
    samples = {baseline: {(0, 0): 0.5, (0, 1): 0.7}, hrf: {(0, 0): 0.8, (0, 1): 0.9, (2, 0): 0.4}}
    draw_folds(axes, "m", samples, [("ffn", 4)])
    (lines,) = axes.collections
    (segment,) = lines.get_segments()
    assert segment == pytest.approx(np.array([[0.0, 60.0], [0.0, 85.0]]))
    dots, marks = axes.get_lines()
    assert dots.get_xydata() == pytest.approx(np.array([[0, 60.0]]))
    assert marks.get_xydata() == pytest.approx(np.array([[0, 85.0], [2, 40.0]]))


@pytest.mark.parametrize("draw", [draw_ratios, draw_folds])
def test_a_placement_has_its_colour_and_place_in_every_panel(draw: Callable[..., None]) -> None:
    """Whatever the order of a backbone's rows is, and where it has fewer placements than another."""
    kinds = [("attention", 4), ("ffn", 4)]
    cells = {(0, 0): 0.5, (1, 0): 0.6}
    lines = []
    for placements in (["attention", "ffn"], ["ffn", "attention"], ["ffn"]):
        axes = Figure().subplots()
        draw(axes, "m", {Setting("m", name, 4 if name else 0): cells for name in ("", *placements)}, kinds)
        handles, labels = axes.get_legend_handles_labels()
        (handle,) = (handle for handle, label in zip(handles, labels, strict=True) if label.startswith("ffn"))
        line = getattr(handle, "lines", [handle])[0]
        lines.append((line.get_color(), *line.get_xdata()))
    assert lines[0] == lines[1] == lines[2]


def test_the_legend_has_what_only_some_panels_have(tmp_path: Path) -> None:
    rows = [
        row
        for row in made_up_rows(experiment(), GAINS)
        if row.settings["model"] != "convtransformer" or row.settings["hrf_modules"] != ["attention", "conv"]
    ]
    for plot in (plot_metric, plot_folds):
        plot(rows, "uar", tmp_path / "plot.svg")
        assert re.search(">attention,conv( x4)?<", (tmp_path / "plot.svg").read_text())


def test_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="made-up: no finished run"):
        write_report(experiment(), [], tmp_path / "report")
