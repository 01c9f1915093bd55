"""A report as one table for the terminal: every stage against the first one; all pairs are in the files."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from codegen.untrusted import plain
from tinyser.check.page import number, percent
from tinyser.check.report import Report, StageReport
from tinyser.check.summary import summarise


def shown(text: str) -> str:
    """A text with names of files and labels in it, which are neither markup nor the terminal's commands."""
    return escape(plain(text))


def print_report(report: Report, console: Console) -> None:
    """Prints the stages, what they say in sentences, those that did not run, and the notes."""
    console.print(shown(f"{report.source}: {report.clips} clips, {report.windows} windows"))
    if report.stages:
        console.print(_stages(report))
    for sentence in summarise(report):
        console.print(shown(sentence), soft_wrap=True)
    for skipped in report.skipped:
        console.print(f"[yellow]{shown(skipped.name)} did not run: {shown(skipped.reason)}[/yellow]")
    for note in report.notes:
        console.print(shown(note))


def _stages(report: Report) -> Table:
    scored = any(stage.scores for stage in report.stages)
    timed = any(stage.per_second is not None for stage in report.stages)
    first = report.stages[0]
    # Bytes are compared with TFLM's where it ran; TFLite may differ from it by a rounding tie.
    integers = [stage for stage in report.stages if stage.arithmetic != "float32"]
    truth = next((stage for stage in integers if stage.name == "tflm"), integers[0] if integers else None)
    table = Table(caption=shown(_caption(first, timed)))
    table.add_column("stage", no_wrap=True)
    for heading in (
        "clips",
        *(("WA %", "UAR %", "WF1 %") if scored else ()),
        "equal %",
        "diff.",
        "bytes",
        *(("a second",) if timed else ()),
    ):
        table.add_column(heading, justify="right")
    for stage in report.stages:
        scores = stage.scores
        figures = [percent(scores.wa), percent(scores.uar), percent(scores.wf1)] if scores else []
        pair = report.pair(first.name, stage.name)
        agreement = (
            ["-", "-"]
            if pair is None
            else [
                percent(pair.decision_agreement),
                number(pair.max_posterior_difference),
            ]
        )
        bytes_equal = "-" if truth is None else _bytes(report, truth, stage)
        speed = ["-" if stage.per_second is None else f"{stage.per_second:,.0f}"] if timed else []
        table.add_row(shown(stage.title), str(stage.clips), *figures, *agreement, bytes_equal, *speed)
    return table


def _caption(first: StageReport, timed: bool) -> str:
    speed = "; windows or recordings in a second of one core" if timed else ""
    return f"equal decisions and largest difference of posteriors to {first.title}{speed}"


def _bytes(report: Report, reference: StageReport, stage: StageReport) -> str:
    pair = report.pair(reference.name, stage.name)
    if pair is None or pair.windows is None or pair.windows_equal is None:
        return "-"
    if pair.bytes_equal:
        return "[green]equal[/green]"
    return f"[red]{pair.windows - pair.windows_equal} of {pair.windows} differ[/red]"
