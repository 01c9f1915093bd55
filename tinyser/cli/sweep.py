"""`tinyser sweep`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tinyser.cli.extras import needs_extra


@click.command("sweep")
@click.argument("experiment", type=click.Path(path_type=Path), metavar="EXPERIMENT.toml")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The sweep's folder."
)
@click.option("--corpus", metavar="NAME", help="Which one, where the experiment has folds of several corpora.")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="The corpus' folder.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option("--address", metavar="A", help="ray: an existing cluster, HOST:PORT; without it, one on this machine.")
@click.option(
    "--jobs",
    type=click.IntRange(min=0),
    metavar="N",
    help="Runs at once; default: one per core, on a cluster as many as it takes. 0: none, to report on what is there.",
)
@click.option("--device", type=click.Choice(["cpu", "cuda", "mps"]), default="cpu", show_default=True)
@click.option("--report", is_flag=True, help="Then write tables and plots to DIR/report.")
def command(
    experiment: Path,
    output: Path,
    corpus: str | None,
    data: Path | None,
    engine: str,
    address: str | None,
    jobs: int | None,
    device: str,
    report: bool,
) -> None:
    """Run an experiment: backbones, HRF settings, folds and seeds.

    Every finished run is a row of DIR/rows.csv. Stop it with Ctrl-C: the same command goes on.
    """
    from codegen.errors import TinySerError

    if address is not None and engine != "ray":
        raise TinySerError(f"--address: got with --engine {engine}, allowed is --engine ray; leave one of them out")
    with needs_extra("sweep"):
        _sweep(experiment, output, corpus, data, engine, address, jobs, device, report)


def _sweep(
    path: Path,
    output: Path,
    corpus: str | None,
    data: Path | None,
    engine: str,
    address: str | None,
    jobs: int | None,
    device: str,
    report: bool,
) -> None:
    from rich.console import Console

    from tinyser.sweep.plan import load_experiment
    from tinyser.sweep.report import write_report
    from tinyser.sweep.run import SweepOptions, cores, rows_of, sweep
    from tinyser.sweep.table import ROWS

    console = Console()
    experiment = load_experiment(path, corpus)
    if jobs == 0:
        rows = rows_of(experiment, output)
    else:
        # A cluster queues what it has no core for.
        at_once = jobs or (cores() if address is None else len(experiment.runs()))
        options = SweepOptions(output=output, data=data, engine=engine, address=address, jobs=at_once, device=device)
        try:
            rows = sweep(experiment, options, console)
        except KeyboardInterrupt:
            click.echo("tinyser: stopped; the same command goes on where it was", err=True)
            sys.exit(130)
        console.print(f"{output / ROWS}: all {len(rows)} runs are in it", soft_wrap=True)
    if report:
        console.print(f"wrote {write_report(experiment, rows, output / 'report')}", soft_wrap=True)
