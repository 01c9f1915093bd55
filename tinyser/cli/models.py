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
@click.option("--mel-bins", default=40, show_default=True)
@click.option("--classes", default=7, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def command(context_frames: int, mel_bins: int, classes: int, as_json: bool) -> None:
    """List the models that train knows, with their sizes.

    Parameters are those of the merged model, and those in training with HRF on the FFN by ratio. The int8
    size is an estimate: a byte a weight, four a bias.
    """
    with needs_extra("train"):
        from tinyser.models.size import list_sizes
    sizes = list_sizes(context_frames=context_frames, mel_bins=mel_bins, classes=classes)
    if as_json:
        click.echo(json.dumps([size.to_json() for size in sizes]))
        return
    _print_table(sizes, f"{context_frames} frames of {mel_bins} mel bins, {classes} classes")


def _print_table(sizes: tuple[ModelSize, ...], caption: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(caption=caption)
    for name in ("model", "preset"):
        table.add_column(name, no_wrap=True)
    ratios = [f"HRF {ratio}" for ratio in sizes[0].hrf_parameters]
    for name in ("parameters", *ratios, "MACs", "int8 bytes"):
        table.add_column(name, justify="right")
    for size in sizes:
        numbers = (size.parameters, *size.hrf_parameters.values(), size.macs, size.int8_bytes)
        table.add_row(size.model, size.preset, *(f"{number:,}" for number in numbers))
    Console().print(table)
