"""`tinyser check`: which stages there are, what they are compared on, and the two reports."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from codegen.boards import load_board
from codegen.errors import BoardError, DataError, DoesNotFitError, ModelFormatError, QuantizationError, ToolError
from codegen.project import ProjectOptions, generate_project
from codegen.read_tflite import read_tflite
from tinyser.check.compare import Candidate, compare
from tinyser.check.environment import environment
from tinyser.check.firmware import boards_it_fits, firmware_of, instructions_by_layer, memory_plan
from tinyser.check.layers import compare_layers
from tinyser.check.limits import NO_LIMITS, Limits
from tinyser.check.material import Material, from_arrays, from_corpus
from tinyser.check.page import write_page
from tinyser.check.remedies import REMEDY_WINDOWS, find_remedies
from tinyser.check.report import ModelFile, Report, Skipped
from tinyser.check.stage_store import StageStore
from tinyser.check.twin_stage import FloatTwin
from tinyser.convert.tflite_file import TfliteFile, read_tflite_file, write_with_card
from tinyser.emulator.layer_instructions import InstructionsByLayer
from tinyser.features.audio import flac
from tinyser.runtimes import integer_model
from tinyser.runtimes.float_tflite import FloatTflite
from tinyser.runtimes.generated_audio import GeneratedAudio
from tinyser.runtimes.onnx_model import OnnxRuntime
from tinyser.runtimes.runtime import Floats
from tinyser.runtimes.torch_model import TorchRuntime

# In the output folder while a check runs: what its stages answered.
STAGES = "stages"
QEMU_BOARD = "mps2-an386"
LAYER_WINDOWS = 16
# Some 50 kB each in the page.
_MOST_SOUNDS = 40
_FEATURES_ARE_INT8 = (
    "the features of generated C are int8, the model goes from {model.input.dtype} to {model.output.dtype}"
)
_CROSS_PROGRAMS = ("arm-none-eabi-gcc", "qemu-system-arm")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What to compare (`tflite` always), and on what: a corpus, or arrays.

    `layer_windows` of the windows, evenly spaced, are looked at layer by layer; 0 for none.
    `boards`: also which boards the model fits. `embed_audio`: the page holds the recordings whose decisions flip.
    """

    tflite: Path
    hrf: Path | None = None
    pt: Path | None = None
    onnx: Path | None = None
    float_tflite: Path | None = None
    corpus: str | None = None
    data: Path | None = None
    fold: int | None = None
    input: Path | None = None
    truth: Path | None = None
    qemu_sample: int = 4
    layer_windows: int = LAYER_WINDOWS
    limits: Limits = NO_LIMITS
    boards: bool = False
    embed_audio: bool = False


def check(options: CheckOptions, out: str | Path, on_stage: Callable[[str], None] = lambda title: None) -> Report:
    """Runs all stages, writes `report.json` and `report.html` into `out` and returns the report.

    Raises DataError and ModelFormatError for what the user gave; a stage whose tools are missing or fail is
    listed in the report as skipped. A check that was stopped goes on in the same folder with what its stages had not
    yet answered.
    """
    model = read_tflite_file(options.tflite)
    material = _material(options, model)
    options.limits.need_truth(material.truth is not None)
    candidates = _float_candidates(options, model)
    roles = ("hrf", "pt", "onnx", "float_tflite", "tflite")
    files = model_files(**{role: getattr(options, role) for role in roles})
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: is a file, a folder is needed; choose another output folder")
    with tempfile.TemporaryDirectory(prefix="tinyser-") as scratch:
        project, misfit = _generate(model, Path(scratch))
        integers, skipped = integer_candidates(project, model, material, options.qemu_sample)
        if misfit is not None:
            integers, skipped = [c for c in integers if c.name != "c_qemu"], [*skipped, Skipped("c_qemu", misfit)]
        if not candidates:
            candidates = [Candidate("twin", lambda: FloatTwin(model, Path(scratch)))]
        store = StageStore(out / STAGES, files, material)
        report = compare(
            (*candidates, *integers), material, files=files, skipped=skipped, on_stage=on_stage, store=store
        )
        counts = options.qemu_sample != 0 and misfit is None
        report = with_firmware(report, project, counts=counts, boards=options.boards, on_stage=on_stage)
        plan = memory_plan(project)
    if options.layer_windows:
        on_stage("every layer")
        report = with_layers(report, options.tflite, options.float_tflite, material, options.layer_windows)
        on_stage("what would help")
        report = with_remedies(report, options.tflite, options.float_tflite, material)
    report = replace(report, failures=options.limits.broken(report), environment=environment())
    out.mkdir(parents=True, exist_ok=True)
    report.save(out / "report.json")
    write_page(report, out / "report.html", plan, sounds_of(report, material) if options.embed_audio else {})
    store.clear()
    return report


