"""`tinyser models`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tinyser.cli.extras import needs_extra

if TYPE_CHECKING:
    from tinyser.models.size import ModelSize


@click.command("models")
@click.option("--context-frames", default=200, show_default=True, help="Frames the model sees at once.")
@click.option("--features", default=40, show_default=True, help="Values of a frame: mel bins, MFCCs, deltas.")
@click.option("--classes", default=7, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def command(context_frames: int, features: int, classes: int, as_json: bool) -> None:
    """List the models that train knows, with their sizes.

    Thousands of parameters, merged and in training with HRF on the FFN at three ratios; million
    multiply-accumulates an inference; the int8 size is an estimate, a byte a weight and four a bias.
    """
    with needs_extra("train"):
        from tinyser.models.size import list_sizes
    sizes = list_sizes(context_frames=context_frames, features=features, classes=classes)
    if as_json:
        click.echo(json.dumps([size.to_json() for size in sizes]))
        return
    _print_table(sizes, f"{context_frames} frames of {features} features, {classes} classes")


def _print_table(sizes: tuple[ModelSize, ...], caption: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(caption=caption)
    for name in ("model", "preset"):
        table.add_column(name, no_wrap=True)
    ratios = [f"HRF {ratio} (k)" for ratio in sizes[0].hrf_parameters]
    for name in ("merged (k)", *ratios, "MACs (M)", "int8 (kB)"):
        table.add_column(name, justify="right")
    for size in sizes:
        counts = [f"{count / 1e3:.0f}" for count in (size.parameters, *size.hrf_parameters.values())]
        table.add_row(size.model, size.preset, *counts, f"{size.macs / 1e6:.1f}", f"{size.int8_bytes / 1e3:.0f}")
    Console().print(table)
