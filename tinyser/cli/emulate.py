"""`tinyser emulate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tinyser.emulator.emulation import Classification, Emulation
    from tinyser.emulator.project_folder import Project


@click.command("emulate", help="Run a generated project on the desktop, in QEMU or in TFLM.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--on", "place", type=click.Choice(("host", "qemu", "tflm")), required=True)
@click.option(
    "--input",
    "source",
    type=click.Path(path_type=Path),
    metavar="X.npy|clip.wav",
    help="Inputs in the model's type or float32 with a leading batch axis, or a recording; default: an input of zeros.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="Y.npy",
    help="Outputs in the model's type, (runs, *shape); of a model with several outputs, their bytes.",
)
@click.option(
    "--keep-state",
    is_flag=True,
    help="Run the inputs as one sequence; default: each on a model that was just reset.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--sanitize", is_flag=True, help="host only: build with ASan and UBSan.")
def command(
    folder: Path,
    place: str,
    source: Path | None,
    output: Path | None,
    keep_state: bool,
    as_json: bool,
    sanitize: bool,
) -> None:
    from codegen.errors import DataError
    from tinyser.emulator.inputs import batch_outputs
    from tinyser.emulator.project_folder import load_project

    if sanitize and place != "host":
        raise DataError(f"--sanitize: got with --on {place}, allowed is --on host; leave one of them out")
    project = load_project(folder)
    settings = {name: True for name, wanted in (("keep_state", keep_state), ("sanitize", sanitize)) if wanted}
    result, emulation = _emulate(project, place, source, settings)
    if output is not None:
        _save(output, batch_outputs(project, emulation.outputs))
    if as_json:
        click.echo(json.dumps(result.to_json()))
    else:
        _print_table(result.to_json())


def _emulate(
    project: Project, place: str, source: Path | None, settings: dict[str, Any]
) -> tuple[Emulation | Classification, Emulation]:
    """The result, and the emulation in it: a recording gives a classification, an array an emulation."""
    import importlib

    import numpy as np

    from codegen.errors import DataError
    from tinyser.emulator.inputs import load_rows

    emulator = importlib.import_module(f"tinyser.emulator.{place}")
    if source is not None and source.suffix.lower() != ".npy":
        from tinyser.features.audio import read_audio

        if "keep_state" in settings:
            raise DataError(
                f"--keep-state: got with the recording {source}, allowed is with --input X.npy, since each window of a "
                "recording is an input of its own; leave it out"
            )
        project.need_features()
        recording = read_audio(source)
        for note in recording.notes:
            click.echo(f"note: {note}", err=True)
        clip: Classification = emulator.classify(project, recording.samples, **settings)
        return clip, clip.emulation
    if source is None:
        click.echo("note: no --input; running one input of real value 0", err=True)
        zeros = [np.full((1, entry.size), entry.zero_point, entry.dtype).view(np.int8) for entry in project.inputs]
        rows = np.concatenate(zeros, axis=1)
    else:
        rows = load_rows(project, source)
    emulation: Emulation = emulator.run(project, rows, **settings)
    return emulation, emulation


def _save(path: Path, outputs: Any) -> None:
    import numpy as np

    from codegen.atomic import new_file

    with new_file(path) as partial, partial.open("wb") as file:
        np.save(file, outputs)


def _print_table(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False)
    for key, value in result.items():
        if key in ("labels", "posteriors", "decision"):
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{name} {size:,}" for name, size in value.items() if size is not None)
        table.add_row(key, f"{value:,}" if isinstance(value, int) else value or "-")
    for label, posterior in zip(result.get("labels", ()), result.get("posteriors", ()), strict=True):
        table.add_row(f"posterior of {label}", f"{posterior:.3f}")
    if "decision" in result:
        table.add_row("decision", result["decision"])
    Console().print(table)
