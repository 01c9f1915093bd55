"""`tinyser check`."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

import click

from codegen.untrusted import plain
from tinyser.cli.extras import needs_extra

_FILE = click.Path(path_type=Path)


@click.command("check", help="Compare the stages of a model on a corpus or on recorded inputs.")
@click.option(
    "--tflite",
    required=True,
    type=_FILE,
    metavar="M.tflite",
    help="The int8 or int16 model; its C is generated and run.",
)
@click.option("--hrf", type=_FILE, metavar="model.pt", help="Also the checkpoint before the merge, in PyTorch.")
@click.option("--pt", type=_FILE, metavar="merged.pt", help="Also the merged checkpoint, in PyTorch.")
@click.option("--onnx", type=_FILE, metavar="m.onnx", help="Also the ONNX file in ONNX Runtime.")
@click.option("--float-tflite", type=_FILE, metavar="F.tflite", help="Also the float file before quantization.")
@click.option("--corpus", metavar="NAME", help="Compare on the recordings of a corpus, clip by clip.")
@click.option("--data", type=_FILE, metavar="DIR", help="The folder that holds the corpus.")
@click.option("--fold", type=int, metavar="K", help="Only the test speakers of fold K; by default all speakers.")
@click.option(
    "--input", "inputs", type=_FILE, metavar="X.npy", help="Compare on an array, float32 or as the model takes it."
)
@click.option("--labels-npy", type=_FILE, metavar="Y.npy", help="The true class of each row of --input.")
@click.option(
    "--qemu-sample",
    type=click.IntRange(min=0),
    default=4,
    show_default=True,
    metavar="N",
    help="How many clips the emulated Cortex-M gets; 0 for none.",
)
@click.option("--boards", is_flag=True, help="Also find out which boards it fits, about a minute.")
@click.option(
    "--embed-audio", is_flag=True, help="Put recordings whose decisions flip into the page: mind their licence."
)
@click.option(
    "--layer-windows",
    type=click.IntRange(min=0),
    default=16,
    show_default=True,
    metavar="N",
    help="How many windows are compared layer by layer; 0 for none, and for no trial of what would help.",
)
@click.option(
    "--max-drop",
    type=click.FloatRange(min=0),
    metavar="POINTS",
    help="Exit with status 1 if a stage loses more points of unweighted average recall against the first.",
)
@click.option(
    "--min-agreement",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with status 1 if a stage decides fewer of the clips as the first does.",
)
@click.option("-o", "--output", required=True, type=_FILE, metavar="DIR", help="Where report.json and report.html go.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@needs_extra("all")
def command(
    tflite: Path,
    hrf: Path | None,
    pt: Path | None,
    onnx: Path | None,
    float_tflite: Path | None,
    corpus: str | None,
    data: Path | None,
    fold: int | None,
    inputs: Path | None,
    labels_npy: Path | None,
    qemu_sample: int,
    boards: bool,
    embed_audio: bool,
    layer_windows: int,
    max_drop: float | None,
    min_agreement: float | None,
    output: Path,
    as_json: bool,
) -> None:
    from rich.console import Console
    from rich.text import Text

    from tinyser.check.limits import Limits
    from tinyser.check.run import CheckOptions, check
    from tinyser.check.table import print_report
    from tinyser.folder_lock import hold_folder

    options = CheckOptions(
        tflite=tflite,
        hrf=hrf,
        pt=pt,
        onnx=onnx,
        float_tflite=float_tflite,
        corpus=corpus,
        data=data,
        fold=fold,
        input=inputs,
        truth=labels_npy,
        qemu_sample=qemu_sample,
        boards=boards,
        embed_audio=embed_audio,
        layer_windows=layer_windows,
        limits=Limits(max_drop, min_agreement),
    )
    # Whatever the stages print goes to stderr: standard output is the report's.
    with hold_folder(output), redirect_stdout(sys.stderr), Console(stderr=True).status("Reading") as status:
        report = check(options, output, lambda title: status.update(Text(f"Running {plain(title)}")))
    if as_json:
        click.echo(json.dumps(report.to_json(), allow_nan=False))
    else:
        print_report(report, Console())
        click.echo(f"{output / 'report.html'} and report.json written")
    if report.failures:
        sys.exit(1)
