"""`tinyser emulate`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from codegen.untrusted import plain

if TYPE_CHECKING:
    from rich.table import Table

    from tinyser.emulator.emulation import Classification, Emulation, Stream
    from tinyser.emulator.project_folder import Project

_PIPE = Path("-")


@click.command("emulate", help="Run a generated project on the desktop, in QEMU or in TFLM.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--on", "place", type=click.Choice(("host", "qemu", "tflm")), required=True)
@click.option(
    "--input",
    "source",
    type=click.Path(path_type=Path),
    metavar="X.npy|clip.wav|-",
    help="Inputs in the model's type or float32 with a leading batch axis, a recording, or - for PCM through a pipe "
    "(host, --stream); default: an input of zeros.",
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
@click.option(
    "--stream",
    "as_stream",
    is_flag=True,
    help="host and qemu: hear the recording as a stream, a hop at a time, and print decisions over time.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="qemu only: how long the board may take. Default: 600.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--sanitize", is_flag=True, help="host only: build with ASan and UBSan.")
def command(
    folder: Path,
    place: str,
    source: Path | None,
    output: Path | None,
    keep_state: bool,
    as_stream: bool,
    timeout: float | None,
    as_json: bool,
    sanitize: bool,
) -> None:
    from codegen.errors import DataError
    from tinyser.emulator.inputs import batch_outputs
    from tinyser.emulator.project_folder import load_project

    if sanitize and place != "host":
        raise DataError(f"--sanitize: got with --on {place}, allowed is --on host; leave one of them out")
    if as_stream and place == "tflm":
        raise DataError("--stream: got with --on tflm, allowed are --on host and --on qemu; leave one of them out")
    if timeout is not None and place != "qemu":
        raise DataError(f"--timeout: got with --on {place}, allowed is --on qemu; leave one of them out")
    project = load_project(folder)
    if source == _PIPE:
        _refuse_beside_pipe(place, as_stream, keep_state, output)
        _hear_pipe(project, as_json, sanitize)
        return
    settings: dict[str, Any] = {"keep_state": keep_state, "sanitize": sanitize, "timeout": timeout}
    settings = {name: value for name, value in settings.items() if value}
    answer, emulation = _emulate(project, place, source, as_stream, settings)
    if output is not None:
        _save(output, batch_outputs(project, emulation.outputs))
    if as_json:
        click.echo(json.dumps(answer))
    else:
        if place == "qemu":
            answer = _with_stack_bound(project, answer)
        _print_table(answer)


def _with_stack_bound(project: Project, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer and, behind the stack that was used, what the image may use at most; a note where that has no bound or
    the board reserves less."""
    from codegen.errors import ToolError
    from tinyser.emulator.qemu import board_of
    from tinyser.emulator.stack_bound import bound_stack

    board = board_of(project)
    try:
        bound = bound_stack(project, board).bytes
    except ToolError as error:
        click.echo(f"note: {error}", err=True)
        return answer
    if board.stack_bytes is not None and bound > board.stack_bytes:
        click.echo(f"note: the stack may take {bound} bytes, and {board.id} reserves {board.stack_bytes}", err=True)
    before = list(answer).index("stack_bytes") + 1
    rows = list(answer.items())
    return dict([*rows[:before], ("stack_bound_bytes", bound), *rows[before:]])


def _emulate(
    project: Project, place: str, source: Path | None, as_stream: bool, settings: dict[str, Any]
) -> tuple[dict[str, Any], Emulation]:
    """What to print, and the emulation in it: a recording is a clip or a stream, an array model inputs."""
    import importlib

    from codegen.errors import DataError

    emulator = importlib.import_module(f"tinyser.emulator.{place}")
    if source is not None and source.suffix.lower() != ".npy":
        samples = _read_recording(project, source, "keep_state" in settings)
        hear = emulator.stream if as_stream else emulator.classify
        heard: Classification | Stream = hear(project, samples, **settings)
        return heard.to_json(), heard.emulation
    if as_stream:
        got = "no --input" if source is None else f"--input {source}"
        raise DataError(f"--stream: got {got}, allowed is a recording; give --input clip.wav")
    emulation: Emulation = emulator.run(project, _rows(project, source), **settings)
    return emulation.to_json(), emulation


