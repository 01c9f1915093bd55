"""`tinyser demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tinyser.cli.extras import needs_extra


@click.command("demo", help="Run the whole pipeline once on a spoken corpus made on the spot (under five minutes).")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    metavar="DIR",
    help="Everything goes here; a second call goes on where the first stopped.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), default=30, show_default=True)
@click.option(
    "--qemu-clips",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only N of the test clips, evenly spaced, through the emulated Cortex-M; by default all.",
)
@needs_extra("all")
def command(output: Path, seed: int, epochs: int, qemu_clips: int | None) -> None:
    from rich.console import Console

    from tinyser.demo import DemoSettings, run_demo
    from tinyser.demo_tables import print_summary

    console = Console()
    try:
        summary = run_demo(output, DemoSettings(seed=seed, epochs=epochs, qemu_clips=qemu_clips), console)
    except KeyboardInterrupt:
        click.echo("tinyser: stopped; the same command goes on where it was", err=True)
        sys.exit(130)
    print_summary(summary, console)
    console.print(f"{output}: report.html has all stages against each other; firmware/direct is the project to build")
