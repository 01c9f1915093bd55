"""`tinyser generate`."""

from __future__ import annotations

from pathlib import Path

import click

from codegen.boards import PROJECTS

RUNTIMES = ("direct", "tflm")
OPTIMIZATIONS = ("speed", "size")


@click.command("generate", help="Generate a C firmware project from an int8 TFLite model.")
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.tflite")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="A new folder.")
@click.option("--runtime", type=click.Choice(RUNTIMES), default="direct", show_default=True)
@click.option(
    "--board", "board_id", default="mps2-an386", show_default=True, metavar="ID", help="See 'tinyser boards'."
)
@click.option("--project", type=click.Choice(PROJECTS), default="cmake", show_default=True, help="Build system.")
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
@click.option("--labels", metavar="a,b,c", help="Names of the outputs; default: those in the model file.")
def command(
    model: Path,
    output: Path,
    runtime: str,
    board_id: str,
    project: str,
    optimize: str,
    dump_ir: Path | None,
    features: Path | None,
    labels: str | None,
) -> None:
    from codegen.atomic import refuse_existing
    from codegen.boards import load_board
    from codegen.feature_spec import FeatureSpec
    from codegen.project import ProjectOptions, generate_project
    from codegen.read_tflite import read_tflite

    options = ProjectOptions(
        board=load_board(board_id),
        runtime=runtime,
        project=project,
        optimize=optimize,
        features=None if features is None else FeatureSpec.load(features),
        labels=None if labels is None else tuple(name.strip() for name in labels.split(",")),
    )
    refuse_existing(output)
    parsed = read_tflite(model)
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
    click.echo(
        f"{output}: runtime {runtime} for {board_id}, arena {manifest['arena_bytes']} bytes, "
        f"weights {manifest['weights_bytes']} bytes; see {output / 'README.md'}"
    )
