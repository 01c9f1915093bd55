"""`./run fuzz MINUTES [TARGET ...]` and `./run fuzz replay TARGET FILE`."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from codegen.errors import ToolError
from fuzzing.driver import CHECKOUT, Outcome, fuzz, save_report
from fuzzing.faults import find_fault
from fuzzing.target import PLANTED, TARGETS, load_target

_CHOICE = click.Choice((*TARGETS, *PLANTED))


@click.command("fuzz")
@click.argument("minutes", type=click.FloatRange(min=0, min_open=True))
@click.argument("targets", nargs=-1, type=_CHOICE)
@click.option("--seed", type=int, default=None, help="Of all that is random; default: another one each time.")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=CHECKOUT / "runs" / "fuzzing")
def fuzz_command(minutes: float, targets: tuple[str, ...], seed: int | None, output: Path) -> None:
    """Hostile files for MINUTES, shared by the TARGETs (all of them where none is named).

    Inputs that show a fault, and those that reached something new, stay in the output folder, where a later run
    goes on. Exit status 1 where there is a fault.
    """
    if importlib.util.find_spec("atheris") is None:
        raise ToolError("atheris: not installed, which leads the fuzzing; run: pip install 'tinyser[dev]' (Linux)")
    seed = random.randrange(1, 2**31 - 100) if seed is None else seed
    names = targets or tuple(TARGETS)
    console = Console()
    console.print(
        f"seed {seed}, {len(names)} targets, {60 * minutes / len(names):.0f} s each, in {output}", markup=False
    )
    columns = (
        TextColumn("{task.description:12}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks = {name: bars.add_task(name, total=60 * minutes / len(names), start=False, state="") for name in names}

        def show(outcome: Outcome) -> None:
            state = f"{outcome.inputs:,} inputs, {outcome.edges:,} edges, {len(outcome.faults)} faults"
            bars.start_task(tasks[outcome.target])
            bars.update(tasks[outcome.target], completed=outcome.seconds, state=state)

        outcomes = fuzz(names, 60 * minutes, output, seed, show)
    console.print(_table(outcomes))
    save_report(outcomes, seed, output / "report.json")
    for outcome in outcomes:
        for path in outcome.faults:
            console.print(f"./run fuzz replay {outcome.target} {path}", markup=False, soft_wrap=True)
    if any(outcome.faults or outcome.trouble for outcome in outcomes):
        sys.exit(1)


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("target")
    for name in ("seconds", "inputs tried", "edges covered", "faults"):
        table.add_column(name, justify="right")
    table.add_column("note")
    for outcome in outcomes:
        numbers = (f"{outcome.seconds:.0f}", f"{outcome.inputs:,}", f"{outcome.edges:,}", str(len(outcome.faults)))
        table.add_row(outcome.target, *numbers, Text(outcome.trouble))
    return table


@click.command("replay")
@click.argument("target", type=_CHOICE)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def replay_command(target: str, file: Path) -> None:
    """One FILE again, without limits of memory; exit status 1 where the fault is still there."""
    fault = find_fault(load_target(target), file.read_bytes())
    click.echo("no fault" if fault is None else f"{fault.kind} at {fault.where}\n{fault.report}")
    sys.exit(0 if fault is None else 1)


def main() -> None:
    arguments = sys.argv[1:]
    try:
        if arguments[:1] == ["replay"]:
            replay_command.main(arguments[1:], prog_name="./run fuzz replay")
        fuzz_command.main(arguments, prog_name="./run fuzz")
    except ToolError as error:
        click.echo(f"fuzz: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
