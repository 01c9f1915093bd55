"""`tinyser boards`."""

from __future__ import annotations

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
    for name in ("board", "core", "flash", "RAM", "projects (evidence)"):
        justify: Literal["left", "right"] = "right" if name in ("flash", "RAM") else "left"
        table.add_column(name, no_wrap=not name.startswith("projects"), justify=justify)
    for board in boards:
        row = board.to_json()
        sizes = [f"{row[key]:,}" if row[key] else "-" for key in ("flash_bytes", "ram_bytes")]
        projects = ", ".join(f"{project} ({evidence})" for project, evidence in board.project_evidence.items())
        table.add_row(board.id, board.cpu, *sizes, projects)
    Console().print(table)
