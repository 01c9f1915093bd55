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
@click.option(
    "--ranges",
    type=click.Choice(["auto", "minmax", "percentile", "mse"]),
    default="auto",
    show_default=True,
    help="What int8 tensors hold: all values, all but a thousandth, or those of the least square error; auto: the "
    "better of minmax and mse.",
)
@click.option(
    "--qat",
    type=click.IntRange(0),
    default=0,
    metavar="EPOCHS",
    help="Fine-tune the quantized graph to decide as the float one, with its roundings in place, for so many passes "
    "over the calibration windows; kept where it helps. Default: 0, not at all.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of --qat.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@needs_extra("convert")
def command(
    onnx: Path,
    calibration: Path,
    output: Path,
    float_tflite: Path | None,
    ranges: str,
    qat: int,
    seed: int,
    as_json: bool,
) -> None:
    from rich.console import Console
    from rich.text import Text

    from tinyser.convert.free_ranges import AUTO
    from tinyser.convert.quantize import quantize

    ways = AUTO if ranges == "auto" else (ranges,)
    doing = Text(f"Converting {plain(onnx.name)} to int8 (onnx2tf, about half a minute)")
    with Console(stderr=True).status(doing) as status:

        def show(part: str) -> None:
            status.update(Text(f"Fitting: {plain(part)}"))

        result = quantize(onnx, calibration, output, float_tflite, show, ways, qat, seed)
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
    if result.refit is None:
        click.echo(
            "nothing was fitted: fewer than 25 windows, or no linear layers; ranges hold what the conversion saw"
        )
        return
    errors = ", ".join(f"{error:.2g} with {way}" for way, error in result.refit.tried.items())
    click.echo(
        f"{result.refit.layers} layers fitted anew to what int8 gives them, mean square of the posteriors' error on "
        f"windows that had no part in the fit: {errors} ranges, {result.refit.before:.2g} as converted; "
        f"the file is that {f'with {result.refit.ranges} ranges' if result.refit.kept else 'as converted'}"
    )
    if result.refit.fine_tuned is not None:
        kept = "kept" if result.refit.kept and result.refit.fine_tuning_kept else "not kept"
        click.echo(f"fine-tuned for {qat} epochs, seed {seed}: {result.refit.fine_tuned:.2g} on these windows, {kept}")
