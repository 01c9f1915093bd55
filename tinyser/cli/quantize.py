"""`tinyser quantize`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from codegen.untrusted import plain
from tinyser.cli.extras import needs_extra


@click.command("quantize", help="Convert ONNX to an int8 TFLite model (int8 in, int8 out), with a self-test inside.")
@click.argument("onnx", type=click.Path(path_type=Path), metavar="model.onnx")
@click.option(
    "--calibration",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FEATURES.npy",
    help="float32 (windows, frames, mels), normalised; train leaves calibration.npy in its folder.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The .tflite file to write.")
@click.option(
    "--float-tflite",
    type=click.Path(path_type=Path),
    metavar="F.tflite",
    help="Also write the same graph in float32, which tinyser check can compare with.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@needs_extra("convert")
def command(onnx: Path, calibration: Path, output: Path, float_tflite: Path | None, as_json: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    from tinyser.convert.quantize import quantize

    doing = Text(f"Converting {plain(onnx.name)} to int8 (onnx2tf, about half a minute)")
    with Console(stderr=True).status(doing) as status:

        def show(part: str) -> None:
            status.update(Text(f"Fitting: {plain(part)}"))

        result = quantize(onnx, calibration, output, float_tflite, show)
    if as_json:
        fields = {
            "output": str(result.path),
            "bytes": result.bytes,
            "features": None if result.features is None else str(result.features),
            "windows": result.windows,
            "decision_agreement": result.decision_agreement,
            "sqnr_db": result.sqnr_db,
            "max_posterior_difference": result.max_posterior_difference,
            "refit": None if result.refit is None else asdict(result.refit),
        }
        click.echo(json.dumps(fields))
        return
    click.echo(f"{result.path}: {result.bytes} bytes, int8 throughout")
    if result.features is not None:
        click.echo(f"{result.features}: the features the model expects")
    click.echo(
        f"int8 against ONNX on {result.windows} calibration windows: "
        f"{100 * result.decision_agreement:.1f} % of the decisions equal, "
        f"SQNR of the posteriors {result.sqnr_db:.1f} dB, "
        f"largest difference {result.max_posterior_difference:.3f}"
    )
    if result.refit is not None and result.refit.kept:
        change = 100 * (result.refit.after / result.refit.before - 1)
        click.echo(
            f"{result.refit.layers} layers fitted anew to what int8 gives them: mean square of the posteriors' "
            f"error {change:+.0f} % on windows that had no part in the fit"
        )
