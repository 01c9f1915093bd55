"""`tinyser fit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tinyser.emulator.fit import Fit


@click.command("fit", help="Show which boards a model fits: flash, RAM, stack and time, measured with the cross tools.")
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.tflite")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object a board.")
def command(model: Path, as_json: bool) -> None:
    from rich.console import Console

    from codegen.read_tflite import read_tflite
    from tinyser.emulator.fit import fit

    with Console(stderr=True).status("Reading") as status:
        fits = fit(read_tflite(model), status.update)
    if as_json:
        click.echo(json.dumps([entry.to_json() for entry in fits]))
    else:
        _print_table(fits)


def _print_table(fits: list[Fit]) -> None:
    from rich.console import Console
    from rich.table import Table

    caption = "kB needed and free, RAM with the stack in use; time of an inference at one instruction a cycle"
    table = Table(caption=caption, caption_justify="left")
    for name in ("board", "flash", "free", "RAM", "free", "ms", "duty", ""):
        left = name in ("board", "")
        table.add_column(name, no_wrap=bool(name), justify="left" if left else "right", overflow="fold")
    for entry in fits:
        row = entry.to_json()
        sizes = [row[memory][part] for memory in ("flash_bytes", "ram_bytes") for part in ("needed", "free")]
        shown = [f"{size / 1000:.1f}" for size in sizes]
        duty = "-" if entry.duty_cycle is None else f"{entry.duty_cycle:.0%}"
        table.add_row(entry.board.id, *shown, f"{entry.milliseconds:.1f}", duty, entry.why)
    Console().print(table)
