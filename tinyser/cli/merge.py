"""`tinyser merge`."""

from __future__ import annotations

from pathlib import Path

import click

from tinyser.cli.extras import needs_extra


@click.command()
@click.argument("source", metavar="RUN_OR_PT", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .pt file to write.")
def command(source: Path, output: Path) -> None:
    """Merge the HRF layers away (deHRF) and prove the result equal.

    RUN_OR_PT is a training folder or a checkpoint. Nothing is written when a logit moves by 1e-4 or a
    decision changes.
    """
    with needs_extra("train"):
        from tinyser.hrf.merge_file import merge_file
    merged = merge_file(source, output)
    click.echo(
        f"{output}: {merged.parameters_before} parameters merged into {merged.parameters_after}; logits moved by at "
        f"most {merged.equality.largest_difference:.1e} on {merged.equality.inputs} inputs, no decision changed"
    )
