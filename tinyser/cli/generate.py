"""`tinyser generate`."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from codegen.boards.board import PROJECTS
from codegen.untrusted import plain

if TYPE_CHECKING:
    from codegen.clip import Clip
    from codegen.feature_spec import FeatureSpec

RUNTIMES = ("direct", "tflm")
OPTIMIZATIONS = ("speed", "size")
ARITHMETICS = ("auto", "float", "fixed")
FFTS = ("own", "cmsis-dsp")
SHOWN_LAYERS = 8


@contextmanager
def _without_collector() -> Iterator[None]:
    """Looking for garbage takes an eighth of a run's time, and there is next to none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@click.command("generate", help="Generate a C firmware project from an int8 TFLite model.")
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.tflite")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="A new folder.")
@click.option("--runtime", type=click.Choice(RUNTIMES), default="direct", show_default=True)
@click.option(
    "--board", "board_id", default="mps2-an386", show_default=True, metavar="ID", help="See 'tinyser boards'."
)
@click.option("--project", type=click.Choice(tuple(PROJECTS)), default="cmake", show_default=True, help="Build system.")
@click.option(
    "--optimize",
    type=click.Choice(OPTIMIZATIONS),
    default="speed",
    show_default=True,
    help="size: the smallest arena; speed: up to a quarter more, for fewer instructions.",
)
@click.option(
    "--dump-ir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the graph as text after each pass.",
)
@click.option(
    "--features",
    type=click.Path(path_type=Path),
    metavar="features.json",
    help="Audio features; default: those in the model file.",
)
@click.option(
    "--arithmetic",
    type=click.Choice(ARITHMETICS),
    default="auto",
    show_default=True,
    help="Of the features; auto: float32 where the board has a floating-point unit and on a desktop, else fixed point.",
)
@click.option(
    "--fft",
    type=click.Choice(FFTS),
    default="own",
    show_default=True,
    help="cmsis-dsp: call Arm's library, which you bring and link.",
)
@click.option(
    "--stream",
    type=click.Path(path_type=Path),
    metavar="stream.json",
    help="Stride, smoothing, hysteresis and silence gate of a stream; what it leaves out has its default.",
)
@click.option(
    "--clip",
    type=click.Path(path_type=Path),
    metavar="FILE.wav",
    help="A recording for the firmware to hear in place of a microphone, put into its flash.",
)
@click.option(
    "--microphone/--no-microphone",
    default=None,
    help="Hear the board's microphone (--project cmake). Default: where one is on the board, unless --clip is given.",
)
@click.option("--labels", metavar="a,b,c", help="Names of the outputs; default: those in the model file.")
@_without_collector()
def command(
    model: Path,
    output: Path,
    runtime: str,
    board_id: str,
    project: str,
    optimize: str,
    dump_ir: Path | None,
    features: Path | None,
    arithmetic: str,
    fft: str,
    stream: Path | None,
    clip: Path | None,
    microphone: bool | None,
    labels: str | None,
) -> None:
    from codegen.atomic import refuse_existing
    from codegen.boards import load_board
    from codegen.feature_spec import FeatureSpec
    from codegen.project import ProjectOptions, generate_project
    from codegen.read_tflite import read_tflite
    from codegen.stream_spec import StreamSpec

    parsed = read_tflite(model)
    given = None if features is None else FeatureSpec.load(features)
    spec = given if given or parsed.card is None else parsed.card.features
    board = load_board(board_id)
    if microphone is None:
        has_one = board.microphone is not None and board.microphone.place == "board"
        microphone = has_one and project == "cmake" and spec is not None and clip is None
    options = ProjectOptions(
        board=board,
        runtime=runtime,
        project=project,
        optimize=optimize,
        features=given,
        arithmetic=arithmetic,
        fft=fft,
        stream=StreamSpec() if stream is None else StreamSpec.load(stream),
        clip=None if clip is None else _read_clip(clip, spec),
        microphone=microphone,
        labels=None if labels is None else tuple(name.strip() for name in labels.split(",")),
    )
    if dump_ir is not None and runtime != "direct":
        raise click.UsageError(f"--dump-ir: runtime {runtime} has no passes, allowed is --runtime direct")
    refuse_existing(output)
    arena_bytes = None
    if runtime == "tflm":
        from tinyser.emulator.tflm_arena import measure_arena

        arena = measure_arena(parsed)
        arena_bytes = arena.recommended_bytes
        click.echo(
            f"arena: {arena.measured_bytes} bytes measured with TensorFlow Lite Micro, {arena.recommended_bytes} with "
            f"a margin of {arena.margin_bytes}",
            err=True,
        )
    manifest = generate_project(parsed, options, output, arena_bytes, dump_ir).manifest
    for line in _sizes(manifest):
        click.echo(line)
    click.echo(
        plain(
            f"{output}: runtime {runtime} for {board_id}, arena {manifest['arena_bytes']} bytes, "
            f"weights {manifest['weights_bytes']} bytes; see {output / 'README.md'}"
        )
    )


def _read_clip(path: Path, features: FeatureSpec | None) -> Clip:
    """A recording at the rate of the features; says what had to be changed. Raises DataError as `read_audio`."""
    from codegen.clip import Clip
    from tinyser.features.audio import SAMPLE_RATE_HZ, read_audio

    recording = read_audio(path, SAMPLE_RATE_HZ if features is None else features.sample_rate_hz)
    for note in recording.notes:
        click.echo(plain(note), err=True)
    return Clip(path.name, recording.samples, recording.sample_rate_hz)


def _sizes(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What a project of runtime `direct` needs, and the layers that need most of the flash."""
    if manifest["scratch_bytes"] is None:
        return
    stack = manifest["stack_bytes"]
    yield f"static RAM: arena {manifest['arena_bytes']:,} bytes, of it scratch at most {manifest['scratch_bytes']:,}"
    if stack is not None:
        yield f"stack: at most {stack:,} bytes for ser_model_invoke and what it calls (GCC, -O2 or -Os)"
    layers = sorted(manifest["layers"], key=lambda layer: -layer["constants"] - layer["parameters"])
    constants = sum(layer["constants"] for layer in layers)
    parameters = sum(layer["parameters"] for layer in layers)
    yield f"flash besides kernels: constants {constants:,} bytes, parameters {parameters:,} bytes; by layer:"
    for layer in layers[:SHOWN_LAYERS]:
        name = f"{layer['index']} {layer['operator']}"
        yield f"  {name:<34} {layer['constants']:>9,} + {layer['parameters']:>5,}"
    if len(layers) > SHOWN_LAYERS:
        rest = layers[SHOWN_LAYERS:]
        yield (
            f"  {f'{len(rest)} others, in manifest.json':<34} {sum(layer['constants'] for layer in rest):>9,} + "
            f"{sum(layer['parameters'] for layer in rest):>5,}"
        )
