"""`tinyser train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tinyser.cli.extras import needs_extra
from tinyser.corpora import CORPORA
from tinyser.models import MODELS

_CORPUS_HELP = "; ".join(f"{name}: {text}" for name, (_, text) in CORPORA.items())


@click.command()
@click.option("--corpus", required=True, type=click.Choice(list(CORPORA)), help=f"What to train on. {_CORPUS_HELP}.")
@click.option("--data", type=click.Path(path_type=Path), help="The corpus' folder (spoken: made there if need be).")
@click.option("--model", type=click.Choice(list(MODELS)), default="convtransformer", show_default=True)
@click.option("--preset", default="default", show_default=True, help="Size of the model: small, default or large.")
@click.option("--hrf-ratio", default=4, show_default=True, help="Inner width over output width; 0: no HRF.")
@click.option("--hrf-modules", default="ffn", show_default=True, help="Groups such as ffn,attention,conv, or patterns.")
@click.option("--hrf-factors", default=2, show_default=True, help="Layers that each factored one becomes: 2 or 3.")
@click.option("--fold", default=0, show_default=True, help="Which speakers are tested, from 0.")
@click.option("--epochs", default=60, show_default=True)
@click.option("--patience", default=0, show_default=True, help="Epochs without gain before stopping; 0: never stop.")
@click.option("--seed", default=0, show_default=True)
@click.option("--batch-size", default=32, show_default=True)
@click.option("--learning-rate", default=1.5e-3, show_default=True)
@click.option("--mel-bins", default=40, show_default=True)
@click.option("--context-frames", default=200, show_default=True, help="Frames (10 ms) the model sees at once.")
@click.option("--stride-frames", default=50, show_default=True, help="New frames between two decisions in a stream.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True)
@click.option(
    "--threads", default=1, show_default=True, help="CPU threads; more than 1 seldom helps models this small."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Training folder to write.")
def command(hrf_modules: str, **options: Any) -> None:
    """Train a speech-emotion Transformer with HRF on a corpus.

    Writes model.pt, calibration.npy, metrics.json and log.csv. Stop it with Ctrl-C: the same command goes on.
    """
    from rich.console import Console

    with needs_extra("train"):
        from tinyser.hrf import split_modules
        from tinyser.training.run import train
        from tinyser.training.settings import TrainSettings
    console = Console()
    settings = TrainSettings(hrf_modules=split_modules(hrf_modules), **options)
    try:
        result = train(settings, console)
    except KeyboardInterrupt:
        click.echo("tinyser: stopped; the same command goes on after the last whole epoch", err=True)
        sys.exit(130)
    test = result.metrics["test"]
    console.print(
        f"test speakers: UAR {test['uar']:.3f}, WA {test['wa']:.3f}, WF1 {test['wf1']:.3f} on {test['clips']} clips "
        f"(epoch {result.metrics['best_epoch']}, {result.seconds:.0f} s)",
        soft_wrap=True,
    )
    console.print(f"wrote {result.folder}; next: tinyser merge {result.folder} -o merged.pt", soft_wrap=True)
