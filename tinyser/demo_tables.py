"""The demo's summary as tables for the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """Prints accuracy by stage, sizes by runtime, and what QEMU heard in one recording."""
    console.print(_accuracy(summary))
    for skipped in summary["skipped"]:
        console.print(f"[yellow]{skipped['name']} did not run: {skipped['reason']}[/yellow]")
    if not summary["int8_bytes_equal"]:
        console.print("[red]int8 stages differ in bytes; see report.html[/red]")
    console.print(_sizes(summary))
    heard = summary["listening"]
    posteriors = ", ".join(
        f"{label} {posterior:.2f}" for label, posterior in zip(heard["labels"], heard["posteriors"], strict=True)
    )
    verdict = "right" if heard["decision"] == heard["truth"] else "wrong"
    console.print(
        f"QEMU heard {heard['clip']} ({heard['seconds']:.1f} s of raw audio): [bold]{heard['decision']}[/bold], "
        f"which is {verdict} ({posteriors})"
    )


def _accuracy(summary: dict[str, Any]) -> Table:
    table = Table(title=f"Accuracy on {summary['test_clips']} clips of speakers not trained on", title_justify="left")
    table.add_column("stage")
    for heading in ("clips", "UAR %", "WF1 %", "decided as in float %"):
        table.add_column(heading, justify="right")
    for stage in summary["stages"]:
        shares = (stage["uar"], stage["wf1"], stage["equal_to_float"])
        table.add_row(stage["title"], str(stage["clips"]), *(f"{100 * share:.1f}" for share in shares))
    return table


def _sizes(summary: dict[str, Any]) -> Table:
    table = Table(title=f"On {summary['board']}, bytes and instructions per inference", title_justify="left")
    table.add_column("")
    rows = {runtime: _figures(emulation) for runtime, emulation in summary["sizes"].items()}
    for runtime in rows:
        table.add_column(runtime, justify="right")
    for name in rows["direct"]:
        table.add_row(name, *(f"{row[name]:,}" if row[name] is not None else "-" for row in rows.values()))
    return table


def _figures(emulation: dict[str, Any]) -> dict[str, int | None]:
    flash = emulation["flash_bytes"]
    return {
        "weights": flash["weights"],
        "code": flash["code"],
        "flash in all": flash["total"],
        "arena": emulation["arena_bytes"],
        "static RAM": emulation["ram_bytes"],
        "stack": emulation["stack_bytes"],
        "instructions": emulation["instructions_per_inference"],
    }
