"""`tinyser train`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from codegen.feature_spec import read_settings
from tinyser.cli.extras import needs_extra
from tinyser.corpora import CORPORA
from tinyser.models import MODELS
from tinyser.training.settings import OPTIMIZERS, TrainSettings

_CORPUS_HELP = "; ".join(f"{name}: {text}" for name, (_, text) in CORPORA.items())
_DEFAULTS = {field.name: field.default for field in fields(TrainSettings)}


def _setting(name: str, text: str | None = None, choices: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """An option for a setting, with the setting's own default."""
    default = _DEFAULTS[name]
    default = ",".join(default) if isinstance(default, tuple) else default
    kind = click.Choice(choices) if choices else type(default)
    return click.option(f"--{name.replace('_', '-')}", type=kind, default=default, show_default=True, help=text)


@click.command()
@click.option("--corpus", required=True, type=click.Choice(list(CORPORA)), help=f"What to train on. {_CORPUS_HELP}.")
@click.option("--data", type=click.Path(path_type=Path), help="The corpus' folder (spoken: made there if need be).")
@_setting("model", choices=tuple(MODELS))
@_setting("preset", "Size of the model: small, default or large.")
@_setting("hrf_ratio", "Inner width over output width; 0: no HRF.")
@_setting("hrf_modules", "Groups such as ffn,attention,conv, or patterns.")
@_setting("hrf_factors", "Layers that each factored one becomes: 2 or 3.")
@click.option(
    "--start",
    type=click.Path(path_type=Path),
    metavar="MODEL.pt",
    help="Start from the weights of this model, trained on another corpus; see docs/training.md.",
)
@_setting("fold", "Which speakers are tested, from 0.")
@_setting("epochs")
@_setting("patience", "Epochs without gain before stopping; 0: never stop.")
@click.option(
    "--validate/--no-validate",
    default=_DEFAULTS["validate"],
    show_default=True,
    help="Choose the epoch on validation speakers; or train on them too, and take the last epoch.",
)
@_setting("seed")
@_setting("batch_size", "Clips a step, of all devices together.")
@_setting("optimizer", "sgd: with Nesterov momentum 0.9.", OPTIMIZERS)
@_setting("learning_rate", "Peak of the one-cycle schedule.")
@click.option("--hrf-learning-rate", type=float, help="Peak for HRF's factors; default: that of all else.")
@_setting("weight_decay", "Of matrices; biases, norms and positions do not decay.")
@_setting("label_smoothing")
@_setting("gain_db", "Largest random change of the level.")
@_setting("tilt_db", "Largest random change of the spectral slope.")
@_setting("masked", "Largest share of frames, and of mel bins, that SpecAugment blanks.")
@_setting("tempo", "Largest random change of speed, as a share.")
@_setting("warp", "Largest random change of the mel axis, as a share (vocal tract length perturbation).")
@_setting("mixup", "Alpha of mixup's Beta distribution; 0: no mixup.")
@click.option("--rounding-noise", type=float, help="Width of noise behind every layer, in int8 steps; default: none.")
@click.option(
    "--unfamiliar",
    type=float,
    help="Share of clips heard before their voice is well known; default: none (docs/training.md).",
)
@click.option(
    "--features",
    type=click.Path(path_type=Path),
    metavar="SPEC.json",
    help="Fields of a feature spec, such as those of a features.json but mean and std; see docs/features.md.",
)
@click.option("--mel-bins", type=int, help="Default: 40.")
@click.option("--context-frames", type=int, help="Frames (hops) the model sees at once. Default: 200.")
@click.option("--stride-frames", type=int, help="New frames between two decisions in a stream. Default: 50.")
@_setting("calibration_windows", "For tinyser quantize, of all classes and training speakers alike.")
@_setting("device", choices=("auto", "cpu", "cuda", "mps"))
@_setting("devices", "Processes that share every batch, each on its own device; under torchrun leave it out.")
@_setting("threads", "CPU threads; more than 1 seldom helps models this small.")
@click.option("--tensorboard", is_flag=True, help="Also write TensorBoard event files, into the folder's tensorboard/.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Training folder to write.")
def command(hrf_modules: str, features: Path | None, **options: Any) -> None:
    """Train a speech-emotion Transformer with HRF on a corpus.

    Writes model.pt, calibration.npy, metrics.json and log.csv. Stop it with Ctrl-C: the same command goes on.
    """
    from rich.console import Console

    with needs_extra("train"):
        from tinyser.hrf import split_modules
        from tinyser.training.run import train
    console = Console()
    chosen = {} if features is None else read_settings(features)
    settings = TrainSettings(hrf_modules=split_modules(hrf_modules), features=chosen, **options)
    try:
        result = train(settings, console)
    except KeyboardInterrupt:
        if not console.quiet:
            click.echo("tinyser: stopped; the same command goes on after the last whole epoch", err=True)
        sys.exit(130)
    test, familiar = result.metrics["test"], result.metrics.get("test_familiar")
    known = "" if familiar is None else f"; once their voices are known UAR {familiar['uar']:.3f}"
    console.print(
        f"test speakers: UAR {test['uar']:.3f}, WA {test['wa']:.3f}, WF1 {test['wf1']:.3f} on {test['clips']} clips"
        f"{known} (epoch {result.metrics['best_epoch']}, {result.seconds:.0f} s)",
        soft_wrap=True,
    )
    console.print(f"wrote {result.folder}; next: tinyser merge {result.folder} -o merged.pt", soft_wrap=True)
