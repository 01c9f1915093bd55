"""`tinyser boards`."""

from __future__ import annotations

import itertools
import json
from typing import Literal

import click

from codegen.boards import Board, list_boards


@click.command("boards", help="List the boards firmware can be generated for.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def command(as_json: bool) -> None:
    boards = list_boards()
    if as_json:
        click.echo(json.dumps([board.to_json() for board in boards]))
        return
    _print_table(boards)


def _print_table(boards: tuple[Board, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for name in ("board", "core", "flash", "RAM", "mic", "LEDs", "projects (evidence)"):
        justify: Literal["left", "right"] = "right" if name in ("flash", "RAM", "LEDs") else "left"
        table.add_column(name, no_wrap=not name.startswith("projects"), justify=justify)
    for board in boards:
        sizes = [f"{region.bytes:,}" if region else "-" for region in (board.flash, board.ram)]
        leds = str(len(board.leds.leds)) if board.leds else "-"
        table.add_row(board.id, board.cpu, *sizes, board.microphone_place or "-", leds, _projects(board))
    Console().print(table)


def _projects(board: Board) -> str:
    """Flavours with their evidence; those in a row that have the same are together."""
    groups = itertools.groupby(board.project_evidence.items(), key=lambda entry: entry[1])
    return "; ".join(f"{', '.join(project for project, _ in group)} ({evidence})" for evidence, group in groups)
