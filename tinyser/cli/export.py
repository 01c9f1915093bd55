"""`tinyser export`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from codegen.untrusted import plain
from tinyser.cli.extras import needs_extra


@click.command("export", help="Export a merged model to ONNX, and check it against PyTorch.")
@click.argument("checkpoint", type=click.Path(path_type=Path), metavar="merged.pt")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .onnx file to write.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@needs_extra("convert")
def command(checkpoint: Path, output: Path, as_json: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    from tinyser.convert.export_onnx import export_onnx

    with Console(stderr=True).status(Text(f"Exporting {plain(checkpoint.name)} to ONNX")):
        result = export_onnx(checkpoint, output)
    if as_json:
        fields = {
            "output": str(result.path),
            "bytes": result.bytes,
            "input_shape": list(result.input_shape),
            "labels": list(result.labels),
            "max_difference": result.max_difference,
        }
        click.echo(json.dumps(fields))
        return
    click.echo(
        f"{result.path}: {result.bytes} bytes, features {result.input_shape} -> posteriors of "
        f"{plain(', '.join(result.labels))}; largest difference to PyTorch {result.max_difference:.1g}"
    )