def _refuse_beside_pipe(place: str, as_stream: bool, keep_state: bool, output: Path | None) -> None:
    from codegen.errors import DataError

    if place != "host" or not as_stream:
        got = f"--on {place}" if place != "host" else "no --stream"
        raise DataError(f"--input -: got with {got}, allowed is with --on host --stream; give a file, or these two")
    for name, given in (("--keep-state", keep_state), ("--output", output is not None)):
        if given:
            raise DataError(f"{name}: got with --input -, a pipe that need not end; leave it out, or give a file")


def _hear_pipe(project: Project, as_json: bool, sanitize: bool) -> None:
    """Prints a line where an inference, the gate or the decision changed, as a board does or as JSON."""
    from tinyser.emulator import pipe

    labels, rate = project.label_names(), project.need_features().sample_rate_hz
    for state in pipe.hear(project, sanitize=sanitize):
        row = state.to_json(labels, rate)
        if as_json:
            row["posteriors"] = row["posteriors"] and dict(zip(labels, row["posteriors"], strict=True))
        click.echo(json.dumps(row) if as_json else _line(row, labels))


def _line(row: dict[str, Any], labels: Sequence[str]) -> str:
    posteriors = row["posteriors"] or []
    pairs = ", ".join(
        f"{plain(label)} {value:.3f}" for label, value in zip(labels, posteriors, strict=bool(posteriors))
    )
    return f"{row['seconds']:.3f} s: {plain(row['decision'] or 'undecided')}{f' ({pairs})' if pairs else ''}"


def _read_recording(project: Project, source: Path, keep_state: bool) -> Any:
    """Samples at the project's rate, int16 (samples,)."""
    from codegen.errors import DataError
    from tinyser.features.audio import read_audio

    if keep_state:
        raise DataError(
            f"--keep-state: got with the recording {source}, allowed is with --input X.npy, since each window of a "
            "recording is an input of its own; leave it out"
        )
    recording = read_audio(source, project.need_features().sample_rate_hz)
    for note in recording.notes:
        click.echo(f"note: {plain(note)}", err=True)
    return recording.samples


def _rows(project: Project, source: Path | None) -> Any:
    """Model inputs, int8 (runs, input bytes)."""
    from tinyser.emulator.inputs import load_rows, zero_row

    if source is not None:
        return load_rows(project, source)
    click.echo("note: no --input; running one input of real value 0", err=True)
    return zero_row(project)


def _save(path: Path, outputs: Any) -> None:
    import numpy as np

    from codegen.atomic import new_file

    with new_file(path) as partial, partial.open("wb") as file:
        np.save(file, outputs)


def _print_table(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False)
    for key, value in result.items():
        if key in ("labels", "posteriors", "decision", "stream"):
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{name} {size:,}" for name, size in value.items() if size is not None)
        table.add_row(key, f"{value:,}" if isinstance(value, int) else value or "-")
    if "decision" in result:
        for label, posterior in zip(result["labels"], result["posteriors"], strict=True):
            table.add_row(Text(f"posterior of {plain(label)}"), f"{posterior:.3f}")
        table.add_row("decision", Text(plain(result["decision"])))
    console = Console()
    console.print(table)
    if "stream" in result:
        console.print(_stream_table(result["labels"], result["stream"]))


def _stream_table(labels: Sequence[str], rows: Sequence[dict[str, Any]]) -> Table:
    """One row where an inference, the gate or the decision changed; a new decision stands out."""
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    table = Table("s", "gate", *(escape(plain(label)) for label in labels), "decision")
    for name in (0, *range(2, 2 + len(labels))):
        table.columns[name].justify = "right"
    before = None
    for row in rows:
        posteriors = row["posteriors"] or [None] * len(labels)
        decision = plain(row["decision"] or "-")
        shown = Text(decision, style="bold" if decision != before else "")
        numbers = ["-" if value is None else f"{value:.3f}" for value in posteriors]
        table.add_row(f"{row['seconds']:.2f}", row["gate"], *numbers, shown)
        before = decision
    return table
