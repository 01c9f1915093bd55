"""`tinyser features`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from codegen.feature_spec import FeatureSpec

# Without a model: four standard deviations are int8's range.
_SCALE, _ZERO_POINT = 1 / 32, 0


@click.command("features", help="Picture a recording's features: reference, float C, fixed-point C, differences.")
@click.argument("clip", type=click.Path(path_type=Path), metavar="clip.wav")
@click.option(
    "--features",
    "spec_file",
    type=click.Path(path_type=Path),
    metavar="spec.json",
    help="Features; default: those of an untrained model, normalised by this recording.",
)
@click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A generated project: its features, in the steps of its model's input.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="picture.png", help="Where to draw it."
)
def command(clip: Path, spec_file: Path | None, folder: Path | None, output: Path) -> None:
    from codegen.errors import DataError
    from codegen.feature_spec import FeatureSpec
    from tinyser.emulator.project_folder import load_project

    if spec_file is not None and folder is not None:
        raise DataError("--features: got with --project, which has features of its own; leave one of them out")
    if output.suffix != ".png":
        raise DataError(f"{output}: got suffix {output.suffix!r}, allowed is .png; choose another output path")
    if folder is not None:
        project = load_project(folder)
        (model_input,) = project.inputs
        _draw(clip, project.need_features(), model_input.scale, model_input.zero_point, output)
        return
    _draw(clip, None if spec_file is None else FeatureSpec.load(spec_file), _SCALE, _ZERO_POINT, output)


def _draw(clip: Path, spec: FeatureSpec | None, scale: float, zero_point: int, output: Path) -> None:
    from codegen.features_code import ARITHMETICS
    from tinyser.cli.extras import needs_extra
    from tinyser.features.arithmetics import compare_arithmetics

    with needs_extra("emulate"):
        from tinyser.features.picture import draw_comparison
    samples, spec = _hear(clip, spec)
    comparison = compare_arithmetics(samples, spec, scale, zero_point)
    draw_comparison(comparison, f"{clip.name}, features {spec.digest()[:16]}", output)
    for arithmetic in ARITHMETICS:
        difference = comparison.difference(arithmetic)
        click.echo(
            f"{arithmetic}: {100 * comparison.equal(arithmetic):.3f} % of {difference.size:,} cells equal to the "
            f"reference, largest difference {comparison.largest(arithmetic)}"
        )
    click.echo(f"{output}: {len(comparison.reference)} frames of {spec.features} features")


def _hear(clip: Path, spec: FeatureSpec | None) -> tuple[Any, FeatureSpec]:
    """Samples at the features' rate, int16 (samples,), and the features; without any, default ones fitted to them."""
    from codegen.feature_reference import fit_normalisation
    from codegen.feature_spec import FeatureSpec
    from codegen.log_mel import log_mel
    from tinyser.features.audio import read_audio

    wanted = spec or FeatureSpec.unnormalised(context_frames=1, stride_frames=1)
    recording = read_audio(clip, wanted.sample_rate_hz)
    for note in recording.notes:
        click.echo(f"note: {note}", err=True)
    return recording.samples, spec or fit_normalisation(wanted, [log_mel(recording.samples, wanted)])