def with_layers(
    report: Report, tflite: Path, float_tflite: Path | None, material: Material, most_windows: int = LAYER_WINDOWS
) -> Report:
    """The report with every tensor of the int8 graph, over evenly spaced windows; where it cannot be had, with why."""
    try:
        return replace(report, layers=compare_layers(tflite, float_tflite, _spaced(material, most_windows)))
    except (ToolError, QuantizationError) as error:
        return _without(report, "layers", error)


def with_remedies(report: Report, tflite: Path, float_tflite: Path | None, material: Material) -> Report:
    """The report with what would help, tried on evenly spaced windows; where that cannot be had, with why."""
    try:
        return replace(report, remedies=find_remedies(tflite, float_tflite, _spaced(material, REMEDY_WINDOWS)))
    except (ToolError, QuantizationError) as error:
        return _without(report, "remedies", error)


def with_firmware(
    report: Report,
    project: Path,
    *,
    counts: bool = True,
    boards: bool = False,
    on_stage: Callable[[str], None] = lambda title: None,
) -> Report:
    """The report with what the project takes; `counts`: instructions by layer, `boards`: those that it fits.

    Where the cross tools are missing, without these, and why.
    """
    instructions: InstructionsByLayer | None = None
    rows: tuple[dict[str, Any], ...] = ()
    try:
        if counts:
            on_stage("instructions of every layer")
            instructions = instructions_by_layer(project)
    except (ToolError, BoardError) as error:
        report = _without(report, "instructions by layer", error)
    try:
        rows = boards_it_fits(project, on_stage) if boards else ()
    except ToolError as error:
        report = _without(report, "boards", error)
    return replace(report, firmware=firmware_of(project, rows, instructions))


def _without(report: Report, name: str, error: Exception) -> Report:
    return replace(report, skipped=(*report.skipped, Skipped(name, " ".join(str(error).split()))))


def _spaced(material: Material, most: int) -> Floats:
    """At most so many windows, evenly spaced."""
    count = min(most, len(material.windows))
    return material.windows[np.linspace(0, len(material.windows) - 1, count).round().astype(int)]


def sounds_of(report: Report, material: Material) -> dict[int, bytes]:
    """Recordings of the first clips that flip, as FLAC, by clip."""
    if not material.recordings:
        return {}
    return {flip.clip: flac(material.recordings[flip.clip]) for flip in report.flips[:_MOST_SOUNDS]}


def _material(options: CheckOptions, model: TfliteFile) -> Material:
    if (options.corpus is None) == (options.input is None):
        raise DataError("check: got both or none of --corpus and --input, allowed is one of them; give one")
    if options.input is not None:
        return from_arrays(options.input, options.truth, model)
    if model.card is None or model.card.features is None:
        raise DataError(
            f"{options.tflite}: carries no feature specification, which --corpus needs; "
            "use --input with feature windows, or a model made by tinyser quantize"
        )
    from tinyser.corpora import load_corpus

    corpus = load_corpus(str(options.corpus), options.data)
    utterances, source = corpus.utterances, corpus.name
    if options.fold is not None:
        utterances = corpus.of_speakers(corpus.fold(options.fold).test)
        source = f"{corpus.name}, test speakers of fold {options.fold}"
    return from_corpus(corpus, utterances, source, model.card.features, model.card.labels)


def _float_candidates(options: CheckOptions, model: TfliteFile) -> list[Candidate]:
    """The stages before quantization. Raises ModelFormatError when one is of another model than the int8 one."""
    candidates = []
    for name, title, path in (("hrf", "PyTorch with HRF", options.hrf), ("pt", "PyTorch", options.pt)):
        if path is not None:
            candidates.append(_torch_candidate(name, title, path, model))
    if options.onnx is not None:
        onnx_stage = OnnxRuntime(options.onnx)
        _need_same_model(options.onnx, onnx_stage.model.input_shape, onnx_stage.model.card.labels, model)
        candidates.append(Candidate("onnx", lambda: onnx_stage))
    if options.float_tflite is not None:
        float_stage = FloatTflite(options.float_tflite)
        _need_same_model(options.float_tflite, float_stage.input_shape, None, model)
        candidates.append(Candidate("float_tflite", lambda: float_stage))
    return candidates


def _torch_candidate(name: str, title: str, path: Path, model: TfliteFile) -> Candidate:
    stage = TorchRuntime(path, name, title)
    _need_same_model(path, stage.input_shape, stage.labels, model)
    return Candidate(name, lambda: stage)


def _need_same_model(path: Path, shape: tuple[int, ...], labels: tuple[str, ...] | None, model: TfliteFile) -> None:
    if shape != model.input.shape:
        raise ModelFormatError(
            f"{path}: takes {shape}, the int8 model {model.input.shape}; give the file that it was made from"
        )
    int8_labels = None if model.card is None else model.card.labels
    if labels is not None and int8_labels is not None and labels != int8_labels:
        raise ModelFormatError(
            f"{path}: has labels {', '.join(labels)}, the int8 model {', '.join(int8_labels)}; "
            "give the file that it was made from"
        )


def _generate(model: TfliteFile, scratch: Path) -> tuple[Path, str | None]:
    """A project for the board that QEMU emulates; where the model is too big for it, for the desktop, and why.

    The features of generated C are int8: a model of int16 gets none.
    """
    path, out = model.path, scratch / "project"
    if model.card is not None and not _hears(model):
        path = scratch / "without_features.tflite"
        card, ports = replace(model.card, features=None), (model.input.name, model.output.name)
        write_with_card(model.path, path, card, input_name=ports[0], output_name=ports[1])
    content = read_tflite(path)
    try:
        return generate_project(content, ProjectOptions(board=load_board(QEMU_BOARD)), out).folder, None
    except DoesNotFitError as error:
        return generate_project(content, ProjectOptions(board=load_board("host")), out).folder, str(error)


def _hears(model: TfliteFile) -> bool:
    """Whether generated C goes from sound to posteriors with this model."""
    return (model.input.dtype, model.output.dtype) == ("int8", "int8")


def integer_candidates(
    project: Path,
    model: TfliteFile,
    material: Material,
    qemu_sample: int | None,
) -> tuple[list[Candidate], list[Skipped]]:
    """The stages in integers that this machine can run, and those that it cannot with the reason.

    `project` is generated from `model` for a board that QEMU emulates; `qemu_sample` clips go there, None for all.
    """

    candidates = [Candidate("tflite", lambda: integer_model.tflite_reference(model))]
    skipped = []
    if find_spec("tflite_micro"):
        candidates.append(Candidate("tflm", lambda: integer_model.tflm(project, model)))
    else:
        skipped.append(Skipped("tflm", "tflite-micro is not installed; install tinyser[emulate]"))
    candidates.append(Candidate("c_host", lambda: integer_model.generated_c_host(project, model)))
    if material.recordings and _hears(model):
        candidates.append(Candidate("c_audio", lambda: GeneratedAudio(project, material.earlier)))
    elif material.recordings:
        skipped.append(Skipped("c_audio", _FEATURES_ARE_INT8.format(model=model)))
    missing = [program for program in _CROSS_PROGRAMS if shutil.which(program) is None]
    if qemu_sample != 0 and missing:
        skipped.append(Skipped("c_qemu", f"not installed: {', '.join(missing)}; install it"))
    elif qemu_sample != 0:
        candidates.append(Candidate("c_qemu", lambda: integer_model.generated_c_qemu(project, model), qemu_sample))
    return candidates, skipped


def model_files(**paths: Path | None) -> list[ModelFile]:
    """The files under comparison by role (`pt`, `onnx`, `tflite`), with size and SHA-256."""
    return [
        ModelFile(role, path.name, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        for role, path in paths.items()
        if path is not None and path.is_file()
    ]
